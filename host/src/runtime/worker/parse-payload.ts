import type { JsonObject } from '@automate/contract';
import type { JsonTextProblem } from '@automate/contract/json-text';
import { describeProblem, InvalidInputError, isJsonObject, MAX_PAYLOAD_DEPTH } from '@automate/contract';
import { jsonProblems } from '@automate/contract/json-text';
import { natives } from './natives.ts';

/**
 * Reads a payload. Throws InvalidInputError with the place where it is not JSON, not an object, or could not be read as
 * it is written: too deep, keys that stand twice or reach a prototype, whole numbers that a double rounds. Empty text
 * is `{}`.
 */
export function parsePayload(text: string): JsonObject {
  const value = text === '' ? {} : parseText(text);
  if (!isJsonObject(value)) {
    const received = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    throw new InvalidInputError(`the payload must be a JSON object; it is ${received}`, {
      problems: [{ path: '', expected: 'a JSON object', received }],
      details: { reason: 'payload_not_object' },
    });
  }
  // Looking at the value costs a fraction of parsing it; only what looks odd is read a second time, with places.
  if (countMembers(value, 1) !== countNames(text)) refusePayload(jsonProblems(text, { maxDepth: MAX_PAYLOAD_DEPTH }));
  return value;
}

function parseText(text: string): unknown {
  try {
    return natives.parse(text);
  } catch {
    refusePayload(jsonProblems(text, { maxDepth: MAX_PAYLOAD_DEPTH }));
    throw new InvalidInputError('the payload is not JSON', { details: { reason: 'payload_not_json' } });
  }
}

/** Members of all objects; NaN where it holds what may not have been read as it was written. */
function countMembers(value: object, depth: number): number {
  if (depth > MAX_PAYLOAD_DEPTH) return NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countWithin(item, depth);
    return count;
  }
  for (const name in value) {
    if (name === '__proto__') return NaN;
    count += 1 + countWithin((value as Record<string, unknown>)[name], depth);
  }
  return count;
}

function countWithin(value: unknown, depth: number): number {
  if (typeof value === 'object' && value !== null) return countMembers(value, depth + 1);
  return typeof value === 'number' && !(value >= -Number.MAX_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER)
    ? NaN
    : 0;
}

/** Names of members as written: a colon after a double quote. Within a text such a pair is rare, and costs a second look. */
function countNames(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    let before = at - 1;
    while (isSpace(text.charCodeAt(before))) before -= 1;
    if (text.charCodeAt(before) === QUOTE) count += 1;
  }
  return count;
}

const QUOTE = 0x22;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

const REASONS = {
  syntax: 'payload_not_json',
  'too-deep': 'payload_too_deep',
  'duplicate-key': 'payload_duplicate_key',
  'reserved-key': 'payload_reserved_key',
  'inexact-number': 'payload_inexact_number',
} as const satisfies Record<JsonTextProblem['kind'], string>;

/** Does nothing where there is no problem. */
function refusePayload(found: readonly JsonTextProblem[]): void {
  const [first] = found;
  if (first === undefined) return;
  const { kind, offset, line, column } = first;
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more)`;
  throw new InvalidInputError(
    `the payload cannot be read as it is written: line ${line}, column ${column}: ${describeProblem(first)}${more}`,
    {
      problems: found.map(({ kind: _kind, offset: _offset, ...problem }) => problem),
      details: { reason: REASONS[kind], position: offset, line, column },
    },
  );
}
