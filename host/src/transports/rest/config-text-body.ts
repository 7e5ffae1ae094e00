import type { ConfigText, Problem } from '@automate/contract';
import { InvalidInputError, isJsonObject } from '@automate/contract';
import { parseJsonText } from './json-text.ts';

const KEYS = ['yaml', 'name'];

/** A request's body as the text of a configuration; an empty one asks for the host's own file. What its values may be is for the service to say. */
export function readConfigTextBody(text: string): ConfigText {
  const body = text === '' ? {} : parseJsonText(text);
  if (!isJsonObject(body)) throw refused({ path: '', expected: 'an object', received: 'something else' });
  const unknown = Object.keys(body).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw refused({ path: unknown.slice(0, 80), expected: `one of ${KEYS.join(', ')}`, received: 'another key' });
  return body;
}

function refused(problem: Problem): InvalidInputError {
  const where = problem.path === '' ? 'the body' : `the body: ${problem.path}`;
  return new InvalidInputError(`${where}: expected ${problem.expected}, received ${problem.received}`, {
    problems: [problem],
  });
}
