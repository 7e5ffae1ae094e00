import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { JsonMap } from '../api/types.ts';
import { CheckedForm } from '../forms/checked-form.tsx';
import { FieldFrame, requiredField } from '../forms/field-frame.tsx';
import type { Problems } from '../forms/problems-at.ts';
import { JsonField } from '../forms/value-fields.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';
import { TaskButton } from '../parts/task-button.tsx';

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

const DRAFT_WORDS = { namespace: 'Namespace', name: 'Name', value: 'Value' } as const;

/** All of a profile but its name is written in one field. */
function atProfile(problem: Problems[number]): Problems[number] {
  return ['name', 'profile'].includes(problem.path) ? problem : { ...problem, path: `profile.${problem.path}` };
}

const PROFILE_FIELD = {
  ...requiredField('Profile as JSON'),
  description: 'kind, environment, settings, and secrets, which go into the store.',
};

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
      <CheckedForm label="Set a secret" problem={save.problem} onSubmit={() => void save.run()}>
        {(problems) => (
          <>
            <h3>Set a secret</h3>
            <div class="fields">
              {(['namespace', 'name', 'value'] as const).map((key) => (
                <FieldFrame key={key} field={requiredField(DRAFT_WORDS[key])} path={key} problems={problems}>
                  {(id, parts) => (
                    <input
                      id={id}
                      {...parts}
                      required
                      {...(key === 'value' ? { type: 'password', autocomplete: 'new-password' } : {})}
                      value={draft[key]}
                      onInput={({ currentTarget }) => setDraft({ ...draft, [key]: currentTarget.value })}
                    />
                  )}
                </FieldFrame>
              ))}
            </div>
            <div class="buttons">
              <TaskButton type="submit" class="primary" busy={save.busy}>
                Save secret
              </TaskButton>
            </div>
          </>
        )}
      </CheckedForm>
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
      <CheckedForm label="Set a profile" problem={save.problem} onSubmit={() => void save.run()}>
        {(problems) => (
          <>
            <h3>Set a profile</h3>
            <FieldFrame field={requiredField('Profile name')} path="name" problems={problems}>
              {(id, parts) => (
                <input
                  id={id}
                  {...parts}
                  required
                  value={name}
                  onInput={({ currentTarget }) => setName(currentTarget.value)}
                />
              )}
            </FieldFrame>
            <FieldFrame field={PROFILE_FIELD} path="profile" problems={problems.map(atProfile)}>
              {(id, parts) => (
                <JsonField
                  id={id}
                  {...parts}
                  value={profile}
                  onChange={(next) => setProfile((next ?? {}) as JsonMap)}
                />
              )}
            </FieldFrame>
            <div class="buttons">
              <TaskButton type="submit" class="primary" busy={save.busy}>
                Save profile
              </TaskButton>
            </div>
          </>
        )}
      </CheckedForm>
    </section>
  );
}
