/**
 * How copies of the SDK recognise each other's things: the host has one, each plugin may have its own, and `instanceof`
 * knows only one. A change of what stands behind these symbols is a new protocol number.
 */

/** The protocol between an adapter and whatever runs it. */
export const ADAPTER_PROTOCOL = 1;

/** On an adapter class: its protocol number. */
export const ADAPTER_BRAND = Symbol.for('automate.connector-adapter');

/** On an adapter: the context it was given. */
export const CONTEXT_KEY = Symbol.for('automate.connector-context');

/** On an adapter: the actions that it learned from the remote system. */
export const LEARNED_KEY = Symbol.for('automate.learned-actions');

/** On the methods of the base class: "not overridden". */
const DEFAULT_METHOD = Symbol.for('automate.default-method');

/** Marks a method as the base class's own. */
export function markDefault(method: unknown): void {
  Object.defineProperty(method, DEFAULT_METHOD, { value: true });
}

/** True for a method that some copy of the base class supplies. */
export function isDefault(method: unknown): boolean {
  return typeof method === 'function' && Object.hasOwn(method, DEFAULT_METHOD);
}
