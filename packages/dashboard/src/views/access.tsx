import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { CheckedForm } from '../forms/checked-form.tsx';
import { FieldFrame, requiredField } from '../forms/field-frame.tsx';
import { readField } from '../forms/read-field.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { CopyBlock } from '../parts/copy-block.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { ExactTime } from '../parts/time-ago.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';
import { TaskButton } from '../parts/task-button.tsx';

const TOKEN_FIELDS = [
  { ...requiredField('Name'), path: 'name', placeholder: '' },
  { ...requiredField('Expires after'), required: false, path: 'expires', placeholder: 'never; 90d, 12h' },
  { ...requiredField('Further scopes'), required: false, path: 'scopes', placeholder: 'execute:slack/send_message' },
];
const SCOPES = ['read', 'execute', 'manage', 'secrets', 'admin'];

/** Who may call: the tokens. */
export function Access() {
  const { session } = usePage();
  return (
    <>
      <PageTitle title="Access" />
      {session.may('admin') ? <Tokens /> : <p class="notice">To see tokens needs the scope admin.</p>}
    </>
  );
}

function Tokens() {
  const { session } = usePage();
  const { value, problem, reload } = useLoad(() => api.listTokens(), []);
  const [made, setMade] = useState<string>();
  const create = useTask(async (name: string, scopes: readonly string[], expires: string) => {
    const wanted = { name, scopes, ...(expires === '' ? {} : { expires }) };
    setMade(await session.makeToken(async () => (await api.createToken(wanted)).token));
    await reload();
  });
  const revoke = useTask(async (id: string) => {
    await api.revokeToken(id);
    await reload();
  });
  const trouble = problem ?? create.problem ?? revoke.problem;
  return (
    <>
      {trouble === undefined ? null : <ProblemPanel problem={trouble} />}
      {made === undefined ? null : (
        <section aria-label="New token" class="panel">
          <p>This is shown once. Whoever has it may do what its scopes say.</p>
          <CopyBlock name="token" text={made} />
        </section>
      )}
      {value === undefined ? (
        problem === undefined ? (
          <Loading what="tokens" />
        ) : null
      ) : value.tokens.length === 0 ? (
        <Empty title="There are no tokens: whoever reaches this host may do everything.">
          <p>From the first token on, every caller over the network has to sign in, this page as well.</p>
        </Empty>
      ) : (
        <SimpleTable name="Tokens" columns={['Token', 'Scopes', 'Made', 'Expires', 'State', '']}>
          {value.tokens.map((token) => (
            <tr key={token.id}>
              <td>
                <strong>{token.name}</strong> <code>{token.id}</code>
              </td>
              <td>{token.scopes.join(', ')}</td>
              <td class="nowrap">
                <ExactTime at={token.created_at} />
              </td>
              <td class="nowrap">{token.expires_at === undefined ? 'never' : <ExactTime at={token.expires_at} />}</td>
              <td>{describeToken(token)}</td>
              <td>
                {token.revoked_at === undefined ? (
                  <ConfirmButton
                    name="Revoke"
                    question={`Revoke the token ${token.name}?`}
                    busy={revoke.busy}
                    onConfirm={() => void revoke.run(token.id)}
                  >
                    <p>It counts no longer at once, and its streams and sessions end.</p>
                  </ConfirmButton>
                ) : null}
              </td>
            </tr>
          ))}
        </SimpleTable>
      )}
      <CheckedForm
        label="Create a token"
        problem={create.problem}
        onSubmit={(form) => {
          const given = new FormData(form);
          const further = readField(given, 'scopes')
            .split(/[\s,]+/)
            .filter((scope) => scope !== '');
          const scopes = [...given.getAll('scope').map(String), ...further];
          void create.run(readField(given, 'name'), scopes, readField(given, 'expires'));
        }}
      >
        {(problems) => (
          <>
            <h2>Create a token</h2>
            <div class="fields">
              {TOKEN_FIELDS.map(({ path, placeholder, ...field }) => (
                <FieldFrame key={path} field={field} path={path} problems={problems}>
                  {(id, parts) => (
                    <input id={id} {...parts} required={field.required} placeholder={placeholder} autocomplete="off" />
                  )}
                </FieldFrame>
              ))}
            </div>
            <fieldset class="group">
              <legend>Scopes</legend>
              <div class="checks">
                {SCOPES.map((scope) => (
                  <label key={scope} class="inline-field">
                    <input type="checkbox" name="scope" value={scope} />
                    <span>{scope}</span>
                  </label>
                ))}
              </div>
            </fieldset>
            <div class="buttons">
              <TaskButton type="submit" class="primary" busy={create.busy}>
                Create token
              </TaskButton>
            </div>
          </>
        )}
      </CheckedForm>
    </>
  );
}

function describeToken({
  revoked_at: revokedAt,
  expires_at: expiresAt,
}: {
  readonly revoked_at?: string | undefined;
  readonly expires_at?: string | undefined;
}): string {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'counts';
}
