import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Json, JsonMap } from '../api/types.ts';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { Loading } from '../parts/states.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';
import { findDifferences, narrowAuth, planConfig } from './config-fields.ts';
import type { Difference } from './config-fields.ts';
import { CheckedForm } from './checked-form.tsx';
import { KindSettings } from './kind-settings.tsx';
import { isMap, SchemaForm } from './schema-form.tsx';
import { TestOutcome } from './test-outcome.tsx';

export interface ConfigFormProps {
  /** What stands; undefined for a connector that is new. */
  readonly standing?: JsonMap | undefined;
  /** Why nothing can be changed; undefined where it can. */
  readonly locked?: string | undefined;
  save(config: JsonMap): Promise<void>;
}

/** A connector's configuration, by the service's own schema and the kind's: tried out before it is saved, with what would change. */
export function ConfigForm({ standing, locked, save }: ConfigFormProps) {
  const { connectors } = usePage();
  const [value, setValue] = useState<JsonMap>(standing ?? {});
  const { id, kind = id } = value;
  const known = useLoad(async () => {
    const [document, report] = await Promise.all([api.describeApi(), api.listPlugins().catch(() => undefined)]);
    const usable = (report?.plugins ?? []).filter(({ status }) => status === 'admitted' || status === 'held_back');
    const kinds = usable.flatMap((plugin) => plugin.kinds).toSorted();
    return { kinds, ...planConfig(document, kinds) };
  }, []);
  const test = useTask(async () => setTested(await api.testConfig(typeof id === 'string' ? id : '', value)));
  const [tested, setTested] = useState<Awaited<ReturnType<typeof api.testConfig>>>();
  const saving = useTask(async () => save(value));
  const problem = saving.problem ?? test.problem;
  if (known.value === undefined)
    return known.problem === undefined ? <Loading what="the form" /> : <ProblemPanel problem={known.problem} />;
  const busy = saving.busy || test.busy;
  const isLocked = locked !== undefined;
  const disabled = isLocked || saving.busy;
  const differences = standing === undefined ? [] : findDifferences(standing, value);
  const change = (next: JsonMap): void => {
    setTested(undefined);
    test.reset();
    saving.reset();
    setValue(next);
  };
  const { kinds, more } = known.value;
  // What an embedding program brings is in no report, and may be used all the same.
  const isKnown = (name: Json): name is string =>
    typeof name === 'string' &&
    (kinds.includes(name) || [...connectors.byId.value.values()].some((each) => each.kind === name));
  const first = known.value.first.map((field) => narrowAuth(field, (value['auth'] ?? {}) as JsonMap));
  return (
    <CheckedForm label="Configuration" problem={problem} onSubmit={() => void saving.run()}>
      {(problems, check) => (
        <>
          {isLocked ? <p class="notice">{locked}</p> : null}
          <SchemaForm
            fields={standing === undefined ? first : first.filter(({ key }) => key !== 'id')}
            value={value}
            path=""
            problems={problems}
            disabled={disabled}
            onChange={(next) => change(next['kind'] === value['kind'] ? next : withSettings(next, undefined))}
          />
          <KindSettings
            kind={kind !== undefined && isKnown(kind) ? kind : undefined}
            value={value['settings']}
            withProfile={value['profile'] !== undefined}
            problems={problems}
            disabled={disabled}
            onChange={(next) => change(withSettings(value, next))}
          />
          <details>
            <summary>More: limits, retries, health check, TLS, tags</summary>
            <SchemaForm fields={more} value={value} path="" problems={problems} disabled={disabled} onChange={change} />
          </details>
          {standing === undefined ? null : <Differences differences={differences} />}
          {problem === undefined ? null : <ProblemPanel problem={problem} />}
          {tested === undefined ? null : <TestOutcome report={tested} />}
          {isLocked ? null : (
            <div class="buttons">
              <TaskButton busy={busy} onPress={() => void (check() && test.run())}>
                {test.busy ? 'Testing …' : 'Test'}
              </TaskButton>
              <TaskButton
                type="submit"
                class="primary"
                busy={busy}
                disabled={standing !== undefined && differences.length === 0}
              >
                {saving.busy ? 'Saving …' : 'Save'}
              </TaskButton>
            </div>
          )}
        </>
      )}
    </CheckedForm>
  );
}

/** With these settings, or without any; those of one kind mean nothing to another. */
function withSettings(config: JsonMap, settings: Json | undefined): JsonMap {
  const { settings: _before, ...rest } = config;
  const isEmpty = settings === undefined || (isMap(settings) && Object.keys(settings).length === 0);
  return isEmpty ? rest : { ...config, settings };
}

function Differences({ differences }: { readonly differences: readonly Difference[] }) {
  if (differences.length === 0) return <p class="hint">Nothing is changed yet.</p>;
  return (
    <section aria-label="Changes" class="differences">
      <h2 class="small">Changes</h2>
      <ul>
        {differences.map(({ path, before, after }) => (
          <li key={path}>
            <code>{path}</code>: {before === undefined ? null : <del>{before}</del>}{' '}
            {after === undefined ? 'removed' : <ins>{after}</ins>}
          </li>
        ))}
      </ul>
    </section>
  );
}
