import type { JsonObject } from '@automate/contract';
import { InvalidInputError, isJsonObject, MAX_PAYLOAD_DEPTH } from '@automate/contract';
import { jsonProblems } from '@automate/contract/json-text';
import { cutMember } from './cut-member.ts';
import type { ListedTool } from './tool-catalog.ts';

/** Characters of arguments that are read here, where all callers wait. */
const MAX_READ = 64 * 1024;

/** What a call is about: where the tool does not say which action, its arguments do. Payloads stay text, for the connector to read. */
export function targetOf({ action }: ListedTool, given: string): { readonly action: string; readonly payload: string } {
  if (action !== undefined) return { action, payload: given };
  const { rest, cut = '{}' } = cutMember(given, ['payload']);
  const { action: named, payload = {} } = parseArguments(rest);
  if (!isJsonObject(payload)) throw refusedArgument('payload', 'an object', payload);
  if (typeof named === 'string') return { action: named, payload: cut };
  throw refusedArgument('action', 'the name of an action', named);
}

/** Arguments that are little, or wrong. Throws INVALID_INPUT where they would become others by being read. */
export function parseArguments(text: string): JsonObject {
  if (text.length > MAX_READ)
    throw new InvalidInputError(`these arguments may have ${MAX_READ} characters`, {
      details: { reason: 'payload_too_large' },
    });
  const found = jsonProblems(text, { maxDepth: MAX_PAYLOAD_DEPTH });
  if (found.length === 0) return JSON.parse(text) as JsonObject;
  throw new InvalidInputError('the arguments cannot be read as they are written', {
    problems: found.map(({ kind: _kind, offset: _offset, ...problem }) => problem),
  });
}

function refusedArgument(path: string, expected: string, value: unknown): InvalidInputError {
  const received = value === undefined ? 'nothing' : `a ${typeof value}`;
  return new InvalidInputError(`the arguments are wrong: ${path}: expected ${expected}, received ${received}`, {
    problems: [{ path, expected, received }],
  });
}
