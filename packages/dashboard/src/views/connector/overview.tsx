import type { ConnectorDetails, ConnectorInfo, HealthReport } from '../../api/types.ts';
import { api } from '../../api/api.ts';
import { Fact } from '../../parts/fact.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { StatusText } from '../../parts/status-text.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { BLAME_WORDS, FAULT_WORDS, formatCount, formatMs, OWNER_WORDS } from '../../parts/words.ts';
import { usePage } from '../../state/page-state.ts';
import { useBlame } from '../../state/use-blame.ts';
import { useLoad, useTask } from '../../state/use-load.ts';
import { Numbers } from './numbers.tsx';
import { sinceWhen } from './since-when.ts';
import { TaskButton } from '../../parts/task-button.tsx';

export interface OverviewProps {
  readonly info: ConnectorInfo;
  readonly details: ConnectorDetails;
  reload(): Promise<void>;
}

/** How the connector is, who must act and why; and what it is. */
export function Overview({ info, details, reload }: OverviewProps) {
  const { connectors } = usePage();
  const health = connectors.health.value[info.id];
  const history = useLoad(
    () => api.listHealthHistory(info.id),
    [info.id, `${info.status} ${health?.checked_at ?? ''}`],
  );
  const findings = history.value?.findings ?? [];
  const check = useTask(async () => {
    connectors.noteHealth(await api.healthCheck(info.id));
    await reload();
  });
  return (
    <>
      <section class={`verdict verdict-${info.status}`} aria-label="Status">
        <div class="verdict-head">
          <StatusText status={info.status} />
          <Since health={health} since={sinceWhen(findings, info.status)} />
          <TaskButton busy={check.busy} onPress={() => void check.run()}>
            {check.busy ? 'Checking …' : 'Check now'}
          </TaskButton>
        </div>
        {info.last_error === '' ? null : <p class="cause">{info.last_error}</p>}
        {info.paused_since === undefined ? null : (
          <p class="cause">
            Paused <TimeAgo at={info.paused_since} />: it takes no calls until somebody resumes it.
          </p>
        )}
        {info.held_back === undefined ? null : <p class="cause">Held back: {info.held_back}</p>}
        {health?.blame === undefined || info.status === 'healthy' ? null : (
          <p class="must-act">
            Must act: <strong>{BLAME_WORDS[health.blame]}</strong>
          </p>
        )}
        {check.problem === undefined ? null : <ProblemPanel problem={check.problem} />}
      </section>
      <OwnTrouble id={info.id} />
      <Numbers id={info.id} findings={findings} />
      <section aria-labelledby="facts-heading">
        <h2 id="facts-heading">Facts</h2>
        <dl class="facts">
          <Fact name="Endpoint">{info.endpoint === '' ? undefined : <code>{info.endpoint}</code>}</Fact>
          <Fact name="Kind">{info.kind}</Fact>
          <Fact name="Type">{info.type}</Fact>
          <Fact name="Owner">{OWNER_WORDS[info.owner]}</Fact>
          <Fact name="Isolation">{info.isolation === 'none' ? 'not isolated' : info.isolation}</Fact>
          <Fact name="Mode">{info.mode}</Fact>
          <Fact name="Host">{info.host}</Fact>
          <Fact name="Response time">
            {health?.checked_at === undefined ? undefined : formatMs(health.response_time_ms)}
          </Fact>
          <Fact name="Last check">
            {health?.checked_at === undefined ? undefined : <TimeAgo at={health.checked_at} />}
          </Fact>
          <Fact name="Last healthy">
            {health?.last_success_at === undefined ? undefined : <TimeAgo at={health.last_success_at} />}
          </Fact>
          <Fact name="Failures in a row">
            {health === undefined || health.consecutive_failures === 0
              ? undefined
              : formatCount(health.consecutive_failures)}
          </Fact>
          <Fact name="Circuit">{health?.circuit}</Fact>
          <Fact name="Network">{details.network}</Fact>
          <Fact name="Tags">{info.tags.length === 0 ? undefined : info.tags.join(', ')}</Fact>
          <Fact name="Description">{info.description === '' ? undefined : info.description}</Fact>
        </dl>
      </section>
    </>
  );
}

/** What its status says already. */
const TOLD: readonly string[] = ['unhealthy', 'held_back'];

/** What else the ledger has of it. */
function OwnTrouble({ id }: { readonly id: string }) {
  const { report } = useBlame();
  const entries = (report?.entries ?? []).filter(({ connector, fault }) => connector === id && !TOLD.includes(fault));
  if (entries.length === 0) return null;
  return (
    <section aria-labelledby="trouble-heading">
      <h2 id="trouble-heading">Trouble</h2>
      <ul>
        {entries.map(({ fault, message, blame, since }) => (
          <li key={`${fault} ${blame}`}>
            <strong>{FAULT_WORDS[fault]}</strong> for <TimeAgo at={since} suffix="" />: {message}. Must act:{' '}
            {BLAME_WORDS[blame]}.
          </li>
        ))}
      </ul>
    </section>
  );
}

function Since({ health, since }: { readonly health: HealthReport | undefined; readonly since: string | undefined }) {
  return (
    <span class="quiet">
      {since === undefined ? null : (
        <>
          for <TimeAgo at={since} suffix="" />
        </>
      )}
      {since !== undefined && health?.checked_at !== undefined ? ', ' : null}
      {health?.checked_at === undefined ? null : (
        <>
          checked <TimeAgo at={health.checked_at} />
        </>
      )}
    </span>
  );
}
