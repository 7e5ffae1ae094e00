import { stripVTControlCharacters } from 'node:util';

/** Rows below a header, for whoever reads them. */
export type FormatTable = (header: readonly string[], rows: readonly (readonly string[])[]) => string;

interface TableLook {
  /** How the header is shown, and in blocks the name of each cell. */
  heading?(text: string): string;
  /** How wide the terminal is, in columns. Absent where nobody looks: the last column then runs on. */
  readonly columns?: number | undefined;
}

/** More lines than these for one cell read worse than one block for each row. */
const MAX_LINES = 4;
/** Columns below which a cell is not worth to stand beside its name. */
const LEAST_ROOM = 12;
const GAP = '  ';

/**
 * Columns of text, each as wide as its widest cell. What is wider than the terminal is broken between words; where that does not help,
 * each row becomes a block of its own, a line for each cell that says something. A word that fits no line goes on in the next, after `…`.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { heading = (text) => text, columns }: TableLook = {},
): string {
  const lines = [header, ...rows];
  const natural = header.map((_title, column) => Math.max(...lines.map((row) => widthOf(row[column] ?? ''))));
  const widths = columns === undefined || total(natural) <= columns ? natural : shrink(lines, natural, columns);
  if (widths === undefined) return formatBlocks(header, rows, { heading, columns: columns ?? Infinity });
  const isWhole = widths === natural;
  const cells = lines.map((row) =>
    header.map((_title, column) => (isWhole ? [row[column] ?? ''] : wrap(row[column] ?? '', widths[column] ?? 0))),
  );
  if (cells.some((row) => row.some((cell) => cell.length > MAX_LINES)))
    return formatBlocks(header, rows, { heading, columns: columns ?? Infinity });
  return cells
    .flatMap((row, index) => formatRow(row, widths).map((line) => (index === 0 ? heading(line) : line)))
    .join('\n');
}

function formatRow(row: readonly (readonly string[])[], widths: readonly number[]): readonly string[] {
  const height = Math.max(...row.map((cell) => cell.length));
  return Array.from({ length: height }, (_none, line) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? (cell[line] ?? '') : pad(cell[line] ?? '', widths[column] ?? 0),
      )
      .join(GAP)
      .trimEnd(),
  );
}

/** Widths with which the table fits, each word whole; undefined where there are none. */
function shrink(
  lines: readonly (readonly string[])[],
  natural: readonly number[],
  columns: number,
): readonly number[] | undefined {
  const least = natural.map((_width, column) =>
    Math.max(...lines.flatMap((row) => (row[column] ?? '').split(/\s+/).map(widthOf))),
  );
  let room = columns - total(least);
  if (room < 0) return undefined;
  // Those that need little more get all of it, so that the long ones share what is left.
  const widths = [...least];
  const inOrder = [...natural.keys()].toSorted((a, b) => need(a) - need(b));
  for (const [index, column] of inOrder.entries()) {
    const more = Math.min(need(column), Math.floor(room / (inOrder.length - index)));
    widths[column] = (least[column] ?? 0) + more;
    room -= more;
  }
  return widths;
  function need(column: number): number {
    return (natural[column] ?? 0) - (least[column] ?? 0);
  }
}

function formatBlocks(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { heading, columns }: { readonly heading: (text: string) => string; readonly columns: number },
): string {
  const label = Math.max(...header.map(widthOf));
  // Where names leave little room beside them, cells stand below.
  const isBeside = columns - label - GAP.length >= LEAST_ROOM;
  const indent = isBeside ? ' '.repeat(label) + GAP : GAP;
  const room = Math.max(columns - indent.length, LEAST_ROOM);
  const formatCell = (title: string, cell: string): string => {
    const lines = wrap(cell, room).join(`\n${indent}`);
    return isBeside ? `${heading(pad(title, label))}${GAP}${lines}` : `${heading(title)}\n${indent}${lines}`;
  };
  return rows
    .map((row) =>
      header
        .flatMap((title, column) => {
          const cell = row[column] ?? '';
          return cell === '' ? [] : [formatCell(title, cell)];
        })
        .join('\n'),
    )
    .join('\n\n');
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((each) => breakWord(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function breakWord(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const { segment } of GRAPHEMES.segment(word)) {
    if (widthOf(part + segment) > width - 1) {
      parts.push(`${part}…`);
      part = '';
    }
    part += segment;
  }
  return [...parts, part];
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** What takes two columns of a terminal. */
const WIDE =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\uFF01-\uFF60]/u;

function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(stripVTControlCharacters(text))) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - widthOf(text), 0));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}
