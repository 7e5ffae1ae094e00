import { wrongInput } from '@automate/sql';

/** Texts, names and comments, in which nothing is a parameter; then what is one. */
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|(?<parameter>\?\d*|[:@$][\w$\u0080-\uffff]+)/gi;

/**
 * How many values a statement wants. SQLite itself takes NULL for those that are missing.
 *
 * @throws InvalidInputError for parameters that have a name or a number.
 */
export function countParameters(sql: string): number {
  const parameters = [...sql.matchAll(TOKENS)].flatMap(({ groups }) => groups?.['parameter'] ?? []);
  const named = parameters.find((parameter) => parameter !== '?');
  if (named === undefined) return parameters.length;
  throw wrongInput({ path: 'sql', expected: '? for each parameter', received: named });
}
