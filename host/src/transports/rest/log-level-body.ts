import type { LineLevel } from '@automate/contract';
import { InvalidInputError, isJsonObject } from '@automate/contract';
import { parseJsonText } from './json-text.ts';

/** The level in `{"level": "…"}`. Whether it is one is for the service to say. */
export function readLogLevelBody(text: string): LineLevel | 'default' {
  const body = text === '' ? undefined : parseJsonText(text);
  if (isJsonObject(body) && Object.keys(body).length === 1 && Object.hasOwn(body, 'level'))
    return body['level'] as LineLevel;
  const problem = { path: '', expected: 'an object with nothing but "level"', received: 'another body' };
  throw new InvalidInputError(`the body: expected ${problem.expected}, received ${problem.received}`, {
    problems: [problem],
  });
}
