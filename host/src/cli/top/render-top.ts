import type { ConnectorStats, HostLoad, HostStats } from '@automate/contract';

/** By what the connectors are sorted, by the key that is pressed for it. */
export const SORTS = { c: 'calls', e: 'errors', l: 'latency', m: 'memory', p: 'cpu', i: 'id' } as const;
export type Sort = (typeof SORTS)[keyof typeof SORTS];

export interface TopLook {
  readonly sort: Sort;
  /** Columns of the terminal; absent: as wide as it comes. */
  readonly columns?: number | undefined;
  /** Lines that there is room for; absent: all. */
  readonly rows?: number | undefined;
  /** How what stands out is shown. */
  style(format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string;
}

interface Column {
  readonly title: string;
  /** Columns go in order of this where there is no room for all; those without one stay. */
  readonly dropped?: number;
  readonly right?: true;
  cell(stats: ConnectorStats): string;
}

const COLUMNS: readonly Column[] = [
  { title: 'ID', cell: ({ id }) => id },
  // The beginning tells ids from each other; the lines above have all of them.
  { title: 'HOST', dropped: 7, cell: ({ host = '' }) => host.slice(0, 8) },
  { title: 'STATUS', dropped: 8, cell: ({ status, circuit }) => (circuit === 'open' ? 'circuit open' : status) },
  { title: 'CALLS/S', right: true, cell: ({ callsPerSecond }) => callsPerSecond.toFixed(callsPerSecond < 10 ? 2 : 0) },
  { title: 'ERRORS', right: true, cell: (stats) => String(errorsOf(stats)) },
  { title: 'MOSTLY', dropped: 2, cell: ({ errors }) => mostOf(errors) },
  { title: 'P50', dropped: 4, right: true, cell: ({ p50Ms }) => milliseconds(p50Ms) },
  { title: 'P99', right: true, dropped: 9, cell: ({ p99Ms }) => milliseconds(p99Ms) },
  {
    title: 'NOW',
    dropped: 6,
    right: true,
    cell: ({ inFlight, queued }) => (queued === 0 ? String(inFlight) : `${inFlight}+${queued}`),
  },
  { title: 'CPU', right: true, cell: ({ worker }) => percent(worker?.cpuShare) },
  { title: 'LOOP', dropped: 3, right: true, cell: ({ worker }) => percent(worker?.loopUtilization) },
  { title: 'MEMORY', right: true, cell: ({ worker }) => bytes(worker?.memoryBytes) },
  { title: 'STARTS', dropped: 5, right: true, cell: ({ restarts }) => String(restarts) },
  { title: 'VERSION', dropped: 1, cell: ({ version = '' }) => version },
];

const GAP = 2;
/** Longer ids are cut, with a mark, where there is a terminal to fit. */
const MAX_ID = 40;

/** The lines that `top` shows: the host, how many are how, and a table with what uses or suffers most first. */
export function renderTop(stats: HostStats, look: TopLook): readonly string[] {
  const { columns = Infinity, rows = Infinity, sort, style } = look;
  const { host, hosts = [], missing = [], connectors, windowMs } = stats;
  const sorted = connectors.toSorted((a, b) => weightOf(b, sort) - weightOf(a, sort) || (a.id < b.id ? -1 : 1));
  const loadOf = (load: HostLoad, of: string): string =>
    clip(
      [
        `automate ${load.version}${of}`,
        `cpu ${percent(load.cpuShare)}`,
        `memory ${bytes(load.memoryBytes)}`,
        `loop lag ${milliseconds(load.loopLagMs)}`,
      ].join('   '),
      columns,
    );
  const head = [
    ...(hosts.length === 0 ? [loadOf(host, '')] : hosts.map((load) => loadOf(load, ` at ${load.host}`))),
    ...missing.map((each) => style('red', clip(`nothing of the host ${each.host}: ${each.why}`, columns))),
    clip(`by ${sort}: ${describeCounts(connectors)}; calls of the last ${Math.round(windowMs / 1000)} s`, columns),
    '',
  ];
  const shown = sorted.slice(0, Math.max(rows - head.length - 1, 0));
  return [...head, ...renderRows(shown, columns, style)];
}

function renderRows(
  connectors: readonly ConnectorStats[],
  columns: number,
  style: TopLook['style'],
): readonly string[] {
  const cells = new Map(COLUMNS.map((column) => [column, connectors.map((each) => column.cell(each))]));
  const naturalWidth = (column: Column): number =>
    Math.max(column.title.length, ...(cells.get(column) ?? []).map(({ length }) => length));
  // One long id is no reason to show nothing else.
  const widthOf = (column: Column): number =>
    column === COLUMNS[0] && columns !== Infinity ? Math.min(naturalWidth(column), MAX_ID) : naturalWidth(column);
  const total = (some: readonly Column[]): number => some.reduce((sum, column) => sum + widthOf(column) + GAP, -GAP);
  let kept = COLUMNS.filter((column) => column.title !== 'HOST' || connectors.some(({ host }) => host !== undefined));
  for (const column of COLUMNS.filter(({ dropped }) => dropped !== undefined).toSorted(
    (a, b) => (a.dropped ?? 0) - (b.dropped ?? 0),
  ))
    if (total(kept) > columns) kept = kept.filter((each) => each !== column);
  // What is still too wide is the ids, which are then cut with a mark.
  const [ids] = kept;
  const room = columns - (total(kept) - (ids === undefined ? 0 : widthOf(ids)));
  const widths = new Map(
    kept.map((column) => [column, column === ids ? Math.max(Math.min(widthOf(column), room), 4) : widthOf(column)]),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const column = kept[index];
        const width = (column && widths.get(column)) ?? 0;
        return column?.right === true ? text.padStart(width) : clip(text, width).padEnd(width);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const header = style('bold', line(kept.map(({ title }) => title)));
  const body = connectors.map((each, index) => {
    const text = line(kept.map((column) => cells.get(column)?.[index] ?? ''));
    if (each.status === 'unhealthy' || each.circuit === 'open') return style('red', text);
    return each.status === 'unavailable' ? style('dim', text) : errorsOf(each) > 0 ? style('yellow', text) : text;
  });
  return [header, ...body];
}

function weightOf(stats: ConnectorStats, sort: Sort): number {
  switch (sort) {
    case 'calls':
      return stats.callsPerSecond;
    case 'errors':
      return errorsOf(stats);
    case 'latency':
      return stats.p99Ms ?? -1;
    case 'memory':
      return stats.worker?.memoryBytes ?? -1;
    case 'cpu':
      return stats.worker?.cpuShare ?? -1;
    case 'id':
      return 0;
    default:
      return sort satisfies never;
  }
}

function errorsOf({ errors }: ConnectorStats): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

function mostOf(errors: ConnectorStats['errors']): string {
  return Object.entries(errors).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

function describeCounts(connectors: readonly ConnectorStats[]): string {
  const each = [...new Map(connectors.map((stats) => [stats.id, stats])).values()];
  const counts = Map.groupBy(each, ({ status }) => status);
  const words = [...counts].map(([status, some]) => `${some.length} ${status}`).toSorted();
  return `${each.length} connectors${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
}

function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}

function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function bytes(count: number | undefined): string {
  if (count === undefined) return '-';
  return count >= 1024 ** 3
    ? `${(count / 1024 ** 3).toFixed(1)} GB`
    : `${(count / 1024 ** 2).toFixed(count < 10 * 1024 ** 2 ? 1 : 0)} MB`;
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
}
