import { MAX_PAYLOAD_DEPTH } from './connector.ts';
import { ConnectorError, InvalidInputError } from './connector-error.ts';
import type { JsonValue } from './json.ts';
import type { JsonRefusal } from './measure-json.ts';
import { measureJson } from './measure-json.ts';

/**
 * A payload as the text in which it travels; nothing at all is `{}`. Throws InvalidInputError with the path for what JSON
 * cannot carry or would twist without a word: bigint, NaN, Infinity, functions, cycles, a Map.
 */
export function encodePayload(payload: JsonValue | undefined): string {
  if (payload === undefined) return '{}';
  const refusal = measureJson(payload, { bytes: Infinity, depth: MAX_PAYLOAD_DEPTH });
  if (refusal === undefined) return writeText(payload);
  const { path, what, cause } = refusal;
  const where = path === '' ? 'the payload' : `the payload, at "${path}",`;
  throw new InvalidInputError(`${where} ${what}: send it as JSON can carry it, large numbers and bytes as text`, {
    problems: [{ path, expected: 'a value that JSON can carry', received: what.replace(/^holds /, '') }],
    details: { reason: REASONS[refusal.fault] },
    cause,
  });
}

/** The same of a payload that may be such a text already, which is given back unread. */
export function payloadText(payload: JsonValue | undefined): string {
  return typeof payload === 'string' ? payload : encodePayload(payload);
}

const REASONS = {
  too_large: 'payload_too_large',
  too_deep: 'payload_too_deep',
  circular: 'payload_circular',
  not_json: 'payload_not_json',
} as const satisfies Record<JsonRefusal['fault'], string>;

function writeText(payload: JsonValue): string {
  try {
    const text = JSON.stringify(payload) as string | undefined;
    // A `toJSON` that gives undefined leaves no text; the worker refuses it as no object.
    return text ?? 'null';
  } catch (cause) {
    throw new InvalidInputError(`the payload cannot be written as JSON: ${ConnectorError.from(cause).message}`, {
      problems: [{ path: '', expected: 'a value that JSON can carry', received: 'another' }],
      cause,
    });
  }
}
