import { describeProblem, isJsonObject, MAX_PAYLOAD_DEPTH } from '@automate/contract';
import type { JsonValue } from '@automate/contract';
import { jsonProblems } from '@automate/contract/json-text';
import { jsonRpcFailure } from './rpc-failure.ts';

/** Objects that a payload lies within: the message, its `params`, and `arguments`; one more in a batch. */
const AROUND = 4;
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;

/** A message as it is written, or the answer to one that would become another by being read: an argument must not be changed without a word. */
export function readMessage(text: string): { readonly body: JsonValue } | { readonly refusal: Response } {
  const [first] = jsonProblems(text, { maxDepth: MAX_PAYLOAD_DEPTH + AROUND });
  if (first === undefined) return { body: JSON.parse(text) as JsonValue };
  const message = `the message is not acceptable JSON: line ${first.line}, column ${first.column}: ${describeProblem(first)}`;
  if (first.kind === 'syntax' || first.kind === 'too-deep')
    return { refusal: jsonRpcFailure(400, message, { code: PARSE_ERROR }) };
  const body = JSON.parse(text) as JsonValue;
  const id = isJsonObject(body) ? body['id'] : undefined;
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { refusal: jsonRpcFailure(400, message, { code: INVALID_REQUEST, id: known }) };
}
