import { Link } from 'wouter-preact';
import type { BlameReport } from '../api/types.ts';
import { MissingHosts } from '../parts/missing-hosts.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { BLAME_WORDS, FAULT_WORDS, formatSpan } from '../parts/words.ts';
import { usePage } from '../state/page-state.ts';
import { useBlame } from '../state/use-blame.ts';

/** The ledger: which connector makes trouble, in which version, since when, and who must act. */
export function Trouble() {
  const { session } = usePage();
  const { report, problem } = useBlame();
  return (
    <>
      <PageTitle title="Trouble" about="Which connectors make trouble, and who must act; the gravest first." />
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      {session.may('read') ? null : <p class="notice">To see trouble needs the scope read.</p>}
      {report !== undefined ? (
        <Ledger report={report} />
      ) : problem === undefined && session.may('read') ? (
        <Loading what="the ledger" />
      ) : null}
    </>
  );
}

const COLUMNS = ['Connector', 'Trouble', 'Must act', 'Package', 'Since'];

function Ledger({ report: { entries, missing, window_ms: windowMs } }: { readonly report: BlameReport }) {
  const seen = `what was seen in the last ${formatSpan(windowMs)}, and every crash since the host started`;
  const isOfHosts = entries.some(({ host }) => host !== undefined);
  if (entries.length === 0 && missing === undefined)
    return (
      <Empty title="No connector makes trouble.">
        <p>By {seen}.</p>
      </Empty>
    );
  return (
    <>
      <MissingHosts missing={missing} />
      <SimpleTable name="Trouble" columns={isOfHosts ? [...COLUMNS, 'Host'] : COLUMNS}>
        {entries.map(({ connector, fault, message, blame, package: name, version, since, host }) => (
          <tr key={`${connector} ${fault} ${blame} ${version ?? ''} ${host ?? ''}`}>
            <td>
              <Link href={`/connectors/${encodeURIComponent(connector)}`}>{connector}</Link>
            </td>
            <td>
              <strong>{FAULT_WORDS[fault]}</strong>
              <p>{message}</p>
            </td>
            <td>{BLAME_WORDS[blame]}</td>
            <td>{name === undefined ? '' : `${name} ${version ?? ''}`.trimEnd()}</td>
            <td class="nowrap">
              <TimeAgo at={since} />
            </td>
            {isOfHosts ? (
              <td>
                <code>{host}</code>
              </td>
            ) : null}
          </tr>
        ))}
      </SimpleTable>
      <p class="hint">It is {seen}.</p>
    </>
  );
}
