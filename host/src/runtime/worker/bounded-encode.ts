import { ConnectorInternalError, MAX_PAYLOAD_BYTES } from '@automate/contract';
import { isLongerThan } from '../is-longer-than.ts';
import { natives } from './natives.ts';

/** How large a value may be that leaves a worker. */
export interface EncodeLimits {
  /** Bytes of JSON text. */
  readonly bytes: number;
  /** Objects and arrays within each other. */
  readonly depth: number;
  /** Values in all. */
  readonly nodes: number;
}

export const RESULT_LIMITS: EncodeLimits = { bytes: MAX_PAYLOAD_BYTES, depth: 64, nodes: 200_000 };

/**
 * The value as JSON text. It is walked first and refused early, so that a monstrous one costs neither the time nor the
 * memory of encoding it; then the text is measured too, since a getter may answer differently the second time.
 *
 * JSON's own rules hold (`undefined` members go, a Date becomes text, NaN null); what JSON would drop or twist without a
 * word is refused: functions, symbols, BigInt. Throws ConnectorInternalError with a reason: `result_too_large`,
 * `result_too_deep`, `result_circular`, `result_not_json`.
 */
export function boundedEncode(value: unknown, limits: EncodeLimits = RESULT_LIMITS): string {
  if (value === undefined || value === null) return 'null';
  walk(value, limits);
  let text: string | undefined;
  try {
    text = natives.stringify(value);
  } catch (cause) {
    throw refusal('result_not_json', 'cannot be encoded as JSON', cause);
  }
  if (text === undefined) return 'null';
  if (isLongerThan(text, limits.bytes)) throw refusal('result_too_large', longerThan(limits));
  return text;
}

interface Walk {
  readonly limits: EncodeLimits;
  readonly ancestors: object[];
  /** Length of the text so far, never more than it will be. */
  bytes: number;
  nodes: number;
  /** What the walk itself found, as opposed to what the value's own code threw. */
  refused: ConnectorInternalError | undefined;
}

function walk(value: unknown, limits: EncodeLimits): void {
  const state: Walk = { limits, ancestors: [], bytes: 0, nodes: 0, refused: undefined };
  try {
    visit(value, state, '');
  } catch (reason) {
    throw state.refused ?? refusal('result_not_json', 'cannot be read: a getter, proxy or toJSON in it throws', reason);
  }
}

function visit(value: unknown, state: Walk, key: string): void {
  state.nodes += 1;
  switch (typeof value) {
    case 'string':
      state.bytes += value.length + 2;
      break;
    case 'number':
      state.bytes += 1;
      break;
    case 'boolean':
      state.bytes += 4;
      break;
    case 'object':
      if (value === null) state.bytes += 4;
      else visitObject(value, state, key);
      break;
    case 'undefined':
      break;
    default:
      refuse(state, 'result_not_json', `holds a ${typeof value}${place(state, key)}`);
  }
  if (state.bytes > state.limits.bytes) refuse(state, 'result_too_large', longerThan(state.limits));
  if (state.nodes > state.limits.nodes) refuse(state, 'result_too_large', `has more than ${state.limits.nodes} values`);
}

function visitObject(value: object, state: Walk, key: string): void {
  const { toJSON } = value as { readonly toJSON?: unknown };
  // Encoding asks once, and does not ask what it was given for its toJSON again.
  const shown: unknown = typeof toJSON === 'function' ? Reflect.apply(toJSON, value, [key]) : value;
  if (typeof shown === 'object' && shown !== null) visitMembers(shown, state, key);
  else visit(shown, state, key);
}

function visitMembers(value: object, state: Walk, key: string): void {
  const { ancestors, limits } = state;
  if (ancestors.includes(value)) refuse(state, 'result_circular', `refers to itself${place(state, key)}`);
  if (ancestors.length >= limits.depth)
    refuse(state, 'result_too_deep', `is nested more than ${limits.depth} levels deep`);
  ancestors.push(value);
  if (Array.isArray(value)) {
    state.bytes += value.length;
    for (let index = 0; index < value.length; index += 1) visit(value[index], state, '');
  } else {
    state.bytes += 2;
    for (const name in value) {
      if (!Object.hasOwn(value, name)) continue;
      const member = (value as Record<string, unknown>)[name];
      if (member === undefined) continue;
      state.bytes += name.length + 3;
      visit(member, state, name);
    }
  }
  ancestors.pop();
}

function place(state: Walk, key: string): string {
  return key === '' || state.ancestors.length === 0 ? '' : ` at "${key}"`;
}

function refuse(state: Walk, reason: string, what: string): never {
  state.refused = refusal(reason, what);
  throw state.refused;
}

function longerThan({ bytes }: EncodeLimits): string {
  return `is longer than ${bytes} bytes of JSON`;
}

function refusal(reason: string, what: string, cause?: unknown): ConnectorInternalError {
  return new ConnectorInternalError(`the result ${what}; the plugin's author must act`, {
    details: { reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
