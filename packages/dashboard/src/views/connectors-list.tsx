import type { Signal } from '@preact/signals';
import { useComputed, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { ConnectorInfo } from '../api/types.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { StatusText } from '../parts/status-text.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { useVisibleRows } from '../parts/virtual-rows.ts';
import { BLAME_WORDS, formatCount, OWNER_WORDS, STATUS_WORDS } from '../parts/words.ts';
import { usePage } from '../state/page-state.ts';
import type { ConnectorRow, ListQuery, SortKey } from './filter-connectors.ts';
import { filterConnectors } from './filter-connectors.ts';

/** Of every row, in pixels, as `parts.css` has it. */
const ROW_HEIGHT = 45;

const COLUMNS: readonly { readonly key?: SortKey; readonly name: string; readonly wide?: true }[] = [
  { key: 'status', name: 'Status' },
  { key: 'id', name: 'Connector' },
  { key: 'kind', name: 'Kind', wide: true },
  { name: 'Finding' },
  { name: 'Must act', wide: true },
  { key: 'owner', name: 'Owner', wide: true },
  { key: 'isolation', name: 'Isolation', wide: true },
];
/** Where several hosts share connectors. */
const COLUMNS_OF_HOSTS: typeof COLUMNS = [...COLUMNS, { name: 'Host', wide: true }];

/** All connectors, what needs somebody first. */
export function ConnectorsList() {
  const { connectors, session } = usePage();
  const [, go] = useLocation();
  const query = useSignal<ListQuery>({ search: '', status: 'all', sort: 'status', descending: false });
  const rows = useComputed(() =>
    [...connectors.byId.value.values()].map((info): ConnectorRow => ({
      info,
      health: connectors.health.value[info.id],
    })),
  );
  const shown = useComputed(() => filterConnectors(rows.value, query.value));
  const liveness = connectors.liveness.value;
  const all = rows.value.length;
  return (
    <>
      <PageTitle title="Connectors">
        {session.may('manage') ? (
          <button type="button" class="primary" onClick={() => go('/register')}>
            Register connector
          </button>
        ) : null}
      </PageTitle>
      {liveness.phase === 'lost' ? <ProblemPanel problem={liveness.reason} /> : null}
      {liveness.phase === 'loading' ? <Loading what="connectors" /> : null}
      {all === 0 && liveness.phase === 'live' ? (
        <Empty title="There are no connectors yet.">
          <p>
            Write one into <code>config/connectors.yaml</code>, or register one here. Kinds come with packages:{' '}
            <code>automate plugins add PACKAGE</code>.
          </p>
        </Empty>
      ) : null}
      {all === 0 ? null : (
        <>
          <Filters query={query} rows={rows.value} />
          <ConnectorsTable rows={shown.value} query={query} />
          {shown.value.length > 0 ? null : (
            <Empty title="No connector is like that.">
              <button type="button" onClick={() => (query.value = { ...query.value, search: '', status: 'all' })}>
                Show all {formatCount(all)}
              </button>
            </Empty>
          )}
        </>
      )}
    </>
  );
}

const STATUSES = [
  'unhealthy',
  'healthy',
  'unavailable',
  'unknown',
] as const satisfies readonly ConnectorInfo['status'][];

function Filters({ query, rows }: { readonly query: Signal<ListQuery>; readonly rows: readonly ConnectorRow[] }) {
  const counts = new Map<string, number>([['all', rows.length]]);
  for (const { info } of rows) counts.set(info.status, (counts.get(info.status) ?? 0) + 1);
  return (
    <div class="filters">
      <label class="search">
        <span class="hidden-text">Search connectors</span>
        <input
          type="search"
          placeholder="Search by id, name, kind, endpoint, tag, error"
          value={query.value.search}
          onInput={(event) => (query.value = { ...query.value, search: event.currentTarget.value })}
        />
      </label>
      <div class="chips" role="group" aria-label="Filter by status">
        {(['all', ...STATUSES] as const).map((status) => (
          <button
            key={status}
            type="button"
            class="chip"
            aria-pressed={query.value.status === status}
            onClick={() => (query.value = { ...query.value, status })}
          >
            {status === 'all' ? 'All' : STATUS_WORDS[status]}{' '}
            <span class="count">{formatCount(counts.get(status) ?? 0)}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

function ConnectorsTable({
  rows,
  query,
}: {
  readonly rows: readonly ConnectorRow[];
  readonly query: Signal<ListQuery>;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { first, end } = useVisibleRows(body, rows.length, ROW_HEIGHT);
  const { sort, descending } = query.value;
  const columns = rows.some(({ info }) => info.host !== undefined) ? COLUMNS_OF_HOSTS : COLUMNS;
  return (
    <table class="data-table connectors" aria-label="Connectors" aria-rowcount={rows.length + 1}>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map(({ key, name, wide }) => (
            <th
              key={name}
              scope="col"
              class={`col-${name.toLowerCase().replace(' ', '-')}${wide === true ? ' wide' : ''}`}
              aria-sort={key === undefined || key !== sort ? undefined : descending ? 'descending' : 'ascending'}
            >
              {key === undefined ? (
                name
              ) : (
                <button
                  type="button"
                  class="sort"
                  onClick={() => (query.value = { ...query.value, sort: key, descending: sort === key && !descending })}
                >
                  {name}
                </button>
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Spacer columns={columns.length} height={first * ROW_HEIGHT} />
        {rows.slice(first, end).map((row, index) => (
          <Row key={row.info.id} row={row} place={first + index + 2} hosts={columns === COLUMNS_OF_HOSTS} />
        ))}
        <Spacer columns={columns.length} height={(rows.length - end) * ROW_HEIGHT} />
      </tbody>
    </table>
  );
}

/** Takes the room of the rows that are not drawn. */
function Spacer({ columns, height }: { readonly columns: number; readonly height: number }) {
  return height <= 0 ? null : (
    <tr aria-hidden="true">
      <td colSpan={columns} class="spacer" style={{ height: `${height}px` }} />
    </tr>
  );
}

function Row({
  row: { info, health },
  place,
  hosts,
}: {
  readonly row: ConnectorRow;
  readonly place: number;
  /** Whether its host is shown. */
  readonly hosts: boolean;
}) {
  const [, go] = useLocation();
  const to = `/connectors/${encodeURIComponent(info.id)}`;
  return (
    <tr class="row-link" aria-rowindex={place} onClick={() => go(to)}>
      <td>
        <StatusText status={info.status} />
      </td>
      <td class="name-cell">
        <Link href={to} onClick={(event: Event) => event.stopPropagation()}>
          {info.id}
        </Link>
        {info.name === info.id ? null : <span class="quiet"> {info.name}</span>}
      </td>
      <td class="wide">{info.kind}</td>
      <td class="finding" title={info.last_error}>
        <Finding info={info} health={health} />
      </td>
      <td class="wide">{health?.blame === undefined || info.status === 'healthy' ? '' : BLAME_WORDS[health.blame]}</td>
      <td class="wide">{OWNER_WORDS[info.owner]}</td>
      <td class="wide">{info.isolation === 'none' ? 'not isolated' : info.isolation}</td>
      {hosts ? <td class="wide">{info.host}</td> : null}
    </tr>
  );
}

/** What is wrong, in a line; where nothing is, when somebody last looked. */
function Finding({ info, health }: ConnectorRow) {
  if (info.last_error !== '') return <>{info.last_error}</>;
  if (info.held_back !== undefined) return <>Held back: {info.held_back}</>;
  if (info.paused_since !== undefined) return <>Paused: takes no calls</>;
  if (!info.enabled) return <span class="quiet">Disabled</span>;
  if (health?.checked_at === undefined) return <span class="quiet">Not checked yet</span>;
  return (
    <span class="quiet">
      Checked <TimeAgo at={health.checked_at} />
    </span>
  );
}
