import { InvalidInputError, isJsonObject } from '@automate/contract';
import { parseJsonText } from './json-text.ts';

/** The value in `{"value": "…"}`. What is wrong with another body is said without any of it. */
export function readSecretBody(text: string): string {
  const body = text === '' ? undefined : parseJsonText(text);
  const value = isJsonObject(body) && Object.keys(body).length === 1 ? body['value'] : undefined;
  if (typeof value === 'string') return value;
  const problem = { path: '', expected: 'an object with nothing but a text called "value"', received: 'another body' };
  throw new InvalidInputError(`the body: expected ${problem.expected}, received ${problem.received}`, {
    problems: [problem],
  });
}
