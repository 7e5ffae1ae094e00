import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/api.ts';
import type { Execution } from '../../api/types.ts';
import { ConfirmButton } from '../../parts/confirm-button.tsx';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { SimpleTable } from '../../parts/simple-table.tsx';
import { Empty, Loading } from '../../parts/states.tsx';
import { ExactTime } from '../../parts/time-ago.tsx';
import { useLoad, useTask } from '../../state/use-load.ts';

/** How often the list is looked at while something in it can change, in milliseconds. */
const LOOK_MS = 2_000;

const COLUMNS = ['Started', 'Action', 'State', 'How far, or why', 'Runs', 'By', ''];

/** Calls that go on by themselves: how they stand, and what can be done with them. */
export function Executions({ id }: { readonly id: string }) {
  const [deadLetters, setDeadLetters] = useState(false);
  const { value, problem, reload } = useLoad(() => api.listExecutions(id, deadLetters), [id, deadLetters]);
  const [shown, setShown] = useState<string>();
  const change = useTask(async (ask: () => Promise<unknown>) => {
    await ask();
    await reload();
  });
  const isMoving = value?.executions.some(isUnderWay) === true;
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setInterval(() => void reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, [isMoving, reload]);
  const trouble = problem ?? change.problem;
  if (value === undefined)
    return trouble === undefined ? <Loading what="executions" /> : <ProblemPanel problem={trouble} />;
  return (
    <>
      <div class="buttons">
        <button type="button" onClick={() => void reload()}>
          Refresh
        </button>
        <button type="button" class="chip" aria-pressed={deadLetters} onClick={() => setDeadLetters(!deadLetters)}>
          Dead letters
        </button>
      </div>
      {trouble === undefined ? null : <ProblemPanel problem={trouble} />}
      {value.executions.length === 0 && deadLetters ? (
        <Empty title="None has failed that was not run again." />
      ) : value.executions.length === 0 ? (
        <Empty title="No call was started here that goes on by itself.">
          <p>
            <em>Run in background</em> of an action starts one. So do callers with <code>Prefer: respond-async</code>,
            or with <code>automate execute --async</code>.
          </p>
        </Empty>
      ) : (
        <SimpleTable name="Executions" columns={COLUMNS}>
          {value.executions.map((execution) => (
            <tr key={execution.id}>
              <td class="nowrap">
                <ExactTime at={execution.created_at} />
              </td>
              <td>{execution.action}</td>
              <td class={outcomeClass(execution)}>{stateOf(execution)}</td>
              <td>{describe(execution)}</td>
              <td>{execution.attempts}</td>
              <td>{execution.principal}</td>
              <td class="nowrap">
                <button
                  type="button"
                  aria-expanded={shown === execution.id}
                  aria-label={`${shown === execution.id ? 'Hide' : 'Show'} ${execution.action} ${execution.id}`}
                  onClick={() => setShown(shown === execution.id ? undefined : execution.id)}
                >
                  {shown === execution.id ? 'Hide' : 'Show'}
                </button>{' '}
                <Change
                  execution={execution}
                  busy={change.busy}
                  onCancel={() => void change.run(() => api.cancelExecution(execution.id))}
                  onRerun={() => void change.run(() => api.rerunExecution(execution.id))}
                />
              </td>
            </tr>
          ))}
        </SimpleTable>
      )}
      {value.next === undefined ? null : <p class="quiet">These are the newest; there are more.</p>}
      {shown === undefined ? null : <Details key={shown} id={shown} />}
    </>
  );
}

interface ChangeProps {
  readonly execution: Execution;
  readonly busy: boolean;
  onCancel(): void;
  onRerun(): void;
}

function Change({ execution, busy, onCancel, onRerun }: ChangeProps) {
  const { action, status, rerun_as: rerunAs } = execution;
  if (isUnderWay(execution))
    return (
      <ConfirmButton name="Stop" question={`Stop ${action}?`} busy={busy} onConfirm={onCancel}>
        <p>{status === 'queued' ? 'It is not run.' : 'Its call is ended; the remote system may have acted already.'}</p>
      </ConfirmButton>
    );
  if (status === 'succeeded' || rerunAs !== undefined) return null;
  return (
    <ConfirmButton name="Run again" question={`Run ${action} again?`} busy={busy} onConfirm={onRerun}>
      <p>
        {status === 'unknown'
          ? 'Nobody knows whether it took effect: look at the remote system first, or it may happen twice.'
          : 'The same call is made once more, as a new execution.'}
      </p>
    </ConfirmButton>
  );
}

/** All of one, with its result. */
function Details({ id }: { readonly id: string }) {
  const { value, problem } = useLoad(() => api.getExecution(id), [id]);
  if (value === undefined)
    return problem === undefined ? <Loading what="the execution" /> : <ProblemPanel problem={problem} />;
  return (
    <section aria-label={`Execution ${id}`}>
      <CopyBlock name="Execution" text={JSON.stringify(value, undefined, 2)} />
    </section>
  );
}

function isUnderWay({ status }: Execution): boolean {
  return status === 'queued' || status === 'running';
}

function stateOf({ status, cancelling }: Execution): string {
  return cancelling === true ? 'being cancelled' : status;
}

function outcomeClass({ status }: Execution): string {
  if (status === 'succeeded') return 'outcome-good';
  return status === 'failed' || status === 'unknown' ? 'outcome-bad' : '';
}

function describe({ status, run_at: runAt, progress, error, rerun_as: rerunAs }: Execution): string {
  if (rerunAs !== undefined) return `run again as ${rerunAs}`;
  if (status === 'running' && progress !== undefined) {
    const far = progress.total === undefined ? String(progress.progress) : `${progress.progress} of ${progress.total}`;
    return progress.message === undefined ? far : `${far}, ${progress.message}`;
  }
  if (status === 'queued' && error === undefined && runAt !== undefined) return `not before ${runAt}`;
  return error === undefined ? '' : `${String(error['code'])}: ${String(error['detail'])}`;
}
