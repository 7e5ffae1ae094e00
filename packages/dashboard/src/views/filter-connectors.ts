import type { ConnectorInfo, HealthReport } from '../api/types.ts';

/** One row of the list. */
export interface ConnectorRow {
  readonly info: ConnectorInfo;
  readonly health: HealthReport | undefined;
}

export const SORT_KEYS = ['status', 'id', 'kind', 'owner', 'isolation'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface ListQuery {
  /** Words that must all occur, in any of a connector's texts. */
  readonly search: string;
  readonly status: ConnectorInfo['status'] | 'all';
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** What needs somebody comes first. */
const STATUS_ORDER: readonly ConnectorInfo['status'][] = ['unhealthy', 'unknown', 'unavailable', 'healthy'];

export function filterConnectors(rows: readonly ConnectorRow[], query: ListQuery): readonly ConnectorRow[] {
  const words = query.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const kept = rows.filter(({ info }) => {
    if (query.status !== 'all' && info.status !== query.status) return false;
    if (words.length === 0) return true;
    const text = textOf(info);
    return words.every((word) => text.includes(word));
  });
  const sign = query.descending ? -1 : 1;
  return kept.toSorted((a, b) => sign * compare(a.info, b.info, query.sort) || compareIds(a.info, b.info));
}

function compare(a: ConnectorInfo, b: ConnectorInfo, key: SortKey): number {
  if (key === 'status') return STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status);
  return key === 'id' ? compareIds(a, b) : a[key].localeCompare(b[key], 'en');
}

const IDS = new Intl.Collator('en', { numeric: true });

function compareIds(a: ConnectorInfo, b: ConnectorInfo): number {
  return IDS.compare(a.id, b.id);
}

function textOf({
  id,
  name,
  kind,
  type,
  endpoint,
  owner,
  tags,
  last_error: lastError,
  host = '',
}: ConnectorInfo): string {
  return [id, name, kind, type, endpoint, owner, lastError, host, ...tags].join('\n').toLowerCase();
}
