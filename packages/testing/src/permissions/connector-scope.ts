import { channel } from 'node:diagnostics_channel';
import type { ConnectorAdapter } from '@automate/sdk';

/** Whose code runs, for what records which permissions it uses. */
export interface ConnectorScope {
  readonly kind: string;
  /** Texts of its configuration, settings and payload: places that are named there are its operator's or its caller's choice. */
  readonly given: readonly string[];
}

/** By its name, as runners of tests load this package more than once in a process. */
export const SCOPE_CHANNEL = 'automate:connector';

const scopes = channel(SCOPE_CHANNEL);

const METHODS = [
  'initialize',
  'connect',
  'healthCheck',
  'execute',
  'discoverActions',
  'verifyWebhook',
  'onSecretsChanged',
  'close',
] as const;

/** Has what the adapter does recorded as its own, where anybody records. Costs nothing elsewhere. */
export function scopeAdapter(adapter: ConnectorAdapter, given: unknown): void {
  if (!scopes.hasSubscribers) return;
  const own = textsIn(given);
  for (const name of METHODS) {
    const method = adapter[name] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (typeof method !== 'function') continue;
    const scoped = (...args: readonly unknown[]): unknown => {
      const scope: ConnectorScope = {
        kind: adapter.name,
        given: name === 'execute' ? [...own, ...textsIn(args[1])] : own,
      };
      return scopes.runStores(scope, () => method.apply(adapter, [...args]));
    };
    Object.defineProperty(adapter, name, { value: scoped, configurable: true, writable: true });
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((each) => textsIn(each)) : [];
}
