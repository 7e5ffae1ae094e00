import type { JsonObject } from '@automate/contract';
import { InvalidInputError, isJsonObject } from '@automate/contract';
import { findJsonError } from './find-json-error.ts';
import { natives } from './natives.ts';

/** Reads a payload. Throws InvalidInputError where it is not JSON, with the place, or not an object. Empty text is `{}`. */
export function parsePayload(text: string): JsonObject {
  const value = text === '' ? {} : parse(text);
  if (isJsonObject(value)) return value;
  const received = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw new InvalidInputError(`the payload must be a JSON object; it is ${received}`, {
    problems: [{ path: '', expected: 'a JSON object', received }],
    details: { reason: 'payload_not_object' },
  });
}

function parse(text: string): unknown {
  try {
    return natives.parse(text);
  } catch {
    const { offset, expected } = findJsonError(text);
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - before.lastIndexOf('\n');
    const received = offset >= text.length ? 'the end of the text' : JSON.stringify(text.slice(offset, offset + 12));
    throw new InvalidInputError(
      `the payload is not JSON: at position ${offset} (line ${line}, column ${column}) expected ${expected}, received ${received}`,
      {
        problems: [{ path: '', expected, received, line, column }],
        details: { reason: 'payload_not_json', position: offset, line, column },
      },
    );
  }
}
