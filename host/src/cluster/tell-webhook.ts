import { setTimeout as delay } from 'node:timers/promises';
import type { Principal, WebhookDelivery } from '@automate/contract';
import type { LivingHost } from '../store/placement-store.ts';
import type { Cluster } from './cluster.ts';
import type { Peers } from './peers.ts';

/** How often another host is told that does not hear it, how long each time, and how long it is waited in between, in milliseconds. */
const TRIES = 3;
const TELL_MS = 3_000;
const BETWEEN_MS = 300;

interface Hosts {
  readonly cluster: Pick<Cluster, 'id' | 'living'>;
  readonly peers: Pick<Peers, 'serviceOf'>;
}

/** What is told, and in whose name. */
interface Told {
  readonly told: WebhookDelivery;
  readonly principal: Principal;
}

/** Tells the other hosts of a webhook that was delivered here, for those who watch there. Nobody waits for that: a host that cannot be reached hears nothing. */
export function tellWebhook(hosts: Hosts, connector: string, told: Told): void {
  const { cluster } = hosts;
  for (const host of cluster.living) if (host.id !== cluster.id) void tellOne(hosts, host, { connector, ...told });
}

async function tellOne(
  { peers }: Hosts,
  host: LivingHost,
  { connector, told, principal }: Told & { readonly connector: string },
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const request = { headers: {}, body: new Uint8Array(), told };
      await peers.serviceOf(host).receiveWebhook(connector, request, { principal, timeoutMs: TELL_MS });
      return;
    } catch {
      await delay(BETWEEN_MS, undefined, { ref: false });
    }
  }
}
