import type { Principal, WebhookDelivery } from '@automate/contract';
import type { Cluster } from './cluster.ts';
import type { Peers } from './peers.ts';

/** How long another host may take to hear of it, in milliseconds. */
const TELL_MS = 2_000;

/** Tells the other hosts of a webhook that was delivered here, for those who watch there. Nobody waits for that: a host that cannot be reached hears nothing. */
export function tellWebhook(
  { cluster, peers }: { readonly cluster: Pick<Cluster, 'id' | 'living'>; readonly peers: Pick<Peers, 'serviceOf'> },
  connector: string,
  { told, principal }: { readonly told: WebhookDelivery; readonly principal: Principal },
): void {
  for (const host of cluster.living) {
    if (host.id === cluster.id) continue;
    const options = { principal, timeoutMs: TELL_MS };
    peers
      .serviceOf(host)
      .receiveWebhook(connector, { headers: {}, body: new Uint8Array(), told }, options)
      .catch(() => undefined);
  }
}
