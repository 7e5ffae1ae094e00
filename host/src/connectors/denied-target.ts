import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorConfig } from '@automate/contract';
import type { NetworkPolicy } from '../runtime/network-policy.ts';
import { createNetworkGate } from '../runtime/worker/network/network-gate.ts';

/** How long is waited for what a name stands for, in milliseconds: it is told what is known, and held up for nothing. */
const LOOKUP_MS = 2_000;

/**
 * Why a connector is not going to reach the host that its settings name, as things stand, in the words that its calls would be refused
 * with; undefined where nothing says so. What a proxy looks up is judged by its name.
 */
export async function explainDeniedTarget(
  { id, host, port, proxy }: Pick<ConnectorConfig, 'id' | 'host' | 'port' | 'proxy'>,
  policy: NetworkPolicy,
): Promise<string | undefined> {
  if (host === undefined) return undefined;
  const gate = createNetworkGate({ id, policy, warn: () => undefined });
  const bare = host.replace(/^\[|\]$/g, '');
  const refused = port === undefined ? undefined : gate.checkTarget(bare, port);
  if (refused !== undefined) return refused.message;
  if (proxy !== undefined && proxy !== 'none') return undefined;
  return gate.resolved(bare, await addressesOf(bare))?.message;
}

async function addressesOf(host: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const given: readonly { readonly address: string; readonly family: number }[] = [];
  return Promise.race([lookup(host, { all: true }).catch(() => given), delay(LOOKUP_MS, given, { ref: false })]);
}
