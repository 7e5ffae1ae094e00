/** Where a text stops being JSON, and what would have been right there. */
export interface JsonFault {
  /** Offset from 0, in UTF-16 units. */
  readonly offset: number;
  readonly expected: string;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const STRING_PART = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/**
 * Finds the first fault of a text that `JSON.parse` refused: the engine's own message does not always name the place.
 * Without recursion, so depth does no harm.
 */
export function findJsonError(text: string): JsonFault {
  const open: ('{' | '[')[] = [];
  let at = skip(SPACE, text, 0);
  let expect: 'value' | 'value or ]' | 'name' | 'name or }' | 'end' = 'value';
  for (;;) {
    if (expect === 'name' || expect === 'name or }') {
      if (expect === 'name or }' && text[at] === '}') {
        open.pop();
        at += 1;
      } else {
        const name = endOfString(text, at);
        if (typeof name !== 'number')
          return at === name.offset
            ? { offset: at, expected: `a member's name in double quotes${expect === 'name' ? '' : ' or "}"'}` }
            : name;
        at = skip(SPACE, text, name);
        if (text[at] !== ':') return { offset: at, expected: '":"' };
        at = skip(SPACE, text, at + 1);
        expect = 'value';
        continue;
      }
    } else if (expect === 'value or ]' && text[at] === ']') {
      open.pop();
      at += 1;
    } else if (text[at] === '{' || text[at] === '[') {
      const bracket = text[at] as '{' | '[';
      open.push(bracket);
      at = skip(SPACE, text, at + 1);
      expect = bracket === '{' ? 'name or }' : 'value or ]';
      continue;
    } else if (expect !== 'end') {
      const end = endOfScalar(text, at);
      if (typeof end !== 'number') return end;
      at = end;
    }
    at = skip(SPACE, text, at);
    const inside = open.at(-1);
    if (inside === undefined) return { offset: at, expected: 'nothing more' };
    const closing = inside === '{' ? '}' : ']';
    if (text[at] === ',') {
      at = skip(SPACE, text, at + 1);
      expect = inside === '{' ? 'name' : 'value';
    } else if (text[at] === closing) {
      open.pop();
      at += 1;
      expect = 'end';
    } else {
      return { offset: at, expected: `"," or "${closing}"` };
    }
  }
}

function endOfScalar(text: string, at: number): number | JsonFault {
  if (text[at] === '"') return endOfString(text, at);
  const word = skip(WORD, text, at);
  if (word > at) return word;
  const number = skip(NUMBER, text, at);
  return number > at ? number : { offset: at, expected: 'a value' };
}

function endOfString(text: string, at: number): number | JsonFault {
  if (text[at] !== '"') return { offset: at, expected: 'a string' };
  const end = skip(STRING_PART, text, at + 1);
  if (text[end] === '"') return end + 1;
  return { offset: end, expected: end >= text.length ? 'the end of a string' : 'a character that strings may hold' };
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
