import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { api } from '../../api/api.ts';
import type { ActionDescription, ConnectorDescription, ExecuteResult, Execution, JsonMap } from '../../api/types.ts';
import { CheckedForm } from '../../forms/checked-form.tsx';
import { planFields } from '../../forms/plan-field.ts';
import { SchemaForm } from '../../forms/schema-form.tsx';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { Empty, Loading } from '../../parts/states.tsx';
import { formatMs } from '../../parts/words.ts';
import { usePage } from '../../state/page-state.ts';
import { useLoad, useTask } from '../../state/use-load.ts';
import { writeSnippets } from './call-snippets.ts';
import { ResultView } from './result-view.tsx';
import { TaskButton } from '../../parts/task-button.tsx';

/** What the connector can do, and a way to have it done. */
export function Actions({ id }: { readonly id: string }) {
  const { value, problem, loading, reload } = useLoad(() => api.describeConnector(id), [id]);
  const [name, setName] = useState<string>();
  if (value === undefined) {
    if (problem === undefined) return <Loading what="actions" />;
    return (
      <>
        <ProblemPanel problem={problem} />
        <TaskButton busy={loading} onPress={() => void reload()}>
          Try again
        </TaskButton>
      </>
    );
  }
  const chosen = value.actions.find((action) => action.name === name) ?? value.actions[0];
  return (
    <>
      <Discovery description={value} />
      {value.open ? <p class="hint">This connector takes any action by name; those it names are listed.</p> : null}
      {chosen === undefined && !value.open ? <Empty title="This connector has no actions." /> : null}
      {value.actions.length === 0 ? null : (
        <div class="field">
          <label class="field-name" for="action">
            Action
          </label>
          <select id="action" value={chosen?.name} onChange={({ currentTarget }) => setName(currentTarget.value)}>
            {value.actions.map((action) => (
              <option key={action.name} value={action.name}>
                {action.name}
              </option>
            ))}
          </select>
        </div>
      )}
      {chosen === undefined ? null : <ActionForm key={chosen.name} id={id} action={chosen} />}
      {value.open && value.actions.length === 0 ? <OpenAction id={id} /> : null}
    </>
  );
}

function Discovery({ description: { discovery } }: { readonly description: ConnectorDescription }) {
  if (discovery?.error === undefined) return null;
  return <p class="notice">Its actions could not be learned the last time: {discovery.error}</p>;
}

/** For adapters that say nothing of their actions. */
function OpenAction({ id }: { readonly id: string }) {
  const [name, setName] = useState('');
  const action: ActionDescription = {
    name,
    description: '',
    input: { type: 'object' },
    side_effects: true,
    idempotent: false,
  };
  return (
    <>
      <label class="field">
        <span class="field-name">Action</span>
        <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </label>
      <ActionForm id={id} action={action} />
    </>
  );
}

function ActionForm({ id, action }: { readonly id: string; readonly action: ActionDescription }) {
  const { session } = usePage();
  const fields = planFields(action.input as JsonMap);
  const [payload, setPayload] = useState<JsonMap>({});
  const [text, setText] = useState('{}');
  const [asJson, setAsJson] = useState(fields === undefined);
  const [key, setKey] = useState('');
  const [answer, setAnswer] = useState<ExecuteResult>();
  const [started, setStarted] = useState<Execution>();
  const sent = asJson ? text : JSON.stringify(payload);
  const call = { id, action: action.name, payload: sent, ...(key === '' ? {} : { idempotencyKey: key }) };
  const run = useTask(async (inBackground: boolean) => {
    setAnswer(undefined);
    setStarted(undefined);
    if (inBackground) setStarted(await api.startExecution(call));
    else setAnswer(await api.executeAction(call));
  });
  const now = session.now.value;
  const base = new URL('.', document.baseURI).href.replace(/\/$/, '');
  const snippets = writeSnippets(
    { id, action: action.name, payload: sent },
    base,
    now.phase === 'in' && now.session.signed_in,
  );
  // Other errors may name problems that are not the input's.
  const refused = run.problem?.code === 'INVALID_INPUT' ? run.problem : undefined;
  const change = (toJson: boolean): void => {
    if (toJson) setText(JSON.stringify(payload, undefined, 2));
    else
      try {
        setPayload(JSON.parse(text) as JsonMap);
      } catch {
        // What is no JSON stays where it can be mended.
        return;
      }
    setAsJson(toJson);
  };
  return (
    <CheckedForm label={`Run ${action.name}`} problem={refused} onSubmit={() => void run.run(false)}>
      {(problems, check) => (
        <>
          {action.description === '' ? null : <p>{action.description}</p>}
          <p class="tags">
            <span class="tag">{action.side_effects ? 'changes something' : 'reads only'}</span>
            {action.idempotent ? <span class="tag">may be repeated</span> : null}
            {action.timeout_ms === undefined ? null : <span class="tag">within {formatMs(action.timeout_ms)}</span>}
          </p>
          {fields === undefined ? null : (
            <div class="switch-row" role="group" aria-label="How to give the input">
              <button type="button" class="chip" aria-pressed={!asJson} onClick={() => asJson && change(false)}>
                Form
              </button>
              <button type="button" class="chip" aria-pressed={asJson} onClick={() => asJson || change(true)}>
                JSON
              </button>
            </div>
          )}
          {asJson || fields === undefined ? (
            <label class="field">
              <span class="field-name">Input as JSON</span>
              <textarea
                class="code"
                rows={8}
                spellcheck={false}
                value={text}
                onInput={({ currentTarget }) => setText(currentTarget.value)}
              />
            </label>
          ) : fields.length === 0 ? (
            <p class="hint">It takes no input.</p>
          ) : (
            <SchemaForm fields={fields} value={payload} path="" problems={problems} onChange={setPayload} />
          )}
          <details>
            <summary>Idempotency key</summary>
            <label class="field">
              <span class="field-name">Key</span>
              <input value={key} autocomplete="off" onInput={({ currentTarget }) => setKey(currentTarget.value)} />
              <span class="hint">Calls with the same key and input have their effect once.</span>
            </label>
          </details>
          <div class="buttons">
            <TaskButton type="submit" class="primary" busy={run.busy}>
              {run.busy ? 'Running …' : 'Run'}
            </TaskButton>
            <TaskButton busy={run.busy} onPress={() => void (check() && run.run(true))}>
              Run in background
            </TaskButton>
          </div>
          {run.problem === undefined ? null : <ProblemPanel problem={run.problem} />}
          {answer === undefined ? null : <ResultView answer={answer} />}
          {started === undefined ? null : (
            <p class="outcome-good" role="status">
              Started as <code>{started.id}</code>. It goes on by itself:{' '}
              <Link href={`/connectors/${encodeURIComponent(id)}/executions`}>see how it stands</Link>.
            </p>
          )}
          <details>
            <summary>As curl, CLI, TypeScript</summary>
            <CopyBlock name="curl" text={snippets.curl} />
            <CopyBlock name="CLI" text={snippets.cli} />
            <CopyBlock name="TypeScript" text={snippets.typescript} />
          </details>
        </>
      )}
    </CheckedForm>
  );
}
