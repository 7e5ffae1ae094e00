import { api } from '../../api/api.ts';
import { MissingHosts } from '../../parts/missing-hosts.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { Empty, Loading } from '../../parts/states.tsx';
import { ExactTime } from '../../parts/time-ago.tsx';
import { BLAME_WORDS, formatMs } from '../../parts/words.ts';
import { useLoad } from '../../state/use-load.ts';
import { TaskButton } from '../../parts/task-button.tsx';

const COLUMNS = ['When', 'Action', 'Outcome', 'Must act', 'Took', 'Tries', 'By', 'Door', 'Trace'];

/** The last calls: what was asked, by whom, and how it ended. */
export function Calls({ id }: { readonly id: string }) {
  const { value, problem, loading, reload } = useLoad(() => api.listCalls(id), [id]);
  if (value === undefined) return problem === undefined ? <Loading what="calls" /> : <ProblemPanel problem={problem} />;
  const isOfHosts = value.calls.some(({ host }) => host !== undefined);
  return (
    <>
      <MissingHosts missing={value.missing} />
      <div class="buttons">
        <TaskButton busy={loading} onPress={() => void reload()}>
          Refresh
        </TaskButton>
      </div>
      {value.calls.length === 0 ? (
        <Empty title="Nothing was called since the host started." />
      ) : (
        <div class="table-scroll" role="region" aria-label="Calls" tabIndex={0}>
          <table class="data-table" aria-label="Calls">
            <thead>
              <tr>
                {(isOfHosts ? [...COLUMNS, 'Host'] : COLUMNS).map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {value.calls.map((call, index) => (
                <tr key={`${call.at} ${index}`}>
                  <td class="nowrap">
                    <ExactTime at={call.at} />
                  </td>
                  <td>{call.action}</td>
                  <td class={call.code === 'OK' ? 'outcome-good' : 'outcome-bad'}>{call.code}</td>
                  <td>{call.blame === undefined ? '' : BLAME_WORDS[call.blame]}</td>
                  <td class="nowrap">{formatMs(call.duration_ms)}</td>
                  <td>{call.attempts}</td>
                  <td>{call.principal}</td>
                  <td>{call.door}</td>
                  <td>
                    <code>{call.trace_id ?? ''}</code>
                  </td>
                  {isOfHosts ? (
                    <td>
                      <code>{call.host}</code>
                    </td>
                  ) : null}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
