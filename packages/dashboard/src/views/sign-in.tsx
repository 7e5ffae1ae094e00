import type { ProblemDocument } from '@automate/contract/http';
import { useState } from 'preact/hooks';
import { CheckedForm } from '../forms/checked-form.tsx';
import { FieldFrame, requiredField } from '../forms/field-frame.tsx';
import { useViewHeading } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { usePage } from '../state/page-state.ts';
import { useTask } from '../state/use-load.ts';
import { TaskButton } from '../parts/task-button.tsx';

/** Asks for a token, once: from then on a cookie that no script can read says who it is. */
export function SignIn({ reason }: { readonly reason?: ProblemDocument | undefined }) {
  const { session } = usePage();
  const [token, setToken] = useState('');
  const signIn = useTask(async () => session.signIn(token));
  const heading = useViewHeading('Sign in');
  const problem = signIn.problem ?? reason;
  return (
    <main class="whole-page">
      <h1 ref={heading} tabIndex={-1}>
        Sign in
      </h1>
      <p>
        This host wants to know who calls. Whoever runs it makes a token with <code>automate tokens create NAME</code>.
      </p>
      <CheckedForm label="Sign in" class="" onSubmit={() => void signIn.run()}>
        {(problems) => (
          <>
            <FieldFrame field={requiredField('Token')} path="token" problems={problems}>
              {(id, parts) => (
                <input
                  id={id}
                  {...parts}
                  type="password"
                  autocomplete="current-password"
                  spellcheck={false}
                  placeholder="aut_…"
                  required
                  value={token}
                  onInput={(event) => setToken(event.currentTarget.value)}
                />
              )}
            </FieldFrame>
            <TaskButton type="submit" class="primary" busy={signIn.busy}>
              {signIn.busy ? 'Signing in …' : 'Sign in'}
            </TaskButton>
          </>
        )}
      </CheckedForm>
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
    </main>
  );
}
