import type { ActionTable } from './action.ts';
import { LEARNED_KEY } from './brands.ts';

/** All actions of an adapter: its own, and those that it learned from the remote system. */
export function actionsOf(adapter: { readonly actions?: ActionTable }): ActionTable {
  const learned = (adapter as { readonly [LEARNED_KEY]?: ActionTable })[LEARNED_KEY];
  return learned ?? adapter.actions ?? {};
}
