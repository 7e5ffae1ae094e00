import { ADAPTER_BRAND, ADAPTER_PROTOCOL } from '../brands.ts';
import type { ConnectorAdapter } from '../connector-adapter.ts';

/** A class that can be instantiated as an adapter. */
export type AdapterClass<A extends ConnectorAdapter = ConnectorAdapter> = new () => A;

/** The protocol number of an adapter class of any copy of the SDK; undefined for anything else. */
export function adapterProtocolOf(value: unknown): number | undefined {
  if (typeof value !== 'function') return undefined;
  const protocol = (value as { readonly [ADAPTER_BRAND]?: unknown })[ADAPTER_BRAND];
  return typeof protocol === 'number' ? protocol : undefined;
}

/** True for subclasses of `ConnectorAdapter`, of whichever copy of the SDK, that speak this SDK's protocol. */
export function isAdapterClass(value: unknown): value is AdapterClass {
  return adapterProtocolOf(value) === ADAPTER_PROTOCOL;
}
