import type { JsonValue } from '@automate/contract';
import { describeProblem, InvalidInputError } from '@automate/contract';
import { jsonProblems } from '@automate/contract/json-text';

/** How deep a request may be nested. A configuration is far flatter; deeper ones are an attack. */
const MAX_DEPTH = 64;

/**
 * Reads JSON text as strictly as a configuration needs it. Throws INVALID_INPUT with line and column where `JSON.parse`
 * would fail, or change what is written without a word.
 */
export function parseJsonText(text: string): JsonValue {
  const found = jsonProblems(text, { maxDepth: MAX_DEPTH });
  const [first] = found;
  if (first === undefined) return JSON.parse(text) as JsonValue;
  throw new InvalidInputError(
    `the request's body is not acceptable JSON: line ${first.line}, column ${first.column}: ${describeProblem(first)}`,
    { problems: found.map(({ kind: _kind, offset: _offset, ...problem }) => problem) },
  );
}
