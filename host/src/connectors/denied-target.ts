import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorConfig, JsonValue } from '@automate/contract';
import { formatPath, looksLikeSecretReference } from '@automate/contract/schemas';
import type { NetworkPolicy } from '../runtime/network-policy.ts';
import { createNetworkGate } from '../runtime/worker/network/network-gate.ts';
import { leavesOf } from './json-leaves.ts';

/** How long is waited for what a name stands for, in milliseconds: it is told what is known, and held up for nothing. */
const LOOKUP_MS = 2_000;

/** Where a connector means to go. */
interface Target {
  /** The field that says so, as problems write it. */
  readonly path: string;
  readonly host: string;
  /** Absent where the kind knows it. */
  readonly port?: number | undefined;
  /** Its name is looked up here, and not by a proxy. */
  readonly isResolved: boolean;
}

/** The URLs of one connector that are looked at. */
const MOST_URLS = 20;
/** Of what schemes that are no one else's than these one knows the port. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443 };

/** A place that a policy keeps a connector from. */
export interface DeniedTarget {
  /** The field that leads there, as problems write it: `host`, `settings.url`. */
  readonly path: string;
  /** In the words that its calls would be refused with. */
  readonly message: string;
}

/** What of a configuration may say where requests go. */
type Targeted = Pick<ConnectorConfig, 'id' | 'host' | 'port' | 'proxy' | 'auth' | 'settings'>;

/**
 * What of that which its configuration names a connector is not going to reach, as things stand: its host, its proxy, its `token_url`
 * and the URLs of its settings. What a proxy looks up is judged by its name.
 */
export async function findDeniedTargets(config: Targeted, policy: NetworkPolicy): Promise<readonly DeniedTarget[]> {
  const gate = createNetworkGate({ id: config.id, policy, warn: () => undefined });
  const found = await Promise.all(
    targetsOf(config).map(async ({ path, host, port, isResolved }) => {
      const refused = port === undefined ? undefined : gate.checkTarget(host, port);
      if (refused !== undefined || !isResolved) return { path, message: refused?.message };
      return { path, message: gate.resolved(host, await addressesOf(host))?.message };
    }),
  );
  return found.flatMap(({ path, message }) => (message === undefined ? [] : [{ path, message }]));
}

/** The same in one sentence; undefined where nothing is denied. */
export async function explainDeniedTarget(config: Targeted, policy: NetworkPolicy): Promise<string | undefined> {
  const denied = await findDeniedTargets(config, policy);
  return denied.length === 0 ? undefined : [...new Set(denied.map(({ message }) => message))].join('; ');
}

function targetsOf({ host, port, proxy, auth, settings }: Targeted): readonly Target[] {
  const goesThrough = proxy !== undefined && proxy !== 'none';
  const texts = [{ path: ['auth', 'token_url'], value: auth.tokenUrl }, ...leavesOf(settings, ['settings'])];
  const urls = texts.flatMap(({ path, value }) => placeIn(formatPath(path), value)).slice(0, MOST_URLS);
  const ways = [...(host === undefined ? [] : [{ path: 'host', host: bareHost(host), port }]), ...urls];
  return [
    ...ways.map((way) => ({ ...way, isResolved: !goesThrough })),
    ...(goesThrough ? placeIn('proxy', proxy).map((way) => ({ ...way, isResolved: true })) : []),
  ];
}

/** Of a text that is a URL, and no reference to a secret. */
function placeIn(path: string, text: JsonValue | undefined): readonly Pick<Target, 'path' | 'host' | 'port'>[] {
  const isUrl =
    typeof text === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) && !looksLikeSecretReference(text);
  const url = isUrl ? URL.parse(text) : null;
  if (url === null || url.hostname === '') return [];
  return [{ path, host: bareHost(url.hostname), port: url.port === '' ? PORTS[url.protocol] : Number(url.port) }];
}

function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

async function addressesOf(host: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const given: readonly { readonly address: string; readonly family: number }[] = [];
  return Promise.race([lookup(host, { all: true }).catch(() => given), delay(LOOKUP_MS, given, { ref: false })]);
}
