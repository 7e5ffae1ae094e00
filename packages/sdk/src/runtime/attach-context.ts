import { CONTEXT_KEY } from '../brands.ts';
import type { ConnectorAdapter } from '../connector-adapter.ts';
import type { ConnectorContext } from '../connector-context.ts';

/** Gives an adapter its context, before `initialize` is called; so an override of that needs no `super`. */
export function attachContext(adapter: ConnectorAdapter, context: ConnectorContext): void {
  Object.defineProperty(adapter, CONTEXT_KEY, { value: context, configurable: true });
}
