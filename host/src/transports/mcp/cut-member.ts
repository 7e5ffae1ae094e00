const TEXT = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const SPACE = /[ \t\r\n]*/y;
const STRUCTURE = /["{}[\]]/g;
const SCALAR = /[^\s,"{}[\]]+/y;

/** A text of JSON in two: an object within it, and all the rest with `{}` in its place. */
export interface CutText {
  readonly rest: string;
  /** Undefined where there is no such object; then all is in the rest. */
  readonly cut: string | undefined;
}

/**
 * Cuts the object at a path of keys out of a text of JSON, without reading what is in it: that is for others to do, who may take longer. Whether
 * the text is JSON shows when both parts are read; of a key that stands twice the first is cut, and the other stays to be found.
 */
export function cutMember(text: string, path: readonly string[]): CutText {
  let at: number | undefined = end(SPACE, text, 0);
  for (const key of path)
    at = at === undefined || text[at] !== '{' ? undefined : findValue(text, at, JSON.stringify(key));
  const after = at === undefined || text[at] !== '{' ? undefined : skipValue(text, at);
  if (at === undefined || after === undefined) return { rest: text, cut: undefined };
  return { rest: `${text.slice(0, at)}{}${text.slice(after)}`, cut: text.slice(at, after) };
}

/** Where the value of a key begins in the object that begins at `open`. */
function findValue(text: string, open: number, key: string): number | undefined {
  let at = end(SPACE, text, open + 1) ?? 0;
  while (text[at] === '"') {
    const keyEnd = end(TEXT, text, at);
    if (keyEnd === undefined) return undefined;
    const isIt = text.slice(at, keyEnd) === key;
    at = end(SPACE, text, keyEnd) ?? 0;
    if (text[at] !== ':') return undefined;
    at = end(SPACE, text, at + 1) ?? 0;
    if (isIt) return at;
    const after = skipValue(text, at);
    if (after === undefined) return undefined;
    at = end(SPACE, text, after) ?? 0;
    if (text[at] !== ',') return undefined;
    at = end(SPACE, text, at + 1) ?? 0;
  }
  return undefined;
}

/** Where the value ends that begins here; undefined where it does not. */
function skipValue(text: string, at: number): number | undefined {
  if (text[at] === '"') return end(TEXT, text, at);
  if (text[at] !== '{' && text[at] !== '[') return end(SCALAR, text, at);
  let depth = 0;
  STRUCTURE.lastIndex = at;
  for (let found = STRUCTURE.exec(text); found !== null; found = STRUCTURE.exec(text)) {
    if (found[0] === '"') {
      const after = end(TEXT, text, found.index);
      if (after === undefined) return undefined;
      STRUCTURE.lastIndex = after;
      continue;
    }
    depth += found[0] === '{' || found[0] === '[' ? 1 : -1;
    if (depth === 0) return found.index + 1;
  }
  return undefined;
}

/** Where what the sticky expression matches here ends. */
function end(expression: RegExp, text: string, at: number): number | undefined {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex : undefined;
}
