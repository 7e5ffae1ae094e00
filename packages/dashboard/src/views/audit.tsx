import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { AuditRecord } from '../api/types.ts';
import { readField } from '../forms/read-field.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { ExactTime } from '../parts/time-ago.tsx';
import { formatCount, formatMs } from '../parts/words.ts';
import { useLoad, useTask } from '../state/use-load.ts';
import { TaskButton } from '../parts/task-button.tsx';

const FILTERS = [
  { key: 'connector', name: 'Connector' },
  { key: 'principal', name: 'Principal' },
  { key: 'operation', name: 'Operation' },
  { key: 'code', name: 'Outcome' },
] as const;
type Filter = Readonly<Partial<Record<(typeof FILTERS)[number]['key'], string>>>;

/** What was done with the host, by whom, and whether anybody has changed the record of it. */
export function Audit() {
  const [filter, setFilter] = useState<Filter>({});
  const [cursors, setCursors] = useState<readonly (number | string)[]>([]);
  const cursor = cursors.at(-1);
  const { value, problem, loading, reload } = useLoad(
    () => api.listAudit({ ...filter, cursor, limit: 50, host: 'all' }),
    [JSON.stringify(filter), cursor],
  );
  const next = value?.next;
  return (
    <>
      <PageTitle title="Audit">
        <Verify />
        <TaskButton busy={loading} onPress={() => void reload()}>
          Refresh
        </TaskButton>
      </PageTitle>
      <form
        class="filters"
        role="search"
        aria-label="Narrow the audit"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          setCursors([]);
          setFilter(Object.fromEntries(FILTERS.map(({ key }) => [key, readField(given, key)])));
        }}
      >
        {FILTERS.map(({ key, name }) => (
          <label key={key} class="inline-field">
            <span>{name}</span>
            <input name={key} autocomplete="off" spellcheck={false} />
          </label>
        ))}
        <button type="submit">Show</button>
      </form>
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      {value === undefined ? (
        problem === undefined ? (
          <Loading what="the audit" />
        ) : null
      ) : value.records.length === 0 ? (
        <Empty title="There is no such record.">
          <p>
            An audit is kept where callers have to sign in, or where the host is started with <code>AUDIT=on</code>.
          </p>
        </Empty>
      ) : (
        <Records records={value.records} />
      )}
      <div class="buttons">
        {cursors.length === 0 ? null : (
          <button type="button" onClick={() => setCursors(cursors.slice(0, -1))}>
            Newer
          </button>
        )}
        {next === undefined ? null : (
          <button type="button" onClick={() => setCursors([...cursors, next])}>
            Older
          </button>
        )}
      </div>
    </>
  );
}

const COLUMNS = [
  'When',
  'Operation',
  'Connector',
  'Action',
  'Subject',
  'Outcome',
  'Principal',
  'Door',
  'Took',
  'Record',
];

function Records({ records }: { readonly records: readonly AuditRecord[] }) {
  const isOfHosts = records.some(({ host }) => host !== undefined);
  return (
    <SimpleTable name="Audit" columns={isOfHosts ? [...COLUMNS, 'Host'] : COLUMNS}>
      {records.map((record) => (
        <tr key={`${record.host ?? ''} ${record.seq}`}>
          <td class="nowrap">
            <ExactTime at={record.at} />
          </td>
          <td>{record.operation}</td>
          <td>{record.connector ?? ''}</td>
          <td>{record.action ?? ''}</td>
          <td>{record.subject ?? ''}</td>
          <td class={record.code === 'OK' || record.code === 'BEGUN' ? 'outcome-good' : 'outcome-bad'}>
            {record.code}
          </td>
          <td>{record.principal}</td>
          <td>{record.door}</td>
          <td class="nowrap">{record.duration_ms === undefined ? '' : formatMs(record.duration_ms)}</td>
          <td class="nowrap">
            <code title={record.hash}>
              {record.seq} {record.hash.slice(0, 8)}
            </code>
          </td>
          {isOfHosts ? (
            <td>
              <code>{record.host}</code>
            </td>
          ) : null}
        </tr>
      ))}
    </SimpleTable>
  );
}

function Verify() {
  const [verdict, setVerdict] = useState<Awaited<ReturnType<typeof api.verifyAudit>>>();
  const verify = useTask(async () => setVerdict(await api.verifyAudit()));
  return (
    <>
      {verify.problem === undefined ? null : <ProblemPanel problem={verify.problem} />}
      {verdict === undefined ? null : (
        <p class={verdict.ok ? 'outcome-good' : 'outcome-bad'} role="status">
          {verdict.ok
            ? `${formatCount(verdict.records)} records are as they were written.`
            : `The record was changed: ${verdict.fault?.message ?? 'see the log'}`}
        </p>
      )}
      <TaskButton busy={verify.busy} onPress={() => void verify.run()}>
        {verify.busy ? 'Verifying …' : 'Verify'}
      </TaskButton>
    </>
  );
}
