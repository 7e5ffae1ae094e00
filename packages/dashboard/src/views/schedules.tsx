import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { api } from '../api/api.ts';
import type { JsonMap, Schedule } from '../api/types.ts';
import { CheckedForm } from '../forms/checked-form.tsx';
import { FieldFrame, requiredField } from '../forms/field-frame.tsx';
import { JsonField } from '../forms/value-fields.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { ExactTime } from '../parts/time-ago.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';

const COLUMNS = ['Schedule', 'Starts', 'When', 'Next', 'Last', 'By', ''];

/** Executions that are started again and again: when, and what can be done about it. */
export function Schedules() {
  const { value, problem, loading, reload } = useLoad(() => api.listSchedules(), []);
  const change = useTask(async (ask: () => Promise<unknown>) => {
    await ask();
    await reload();
  });
  const trouble = problem ?? change.problem;
  return (
    <>
      <PageTitle title="Schedules" about="Calls that the host starts by itself at their times, as executions.">
        <TaskButton busy={loading} onPress={() => void reload()}>
          Refresh
        </TaskButton>
      </PageTitle>
      {trouble === undefined ? null : <ProblemPanel problem={trouble} />}
      {value === undefined ? (
        problem === undefined ? (
          <Loading what="schedules" />
        ) : null
      ) : value.schedules.length === 0 ? (
        <Empty title="There are no schedules." />
      ) : (
        <SimpleTable name="Schedules" columns={COLUMNS}>
          {value.schedules.map((schedule) => (
            <Row key={schedule.name} schedule={schedule} busy={change.busy} change={(ask) => void change.run(ask)} />
          ))}
        </SimpleTable>
      )}
      <SetSchedule onSet={reload} />
    </>
  );
}

interface RowProps {
  readonly schedule: Schedule;
  readonly busy: boolean;
  change(ask: () => Promise<unknown>): void;
}

function Row({ schedule, busy, change }: RowProps) {
  const { name, connector, action, cron, time_zone: timeZone, principal } = schedule;
  const { next_at: nextAt, last_at: lastAt, last_execution: lastExecution, paused_since: pausedSince } = schedule;
  return (
    <tr>
      <td>
        <strong>{name}</strong>
      </td>
      <td>
        <Link href={`/connectors/${encodeURIComponent(connector)}/executions`}>{connector}</Link> {action}
      </td>
      <td>
        <code>{cron}</code> <span class="quiet">{timeZone}</span>
      </td>
      <td class="nowrap">
        {pausedSince !== undefined ? 'paused' : nextAt === undefined ? 'never' : <ExactTime at={nextAt} />}
      </td>
      <td class="nowrap" title={lastExecution === undefined ? undefined : `execution ${lastExecution}`}>
        {lastAt === undefined ? '' : <ExactTime at={lastAt} />}
      </td>
      <td>{principal}</td>
      <td class="nowrap">
        {pausedSince === undefined ? (
          <TaskButton busy={busy} onPress={() => change(() => api.pauseSchedule(name))}>
            Pause<span class="hidden-text"> {name}</span>
          </TaskButton>
        ) : (
          <TaskButton busy={busy} onPress={() => change(() => api.resumeSchedule(name))}>
            Resume<span class="hidden-text"> {name}</span>
          </TaskButton>
        )}{' '}
        <ConfirmButton
          name="Remove"
          question={`Remove the schedule ${name}?`}
          busy={busy}
          onConfirm={() => change(() => api.removeSchedule(name))}
        >
          <p>It starts nothing more. The executions that it started stay.</p>
        </ConfirmButton>
      </td>
    </tr>
  );
}

const FIELDS = [
  { ...requiredField('Name'), path: 'name', placeholder: 'nightly-report' },
  { ...requiredField('Connector'), path: 'connector', placeholder: '' },
  { ...requiredField('Action'), path: 'action', placeholder: '' },
  {
    ...requiredField('When'),
    path: 'cron',
    placeholder: '0 9 * * 1-5',
    description: 'Minute, hour, day of the month, month, day of the week.',
  },
  {
    ...requiredField('Time zone'),
    path: 'time_zone',
    required: false,
    placeholder: 'Europe/Berlin',
    description: "Default: the host's own.",
  },
] as const;
type Draft = Readonly<Record<(typeof FIELDS)[number]['path'], string>>;
const BLANK: Draft = { name: '', connector: '', action: '', cron: '', time_zone: '' };
const INPUT_FIELD = { ...requiredField('Input as JSON'), required: false, description: 'Default: none.' };

function SetSchedule({ onSet }: { onSet(): Promise<void> }) {
  const { connectors } = usePage();
  const [draft, setDraft] = useState<Draft>(BLANK);
  const [payload, setPayload] = useState<JsonMap>();
  const set = useTask(async () => {
    const { name, time_zone: timeZone, ...rest } = draft;
    await api.setSchedule(name.trim(), {
      ...rest,
      ...(timeZone.trim() === '' ? {} : { time_zone: timeZone.trim() }),
      ...(payload === undefined ? {} : { payload }),
    });
    setDraft(BLANK);
    setPayload(undefined);
    await onSet();
  });
  return (
    <CheckedForm label="Set a schedule" problem={set.problem} onSubmit={() => void set.run()}>
      {(problems) => (
        <>
          <h2>Set a schedule</h2>
          <p class="hint">One of your own that has the name already is replaced whole.</p>
          <datalist id="connector-ids">
            {[...connectors.byId.value.keys()].map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
          <div class="fields">
            {FIELDS.map(({ path, placeholder, ...field }) => (
              <FieldFrame key={path} field={field} path={path} problems={problems}>
                {(id, parts) => (
                  <input
                    id={id}
                    {...parts}
                    required={field.required}
                    placeholder={placeholder}
                    autocomplete="off"
                    spellcheck={false}
                    list={path === 'connector' ? 'connector-ids' : undefined}
                    value={draft[path]}
                    onInput={({ currentTarget }) => setDraft({ ...draft, [path]: currentTarget.value })}
                  />
                )}
              </FieldFrame>
            ))}
          </div>
          <FieldFrame field={INPUT_FIELD} path="payload" problems={problems}>
            {(id, parts) => (
              <JsonField id={id} {...parts} value={payload} onChange={(next) => setPayload(next as JsonMap)} />
            )}
          </FieldFrame>
          <div class="buttons">
            <TaskButton type="submit" class="primary" busy={set.busy}>
              Save schedule
            </TaskButton>
          </div>
          {set.problem === undefined ? null : <ProblemPanel problem={set.problem} />}
        </>
      )}
    </CheckedForm>
  );
}
