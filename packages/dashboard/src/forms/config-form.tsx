import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Json, JsonMap } from '../api/types.ts';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { Loading } from '../parts/states.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';
import { findDifferences, narrowAuth, planConfig } from './config-fields.ts';
import type { Difference } from './config-fields.ts';
import { planFields } from './plan-field.ts';
import { SchemaForm } from './schema-form.tsx';
import { TestOutcome } from './test-outcome.tsx';
import { JsonField } from './value-fields.tsx';

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
    const kinds = (report?.plugins ?? []).filter(({ status }) => status === 'admitted' || status === 'held_back');
    return planConfig(document, kinds.flatMap((plugin) => plugin.kinds).toSorted());
  }, []);
  // Any connector of the kind can tell its settings.
  const sibling = [...connectors.byId.value.values()].find((each) => each.kind === kind)?.id;
  const settings = useLoad(async () => {
    if (sibling === undefined) return undefined;
    const { config_schema: schema } = await api.describeConnector(sibling);
    return schema === undefined ? undefined : planFields(schema as JsonMap);
  }, [sibling]);
  const test = useTask(async () => setTested(await api.testConfig(typeof id === 'string' ? id : '', value)));
  const [tested, setTested] = useState<Awaited<ReturnType<typeof api.testConfig>>>();
  const saving = useTask(async () => save(value));
  const problem = saving.problem ?? test.problem;
  if (known.value === undefined)
    return known.problem === undefined ? <Loading what="the form" /> : <ProblemPanel problem={known.problem} />;
  const problems = problem?.problems ?? [];
  const disabled = locked !== undefined || saving.busy;
  const differences = standing === undefined ? [] : findDifferences(standing, value);
  const change = (next: JsonMap): void => {
    setTested(undefined);
    test.reset();
    saving.reset();
    setValue(next);
  };
  const setSettings = (next: Json | undefined): void => {
    const { settings: _before, ...rest } = value;
    const isEmpty = next === undefined || Object.keys(next as JsonMap).length === 0;
    change(isEmpty ? rest : { ...value, settings: next });
  };
  const { more } = known.value;
  const first = known.value.first.map((field) => narrowAuth(field, (value['auth'] ?? {}) as JsonMap));
  const own = (value['settings'] ?? {}) as JsonMap;
  return (
    <form
      class="panel"
      aria-label="Configuration"
      onSubmit={(event) => {
        event.preventDefault();
        void saving.run();
      }}
    >
      {locked === undefined ? null : <p class="notice">{locked}</p>}
      <SchemaForm
        fields={standing === undefined ? first : first.filter(({ key }) => key !== 'id')}
        value={value}
        path=""
        problems={problems}
        disabled={disabled}
        onChange={change}
      />
      <fieldset class="group">
        <legend>
          Settings of the kind <code class="key">settings</code>
        </legend>
        {settings.value === undefined ? (
          <label class="field">
            <span class="field-name">settings as JSON</span>
            <JsonField id="settings" disabled={disabled} value={value['settings']} onChange={setSettings} />
          </label>
        ) : settings.value.length === 0 ? (
          <p class="hint">It has none.</p>
        ) : (
          <SchemaForm
            fields={settings.value}
            value={own}
            path="settings"
            problems={problems}
            disabled={disabled}
            onChange={setSettings}
          />
        )}
      </fieldset>
      <details>
        <summary>More: limits, retries, health check, TLS, tags</summary>
        <SchemaForm fields={more} value={value} path="" problems={problems} disabled={disabled} onChange={change} />
      </details>
      {standing === undefined ? null : <Differences differences={differences} />}
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      {tested === undefined ? null : <TestOutcome report={tested} />}
      {locked === undefined ? (
        <div class="buttons">
          <button
            type="button"
            disabled={disabled || test.busy}
            onClick={({ currentTarget }) => {
              if (currentTarget.form?.reportValidity() === true) void test.run();
            }}
          >
            {test.busy ? 'Testing …' : 'Test'}
          </button>
          <button
            type="submit"
            class="primary"
            disabled={disabled || (standing !== undefined && differences.length === 0)}
          >
            {saving.busy ? 'Saving …' : 'Save'}
          </button>
        </div>
      ) : null}
    </form>
  );
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
