import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorConfig, JsonValue } from '@automate/contract';
import type { NetworkPolicy } from '../runtime/network-policy.ts';
import { createNetworkGate } from '../runtime/worker/network/network-gate.ts';

/** How long is waited for what a name stands for, in milliseconds: it is told what is known, and held up for nothing. */
const LOOKUP_MS = 2_000;

/** Where a connector means to go. */
interface Target {
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

/**
 * Why a connector is not going to reach what its configuration names, as things stand, in the words that its calls would be refused
 * with: its host, its proxy, its `token_url` and the URLs of its settings. Undefined where nothing says so. What a proxy looks
 * up is judged by its name.
 */
export async function explainDeniedTarget(
  config: Pick<ConnectorConfig, 'id' | 'host' | 'port' | 'proxy' | 'auth' | 'settings'>,
  policy: NetworkPolicy,
): Promise<string | undefined> {
  const gate = createNetworkGate({ id: config.id, policy, warn: () => undefined });
  const refusals = await Promise.all(
    targetsOf(config).map(async ({ host, port, isResolved }) => {
      const refused = port === undefined ? undefined : gate.checkTarget(host, port);
      if (refused !== undefined || !isResolved) return refused?.message;
      return gate.resolved(host, await addressesOf(host))?.message;
    }),
  );
  const told = new Set(refusals.filter((refusal) => refusal !== undefined));
  return told.size === 0 ? undefined : [...told].join('; ');
}

function targetsOf({
  host,
  port,
  proxy,
  auth,
  settings,
}: Parameters<typeof explainDeniedTarget>[0]): readonly Target[] {
  const goesThrough = proxy !== undefined && proxy !== 'none';
  const urls = [auth.tokenUrl, ...textsIn(settings)].flatMap((text) => placeIn(text) ?? []).slice(0, MOST_URLS);
  const ways = [...(host === undefined ? [] : [{ host: bareHost(host), port }]), ...urls];
  return [
    ...ways.map((way) => ({ ...way, isResolved: !goesThrough })),
    ...(goesThrough ? [placeIn(proxy) ?? []].flat().map((way) => ({ ...way, isResolved: true })) : []),
  ];
}

/** Of a text that is a URL. */
function placeIn(text: string | undefined): Pick<Target, 'host' | 'port'> | undefined {
  const url = text !== undefined && /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '') return undefined;
  return { host: bareHost(url.hostname), port: url.port === '' ? PORTS[url.protocol] : Number(url.port) };
}

function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function textsIn(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

async function addressesOf(host: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const given: readonly { readonly address: string; readonly family: number }[] = [];
  return Promise.race([lookup(host, { all: true }).catch(() => given), delay(LOOKUP_MS, given, { ref: false })]);
}
