import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { JsonMap } from '../api/types.ts';
import { JsonField } from '../forms/value-fields.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';

/** Secrets can be written and removed here, and read nowhere; profiles say which connectors use them for what. */
export function Secrets() {
  const { session } = usePage();
  return (
    <>
      <PageTitle title="Secrets" about="No value is ever shown: neither here, nor by any other door." />
      {session.may('secrets') ? <StoredSecrets /> : <p class="notice">To see secrets needs the scope secrets.</p>}
      {session.may('manage') ? <Profiles /> : null}
    </>
  );
}

function StoredSecrets() {
  const { value, problem, reload } = useLoad(() => api.listSecrets(), []);
  const [draft, setDraft] = useState({ namespace: 'default', name: '', value: '' });
  const save = useTask(async () => {
    await api.setSecret(draft.namespace, draft.name, draft.value);
    setDraft({ ...draft, name: '', value: '' });
    await reload();
  });
  const remove = useTask(async (namespace: string, name: string) => {
    await api.removeSecret(namespace, name);
    await reload();
  });
  const trouble = problem ?? save.problem ?? remove.problem;
  return (
    <section aria-labelledby="secrets-heading">
      <h2 id="secrets-heading">Stored secrets</h2>
      {trouble === undefined ? null : <ProblemPanel problem={trouble} />}
      {value === undefined ? (
        problem === undefined ? (
          <Loading what="secrets" />
        ) : null
      ) : value.secrets.length === 0 ? (
        <Empty title="The store holds no secrets yet." />
      ) : (
        <SimpleTable name="Secrets" columns={['Reference', 'Versions', 'Newest', 'Used by', '']}>
          {value.secrets.map(({ namespace, name, versions, used_by: usedBy }) => (
            <tr key={`${namespace}/${name}`}>
              <td>
                <code>
                  secretref://store/{namespace}/{name}
                </code>
              </td>
              <td>{versions.map(({ version }) => version).join(', ')}</td>
              <td class="nowrap">{versions.length === 0 ? '' : <TimeAgo at={versions.at(-1)?.created_at ?? ''} />}</td>
              <td>{usedBy.map((each) => `${each.kind} ${each.name}`).join(', ')}</td>
              <td>
                <ConfirmButton
                  name="Remove"
                  question={`Remove the secret ${namespace}/${name}?`}
                  busy={remove.busy}
                  onConfirm={() => void remove.run(namespace, name)}
                >
                  <p>All its versions are gone for good. One that is in use is not removed.</p>
                </ConfirmButton>
              </td>
            </tr>
          ))}
        </SimpleTable>
      )}
      <form
        class="panel"
        aria-label="Set a secret"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <h3>Set a secret</h3>
        <div class="fields">
          <label class="field">
            <span class="field-name">Namespace</span>
            <input
              required
              value={draft.namespace}
              onInput={({ currentTarget }) => setDraft({ ...draft, namespace: currentTarget.value })}
            />
          </label>
          <label class="field">
            <span class="field-name">Name</span>
            <input
              required
              value={draft.name}
              onInput={({ currentTarget }) => setDraft({ ...draft, name: currentTarget.value })}
            />
          </label>
          <label class="field">
            <span class="field-name">Value</span>
            <input
              type="password"
              autocomplete="new-password"
              required
              value={draft.value}
              onInput={({ currentTarget }) => setDraft({ ...draft, value: currentTarget.value })}
            />
          </label>
        </div>
        <div class="buttons">
          <button type="submit" class="primary" disabled={save.busy}>
            Save secret
          </button>
        </div>
      </form>
    </section>
  );
}

function Profiles() {
  const { value, problem, reload } = useLoad(() => api.listProfiles(), []);
  const [name, setName] = useState('');
  const [profile, setProfile] = useState<JsonMap>({ kind: '' });
  const save = useTask(async () => {
    await api.setProfile(name, profile);
    await reload();
  });
  const remove = useTask(async (which: string) => {
    await api.removeProfile(which);
    await reload();
  });
  const trouble = problem ?? save.problem ?? remove.problem;
  return (
    <section aria-labelledby="profiles-heading">
      <h2 id="profiles-heading">Connection profiles</h2>
      {trouble === undefined ? null : <ProblemPanel problem={trouble} />}
      {value === undefined ? (
        problem === undefined ? (
          <Loading what="profiles" />
        ) : null
      ) : value.profiles.length === 0 ? (
        <Empty title="There are no profiles." />
      ) : (
        <SimpleTable
          name="Profiles"
          columns={['Profile', 'Kind', 'Environment', 'Owner', 'Enabled', 'Secrets', 'Used by', '']}
        >
          {value.profiles.map((each) => (
            <tr key={each.name}>
              <td>
                <strong>{each.name}</strong>
              </td>
              <td>{each.kind}</td>
              <td>{each.environment}</td>
              <td>{each.owner}</td>
              <td>{each.enabled ? 'yes' : 'no'}</td>
              <td>{Object.keys(each.secrets).join(', ')}</td>
              <td>{each.used_by.join(', ')}</td>
              <td>
                {each.owner === 'api' ? (
                  <ConfirmButton
                    name="Remove"
                    question={`Remove the profile ${each.name}?`}
                    busy={remove.busy}
                    onConfirm={() => void remove.run(each.name)}
                  >
                    <p>One that a connector uses is not removed.</p>
                  </ConfirmButton>
                ) : null}
              </td>
            </tr>
          ))}
        </SimpleTable>
      )}
      <form
        class="panel"
        aria-label="Set a profile"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <h3>Set a profile</h3>
        <label class="field">
          <span class="field-name">Profile name</span>
          <input required value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </label>
        <label class="field" for="profile-json">
          <span class="field-name">Profile as JSON</span>
        </label>
        <JsonField id="profile-json" value={profile} onChange={(next) => setProfile((next ?? {}) as JsonMap)} />
        <p class="hint">kind, environment, settings, and secrets, which go into the store.</p>
        <div class="buttons">
          <button type="submit" class="primary" disabled={save.busy}>
            Save profile
          </button>
        </div>
      </form>
    </section>
  );
}
