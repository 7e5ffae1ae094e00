import type { IsolationLevel } from '@automate/contract';
import type { FormatTable } from '../format-table.ts';
import type { Fault } from './faults.ts';
import { FAULT_GROUPS } from './faults.ts';
import type { Cell } from './run-isolation.ts';

/** A call that nothing stands in the way of. */
const AT_ONCE_MS = 50;

/** What came of a fault at a level, without times: the same from run to run. */
export function outcomeOf(cell: Cell): string {
  if ('skipped' in cell) return `– (${cell.skipped})`;
  const { outcome, hostLives, besideFailed } = cell.observation;
  return hostLives && besideFailed > 0 ? `${outcome}; calls beside it failed` : outcome;
}

/** The same, and how long until the connector answered again. */
function wordsOf(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const next = 'observation' in cell ? cell.observation.nextMs : undefined;
  return `${outcomeOf(cell)}${next === undefined || next < AT_ONCE_MS ? '' : `; next ${roughly(next)}`}`;
}

/** An order of magnitude is all that one run can tell. */
function roughly(ms: number): string {
  return ms < 1000 ? `after ${Number(ms.toPrecision(1))} ms` : `after ${Number((ms / 1000).toPrecision(1))} s`;
}

interface Row {
  readonly fault: Fault;
  readonly cells: readonly string[];
}

function rowsOf(
  cells: readonly Cell[],
  levels: readonly IsolationLevel[],
): readonly { readonly title: string; readonly rows: readonly Row[] }[] {
  return FAULT_GROUPS.map(({ title, faults }) => ({
    title,
    rows: faults
      .filter(({ name }) => cells.some(({ fault }) => fault === name))
      .map((fault) => ({
        fault,
        cells: levels.map((level) => wordsOf(cells.find((cell) => cell.fault === fault.name && cell.level === level))),
      })),
  })).filter(({ rows }) => rows.length > 0);
}

/** Tables for a terminal. */
export function formatMatrix(
  cells: readonly Cell[],
  levels: readonly IsolationLevel[],
  formatTable: FormatTable,
): string {
  return rowsOf(cells, levels)
    .map(({ title, rows }) =>
      formatTable(
        [title.toUpperCase(), ...levels.map((level) => level.toUpperCase())],
        rows.map(({ fault, cells }) => [fault.what.replaceAll('`', ''), ...cells]),
      ),
    )
    .join('\n\n');
}

/** Tables for a page. */
export function markdownMatrix(cells: readonly Cell[], levels: readonly IsolationLevel[]): string {
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  return rowsOf(cells, levels)
    .map(({ title, rows }) =>
      [
        `### ${title}`,
        '',
        line(['a connector that …', ...levels.map((level) => `\`${level}\``)]),
        line(['---', ...levels.map(() => '---')]),
        ...rows.map(({ fault, cells }) => line([fault.what, ...cells.map(markLost)])),
      ].join('\n'),
    )
    .join('\n\n');
}

const markLost = (words: string): string => words.replace(/^host lost/, '**host lost**');

/** One cell of such a page that has been done anew. Throws where the page has no place for it: then all has to be done. */
export function replaceCell(page: string, cell: Cell, levels: readonly IsolationLevel[]): string {
  const fault = FAULT_GROUPS.flatMap(({ faults }) => faults).find(({ name }) => name === cell.fault);
  const begin = `| ${fault?.what} | `;
  const row = page.split('\n').find((line) => line.startsWith(begin));
  const cells = row?.slice(begin.length, -' |'.length).split(' | ');
  if (row === undefined || cells?.length !== levels.length)
    throw new Error(`the page has no row for ${cell.fault} with ${levels.length} levels`);
  return page.replace(
    row,
    () => `${begin}${cells.with(levels.indexOf(cell.level), markLost(wordsOf(cell))).join(' | ')} |`,
  );
}
