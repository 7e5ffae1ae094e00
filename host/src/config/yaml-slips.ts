/** A slip of the pen in YAML: where it begins, and what to write. */
export interface YamlSlip {
  readonly offset: number;
  readonly expected: string;
  readonly received: string;
  /** YAML reads it all the same, and never as it was meant. */
  readonly always?: true;
}

type Words = Omit<YamlSlip, 'offset'>;

/** `key:`, `- ` or `#`, as lines begin that belong to no text above. */
const ENTRY = /^\s*(?:- |-$|#|(?:- +)*[\w.$-]+ *:(?: |$))/;
const BLOCK_TEXT = /(?:[:-] +)[|>][-+\d]*\s*$/;
const QUOTES: Readonly<Record<string, Words>> = {
  '"': { expected: 'a closing " on the same line', received: 'a text in quotes without an end' },
  "'": {
    expected: "a closing ' on the same line ('' stands for ' itself)",
    received: 'a text in quotes without an end',
  },
};
const BRACKETS: Readonly<Record<string, { readonly close: string } & Words>> = {
  '[': { close: ']', expected: 'a closing ] for this list', received: 'a list without an end' },
  '{': { close: '}', expected: 'a closing } for this map', received: 'a map without an end' },
};

/** Signs of a slip in a line whose quoted texts are blanked out and whose comment is cut off. Group 1 is what stands before the slip. */
const SLIPS: readonly ({ readonly pattern: RegExp } & Words)[] = [
  {
    pattern: /^(.*(?<!\$)[[{](?:.*[:,[{])? *)\$\{/,
    expected: 'quotes around a value with ${…} inside { } and [ ]',
    received: 'one without',
  },
  {
    pattern: /^()---(?: |$)/,
    expected: 'one document: no "---" below its first line',
    received: 'a second one after "---"',
  },
  {
    pattern: /^()%/,
    expected: 'no directives: a line begins with a key, "-" or "#"',
    received: 'a line that begins with "%"',
  },
  {
    pattern: /^((?:.*?[:,[{-] +|\s*|.*[[{,]))[@`%]/,
    expected: 'the value in quotes, as it begins with "@", "`" or "%"',
    received: 'a value that YAML reserves',
  },
  {
    pattern: /^((?:.*?[:,[{-] +|\s*|.*[[{,]))[*&!](?!!str )/,
    expected: 'the value in quotes, as it begins with "*", "&" or "!": aliases, anchors and tags are not read',
    received: 'an alias, an anchor or a tag',
  },
  {
    pattern: /^((?:.*?[:,[{-] +|\s*|.*[[{,]))(?:"[^"]*"|'[^']*')(?![\s,\]}:]|$)/,
    expected: "the whole value in one pair of quotes, in which '' stands for ' and \\\" for \"",
    received: 'more text after the closing quote',
  },
  {
    pattern: /^( *)\t/,
    expected: 'spaces for indentation: YAML takes no tabs there',
    received: 'a tab',
  },
  {
    pattern: /^([ \t]*)[\u00a0\u2000-\u200b\u3000]/,
    expected: 'plain spaces for indentation',
    received: 'a space of another kind',
  },
  {
    pattern: /^( *(?:- +)*[\w.$-]+ *: +)[^\s"'[{|>&*!][^"']*?:(?: |$)/,
    expected: 'quotes around the value, as ": " stands in it',
    received: 'a second ": " on one line',
  },
  {
    pattern: /^( *)-[A-Za-z_][\w-]*:(?: |$)/,
    expected: 'a space after the "-"',
    received: 'a "-" that touches the key',
  },
  {
    pattern: /^( *(?:- +)*)[A-Za-z_$][\w.-]*:(?!\/\/|[\s:\\]|$)/,
    expected: 'a space after the ":" of a key',
    received: 'a ":" that touches its value',
  },
  {
    pattern: /^( *(?:- +)*)[a-z_]+(?: *= *.*| *[[{].*|(?: +(?:[^:]|:(?! ))+)?)$/,
    expected: '":" and a space after a key',
    received: 'a line without ":" after its key',
  },
];

/** How many of these slips, the first ones, also apply within brackets. */
const IN_FLOW = 6;
/** Longer lines and quoted texts are not looked at whole: nobody writes them by hand. */
const LONGEST = 4096;
const MAX_SLIPS = 500;

interface Scan {
  readonly text: string;
  readonly slips: YamlSlip[];
  /** Brackets that are open, outermost first. */
  readonly open: { readonly bracket: string; readonly offset: number; readonly indent: number }[];
}

/**
 * Looks for common slips line by line, in the order of the text. It knows less of YAML than a parser, so that it also
 * suspects lines that are right: ask it about a text that was found to be wrong.
 */
export function findYamlSlips(text: string): readonly YamlSlip[] {
  const scan: Scan = { text, slips: [], open: [] };
  let isFirst = true;
  let blockIndent = Infinity;
  let from = 0;
  for (const { 0: line, index } of text.matchAll(/[^\r\n]+/g)) {
    const indent = line.search(/[^ ]/);
    if (index < from || indent < 0 || indent > blockIndent || line[indent] === '#') continue;
    if (scan.slips.length > MAX_SLIPS) break;
    if (isFirst && line.startsWith('---')) continue;
    isFirst = false;
    const { code, end } = readLine(scan, line, index);
    from = end;
    blockIndent = scan.open.length === 0 && BLOCK_TEXT.test(code) ? indent : Infinity;
  }
  closeAll(scan);
  return scan.slips.toSorted((a, b) => a.offset - b.offset);
}

/** The line without comment and quoted texts, and where the next one to be read begins. */
function readLine(scan: Scan, line: string, offset: number): { code: string; end: number } {
  const indent = columnOf(line);
  const { open } = scan;
  const [outermost] = open;
  if (outermost !== undefined && indent <= outermost.indent && ENTRY.test(line)) closeAll(scan);
  const inFlow = open.length > 0;
  let code = '';
  let end = offset + line.length;
  // What tells the beginning of a value: the last character that is no blank, and whether a blank follows it.
  let last = '';
  let blank = true;
  let onlyDashes = true;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === '#' && blank) break;
    const startsValue = onlyDashes || ',[{'.includes(last) || (blank && ':?'.includes(last));
    let read = character;
    if (startsValue && QUOTES[character] !== undefined) {
      const close = readQuoted(scan, offset + at, character);
      if (close === undefined) break;
      const closeAt = close - offset;
      read = character + '~'.repeat(Math.max(0, Math.min(closeAt, line.length) - at - 1)) + character;
      at = closeAt;
      end = Math.max(end, close + 1);
    } else if (BRACKETS[character] !== undefined && (startsValue || open.length > 0) && last !== '$') {
      open.push({ bracket: character, offset: offset + at, indent });
    } else if (BRACKETS[open.at(-1)?.bracket ?? '']?.close === character) open.pop();
    code += read;
    blank = /\s/.test(character);
    if (!blank) last = character;
    onlyDashes &&= blank || character === '-';
  }
  const trimmed = code.slice(0, LONGEST).trimEnd();
  for (const { pattern, ...words } of inFlow ? SLIPS.slice(0, IN_FLOW) : SLIPS) {
    const found = pattern.exec(trimmed);
    if (found !== null) scan.slips.push({ offset: offset + (found[1]?.length ?? 0), ...words });
  }
  return { code: trimmed, end };
}

/** Where the quote that closes stands; undefined where none does. */
function readQuoted(scan: Scan, start: number, quote: string): number | undefined {
  const { text, slips } = scan;
  const form = quote === '"' ? /^"((?:[^"\\]|\\[^])*)"/ : /^'((?:[^']|'')*)'/;
  const [whole, inside = ''] = form.exec(text.slice(start, start + LONGEST)) ?? [];
  const lines = whole?.split(/\r\n|\n|\r/) ?? [];
  if (whole === undefined || lines.slice(1).some((line) => ENTRY.test(line))) {
    slips.push({ offset: start, ...(QUOTES[quote] as Words) });
    return undefined;
  }
  if (quote === '"') {
    const isPath = /^[A-Za-z]:\\(?!\\)/.test(inside);
    if (isPath || /\\(?![0abtnvfreNLP_xuU"\\/ \t\r\n])/.test(inside.replaceAll('\\\\', ''))) {
      slips.push({
        offset: start,
        expected:
          "single quotes around a text with \\ in it: 'C:\\new' (in double ones \\ begins an escape such as \\n)",
        received: 'a "\\" in double quotes that escapes something else',
        ...(isPath ? { always: true } : {}),
      });
    }
  }
  return start + whole.length - 1;
}

function closeAll({ open, slips }: Scan): void {
  const [first] = open;
  if (first !== undefined) {
    const { expected, received } = BRACKETS[first.bracket] as Words;
    slips.push({ offset: first.offset, expected, received });
  }
  open.length = 0;
}

/** Where an entry's key stands, behind the dashes before it. */
function columnOf(line: string): number {
  return /^ *(?:- +)*/.exec(line)?.[0].length ?? 0;
}

/**
 * The line whose indentation is wrong, where a parser found that the line at `offset` does not fit those above it: that line
 * itself, or the one above it if that is the first of its map or list.
 */
export function findOddIndentation(text: string, offset: number): number {
  const lines = [...text.matchAll(/[^\r\n]+/g)]
    .filter(({ 0: line }) => !/^\s*(?:#|$|---)/.test(line))
    .map(({ 0: line, index }) => ({ indent: line.search(/[^ ]/), column: columnOf(line), index }));
  const at = lines.findLastIndex(({ index }) => index <= offset);
  const [here, above, parent] = [lines[at], lines[at - 1], lines[at - 2]];
  const startOf = (line: (typeof lines)[number] | undefined): number =>
    line === undefined ? offset : line.index + line.indent;
  if (here === undefined || above === undefined) return startOf(here);
  if (here.column < (lines[0]?.column ?? 0)) return startOf(lines[0]);
  const base = parent?.column ?? 0;
  if (base >= above.column || base >= here.column) return startOf(here);
  const dashes = above.column - above.indent;
  const wanted = base + stepOf(lines.slice(0, at - 1)) + dashes;
  const isOdd = above.column !== wanted && (here.column === wanted || here.column === base + dashes);
  return startOf(isOdd ? above : here);
}

/** How much deeper the next level mostly stands. */
function stepOf(lines: readonly { readonly indent: number; readonly column: number }[]): number {
  const counts = new Map([[2, 0.5]]);
  for (const [index, { indent }] of lines.entries()) {
    const step = indent - (lines[index - 1]?.column ?? 0);
    if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 2;
}
