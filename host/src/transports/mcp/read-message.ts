import type { JsonValue } from '@automate/contract';
import { describeProblem, isJsonObject, MAX_PAYLOAD_DEPTH } from '@automate/contract';
import { jsonProblems } from '@automate/contract/json-text';
import { cutMember } from './cut-member.ts';
import { jsonRpcFailure } from './rpc-failure.ts';

/** Objects that a payload lies within: the message, its `params`, and `arguments`; one more in a batch. */
const AROUND = 4;
/** Characters of a message beside the arguments of a call, and of a batch as a whole: they are read here, where all callers wait. */
const MAX_READ = 256 * 1024;
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;

export interface ReadMessage {
  /** The message, with no arguments in it where those were cut out. */
  readonly body: JsonValue;
  /** The arguments of a call as they are written. Undefined in a batch, and where there are none: then what there is stands in the body. */
  readonly argumentsText: string | undefined;
}

/**
 * A message as it is written, or the answer to one that would become another by being read: an argument must not be changed without a
 * word. Arguments themselves are read where they are used, as payloads are at every door.
 */
export function readMessage(text: string): ReadMessage | { readonly refusal: Response } {
  const { rest, cut } = cutMember(text, ['params', 'arguments']);
  if (rest.length > MAX_READ) {
    const message = `a message may have ${MAX_READ} characters beside the arguments of a call, and so may a batch as a whole`;
    return { refusal: jsonRpcFailure(413, message, { code: INVALID_REQUEST }) };
  }
  const [first] = jsonProblems(rest, { maxDepth: MAX_PAYLOAD_DEPTH + AROUND });
  if (first === undefined) return { body: JSON.parse(rest) as JsonValue, argumentsText: cut };
  const message = `the message is not acceptable JSON: line ${first.line}, column ${first.column}: ${describeProblem(first)}`;
  if (first.kind === 'syntax' || first.kind === 'too-deep')
    return { refusal: jsonRpcFailure(400, message, { code: PARSE_ERROR }) };
  const body = JSON.parse(rest) as JsonValue;
  const id = isJsonObject(body) ? body['id'] : undefined;
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { refusal: jsonRpcFailure(400, message, { code: INVALID_REQUEST, id: known }) };
}
