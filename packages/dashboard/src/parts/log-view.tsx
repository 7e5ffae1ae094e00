import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { LogLine } from '../api/types.ts';
import { toProblem } from '../api/request.ts';
import { usePage } from '../state/page-state.ts';
import { useTask } from '../state/use-load.ts';
import type { MissingHostsProps } from './missing-hosts.tsx';
import { MissingHosts } from './missing-hosts.tsx';
import { ProblemPanel } from './problem-panel.tsx';
import { Empty } from './states.tsx';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const MOST_LINES = 2_000;
/** Lines of this time are shown together, in milliseconds. */
const TOGETHER_MS = 100;

/** The log of a connector, or of all and the host: read, followed and searched. */
export function LogView({ id }: { readonly id?: string }) {
  const { session } = usePage();
  const [level, setLevel] = useState<string>('info');
  const [search, setSearch] = useState('');
  const [follows, setFollows] = useState(true);
  const { lines, problem, missing } = useLog(id, level, follows);
  const end = useRef<HTMLDivElement>(null);
  const words = search.toLowerCase();
  const shown = words === '' ? lines : lines.filter((line) => textOf(line).toLowerCase().includes(words));
  useEffect(() => {
    const box = end.current;
    if (follows && box !== null) box.scrollTop = box.scrollHeight;
  }, [shown.length, follows]);
  return (
    <>
      <div class="filters">
        <label class="search">
          <span class="hidden-text">Search the log</span>
          <input
            type="search"
            placeholder="Search the log"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
        <div class="inline-field">
          <label for="log-level">Level</label>
          <select id="log-level" value={level} onChange={({ currentTarget }) => setLevel(currentTarget.value)}>
            {LEVELS.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </div>
        {id !== undefined && session.may('manage') ? <WrittenLevel id={id} /> : null}
        <label class="inline-field">
          <input
            type="checkbox"
            checked={follows}
            onChange={({ currentTarget }) => setFollows(currentTarget.checked)}
          />
          <span>Follow</span>
        </label>
      </div>
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      <MissingHosts missing={missing} />
      {shown.length === 0 ? (
        <Empty title={lines.length === 0 ? 'No lines at this level yet.' : 'No line has these words.'} />
      ) : (
        <div ref={end} class="log" role="log" aria-label="Log" aria-live="off" tabIndex={0}>
          {shown.map((line) => (
            <p key={`${line.host ?? ''} ${line.seq}`} class={`log-line log-${line.level}`}>
              <time dateTime={line.at}>{line.at.slice(11, 23)}</time> <span class="log-level">{line.level}</span>{' '}
              {id === undefined && line.connector !== undefined ? (
                <span class="log-connector">{line.connector} </span>
              ) : null}
              {line.message}
              {line.host === undefined ? null : <span class="quiet"> at {line.host}</span>}
              {line.fields === undefined ? null : <span class="quiet"> {JSON.stringify(line.fields)}</span>}
            </p>
          ))}
        </div>
      )}
    </>
  );
}

/** From which level on the host writes lines about a connector, until it ends. */
function WrittenLevel({ id }: { readonly id: string }) {
  const set = useTask(async (level: string) => void (await api.setLogLevel(id, level)));
  return (
    <div class="inline-field">
      <label for="written-level">Written from</label>
      <select
        id="written-level"
        disabled={set.busy}
        onChange={({ currentTarget }) => void set.run(currentTarget.value)}
      >
        {['default', ...LEVELS].map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
      {set.problem === undefined ? null : <span class="field-problem">{set.problem.detail}</span>}
    </div>
  );
}

interface LogState {
  readonly lines: readonly LogLine[];
  readonly problem?: ReturnType<typeof toProblem>;
  readonly missing?: MissingHostsProps['missing'];
}

function othersOf(missing: LogState['missing'] = [], host: string): NonNullable<LogState['missing']> {
  return missing.filter((each) => each.host !== host);
}

/** The same state where nothing changes, so that nothing is drawn anew. */
function withoutMissing(state: LogState, host: string): LogState {
  return state.missing?.some((each) => each.host === host) === true
    ? { ...state, missing: othersOf(state.missing, host) }
    : state;
}

function textOf({ message, fields, connector = '' }: LogLine): string {
  return `${connector} ${message} ${fields === undefined ? '' : JSON.stringify(fields)}`;
}

function useLog(id: string | undefined, level: string, follows: boolean) {
  const { session } = usePage();
  const [state, setState] = useState<LogState>({ lines: [] });
  useEffect(() => {
    const ended = new AbortController();
    const fail = (reason: unknown): void => {
      if (ended.signal.aborted) return;
      session.noteFailure(reason);
      setState((before) => ({ ...before, problem: toProblem(reason) }));
    };
    let waiting: LogLine[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      const come = waiting;
      waiting = [];
      setState((before) => ({ ...before, lines: [...before.lines, ...come].slice(-MOST_LINES) }));
    };
    const follow = async (): Promise<void> => {
      setState({ lines: [] });
      for await (const line of api.followLogs(id, level, ended.signal)) {
        const { host = '', why } = line;
        if (why !== undefined)
          setState((before) => ({ ...before, missing: [...othersOf(before.missing, host), { host, why }] }));
        // What is no line says that some were missed, or that all there were have come.
        if (line.seq === undefined) continue;
        // It is there again.
        if (host !== '') setState((before) => withoutMissing(before, host));
        waiting.push(line as LogLine);
        timer ??= setTimeout(flush, TOGETHER_MS);
      }
    };
    const read = async (): Promise<void> => {
      const { lines, missing } = await (id === undefined ? api.readLogs(level) : api.readConnectorLogs(id, level));
      setState({ lines, missing });
    };
    (follows ? follow() : read()).catch(fail);
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [id, level, follows]);
  return state;
}
