import type { ActionDescription, LeftOutAction } from '@automate/contract';
import { ConnectorInternalError } from '@automate/contract';
import { LEARNED_KEY } from '../brands.ts';
import type { ConnectorAdapter } from '../connector-adapter.ts';
import type { CallContext, DiscoveryContext } from '../connector-context.ts';
import { describeActions } from './describe-adapter.ts';

/** What an adapter learned from the remote system. */
export interface DiscoveredActions {
  /** All that it can do by now. */
  readonly actions: readonly ActionDescription[];
  readonly leftOut: readonly LeftOutAction[];
}

/** So many are told of; a document may have thousands. */
const MAX_LEFT_OUT = 200;
const MAX_TEXT = 300;

/**
 * Asks an adapter that has `discoverActions` what its remote system offers, and has it run those from now on. Where that fails it
 * goes on with those of before.
 *
 * @throws ConnectorInternalError where what it answers cannot be a table of actions; otherwise what the adapter throws
 */
export async function discoverActions(adapter: ConnectorAdapter, call: CallContext): Promise<DiscoveredActions> {
  const leftOut: LeftOutAction[] = [];
  const context = Object.defineProperty(call, 'leaveOut', {
    value: (name: string, reason: string) => {
      if (leftOut.length < MAX_LEFT_OUT) leftOut.push({ name: clip(name), reason: clip(reason) });
    },
  }) as DiscoveryContext;
  const found: unknown = await adapter.discoverActions?.(context);
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw wrongTable(
      adapter.name,
      `answered ${found === null ? 'null' : typeof found}, and must answer a table of actions`,
    );
  const own = adapter.actions ?? {};
  const twice = Object.keys(found).find((name) => Object.hasOwn(own, name));
  if (twice !== undefined) throw wrongTable(adapter.name, `found an action "${twice}", which is one of the kind's own`);
  const table = { ...own, ...found };
  const actions = describeActions(adapter.name, table);
  Object.defineProperty(adapter, LEARNED_KEY, { value: table, configurable: true });
  return { actions, leftOut };
}

function wrongTable(kind: string, what: string): ConnectorInternalError {
  return new ConnectorInternalError(`discoverActions of "${kind}" ${what}; the plugin's author must act`, {
    effect: 'none',
    details: { reason: 'bad_action' },
  });
}

function clip(text: unknown): string {
  const whole = String(text);
  return whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT - 1)}…` : whole;
}
