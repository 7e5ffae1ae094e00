import type { CreateTokenRequest, Problem } from '@automate/contract';
import { InvalidInputError, isJsonObject, quote } from '@automate/contract';
import { parseLongDuration } from '@automate/contract/schemas';
import { parseJsonText } from './json-text.ts';

const KEYS = ['name', 'scopes', 'expires'];

/** A request's body as the token that it asks for. What name and scopes may be is for the service to say. */
export function readTokenBody(text: string): CreateTokenRequest {
  const value = text === '' ? {} : parseJsonText(text);
  if (!isJsonObject(value)) throw refused({ path: '', expected: 'an object', received: 'something else' });
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw refused({ path: unknown.slice(0, 80), expected: `one of ${KEYS.join(', ')}`, received: 'another key' });
  const { name, scopes, expires } = value;
  const wanted = { name, scopes } as unknown as CreateTokenRequest;
  if (expires === undefined) return wanted;
  const expiresInMs = typeof expires === 'string' ? parseLongDuration(expires) : undefined;
  if (expiresInMs !== undefined) return { ...wanted, expiresInMs };
  const received = typeof expires === 'string' ? quote(expires.slice(0, 80)) : typeof expires;
  throw refused({ path: 'expires', expected: 'a time such as "90d" or "12h"', received });
}

function refused(problem: Problem): InvalidInputError {
  const { path, expected, received } = problem;
  return new InvalidInputError(`the token cannot be made: ${path}: expected ${expected}, received ${received}`, {
    problems: [problem],
  });
}
