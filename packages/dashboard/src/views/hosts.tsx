import { useEffect } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { api } from '../api/api.ts';
import type { HostInfo } from '../api/types.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Loading } from '../parts/states.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { formatCount, formatMegabytes, formatSpan } from '../parts/words.ts';
import { usePage } from '../state/page-state.ts';
import { useLoad } from '../state/use-load.ts';

/** How often it is looked at, in milliseconds. */
const LOOK_MS = 3_000;
/** Connectors that are named of a host. */
const NAMED = 50;
/** A host whose last sign of life is this much older than the newest of all is late, in milliseconds: it says each second that it lives. */
const LATE_MS = 2_500;

const COLUMNS = ['Host', 'Last sign of life', 'Runs', 'Memory', 'Labels', 'Not alike', 'Version', 'Up', 'Address'];

/** The hosts that share a store: whether they live, what each of them runs, and in what they differ. */
export function Hosts() {
  const { session } = usePage();
  const mayLook = session.may('read');
  const { value, problem, reload } = useLoad(async () => (mayLook ? api.listHosts() : undefined), [mayLook]);
  useEffect(() => {
    if (!mayLook) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState !== 'hidden') void reload();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [reload, mayLook]);
  return (
    <>
      <PageTitle title="Hosts" about="Which hosts there are, and which connectors each of them runs." />
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      {mayLook ? null : <p class="notice">To see hosts needs the scope read.</p>}
      {value !== undefined ? (
        <HostsTable hosts={value.hosts} />
      ) : problem === undefined && mayLook ? (
        <Loading what="hosts" />
      ) : null}
    </>
  );
}

function HostsTable({ hosts }: { readonly hosts: readonly HostInfo[] }) {
  const { connectors } = usePage();
  const held = Map.groupBy(connectors.byId.value.values(), ({ host }) => host);
  const newest = Math.max(...hosts.map((host) => Date.parse(host.last_beat_at)));
  const free = held.get(undefined) ?? [];
  return (
    <>
      <SimpleTable name="Hosts" columns={COLUMNS}>
        {hosts.map((host) => (
          <tr key={host.id}>
            <td>
              <strong>{host.name}</strong>
              <p class="quiet">
                <code>{host.id}</code>
              </p>
            </td>
            <td class="nowrap">
              <Beat at={Date.parse(host.last_beat_at)} newest={newest} />
            </td>
            <td>
              <Held held={host.held} ids={(held.get(host.id) ?? []).map(({ id }) => id)} />
              {host.draining ? <p class="quiet">draining</p> : null}
            </td>
            <td class="nowrap">{host.memory_bytes === 0 ? 'not told' : formatMegabytes(host.memory_bytes)}</td>
            <td>{host.labels.join(', ')}</td>
            <td>
              {host.drift.map(({ package: name, version, integrity }) => (
                <p key={name} class="outcome-bad" title={integrity}>
                  {version === undefined ? `${name} is missing` : `${name} ${version}`}
                </p>
              ))}
              {host.config_drift.map(({ part, form }) => (
                <p key={part} class="outcome-bad" title={form}>
                  {form === undefined ? `file without ${part}` : `file: ${part}`}
                </p>
              ))}
            </td>
            <td>{host.version}</td>
            <td class="nowrap">
              <TimeAgo at={host.since} suffix="" />
            </td>
            <td>
              <code>{host.address ?? ''}</code>
            </td>
          </tr>
        ))}
      </SimpleTable>
      {hosts.length > 1 ? (
        <p class="hint">
          {free.length === 0
            ? 'Each connector is held by one of them'
            : `${formatCount(free.length)} ${free.length === 1 ? 'connector is' : 'connectors are'} held by none`}
          : one that no host holds is taken by the first that is asked for it, or run by each of them where its
          placement is all.
        </p>
      ) : (
        <p class="hint">
          This host is there by itself. Several that use one PostgreSQL (<code>STORE_URL</code>) share connectors, and
          are listed here.
        </p>
      )}
    </>
  );
}

/** How late the last sign of life of a host is, beside the newest of all: clocks of browsers are their own. */
function Beat({ at, newest }: { readonly at: number; readonly newest: number }) {
  const lag = newest - at;
  return lag < LATE_MS ? (
    <span class="outcome-good">on time</span>
  ) : (
    <span class="outcome-bad">{formatSpan(lag)} late</span>
  );
}

function Held({ held, ids }: { readonly held: number; readonly ids: readonly string[] }) {
  if (ids.length === 0) return <>{formatCount(held)}</>;
  const rest = ids.length - NAMED;
  return (
    <details>
      <summary>{formatCount(held)}</summary>
      <ul class="plain-list">
        {ids.slice(0, NAMED).map((id) => (
          <li key={id}>
            <Link href={`/connectors/${encodeURIComponent(id)}`}>{id}</Link>
          </li>
        ))}
      </ul>
      {rest <= 0 ? null : <p class="quiet">and {formatCount(rest)} more</p>}
    </details>
  );
}
