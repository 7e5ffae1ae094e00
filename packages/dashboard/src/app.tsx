import { useEffect } from 'preact/hooks';
import { Redirect, Route, Router, Switch } from 'wouter-preact';
import { useHashLocation } from 'wouter-preact/use-hash-location';
import { Navigation } from './parts/navigation.tsx';
import { ProblemPanel } from './parts/problem-panel.tsx';
import { usePage } from './state/page-state.ts';
import { Access } from './views/access.tsx';
import { Audit } from './views/audit.tsx';
import { ConnectorPage } from './views/connector/connector-page.tsx';
import { ConnectorsList } from './views/connectors-list.tsx';
import { Hosts } from './views/hosts.tsx';
import { Logs } from './views/logs.tsx';
import { NotHere } from './views/not-here.tsx';
import { Plugins } from './views/plugins.tsx';
import { RegisterConnector } from './views/register-connector.tsx';
import { Schedules } from './views/schedules.tsx';
import { Secrets } from './views/secrets.tsx';
import { SignIn } from './views/sign-in.tsx';
import { Trouble } from './views/trouble.tsx';

/** The page: who is not signed in signs in, everybody else has the views. */
export function App() {
  const { session } = usePage();
  useEffect(() => void session.ask(), []);
  const now = session.now.value;
  switch (now.phase) {
    case 'asking':
      return (
        <p class="whole-page quiet" role="status">
          Asking the host …
        </p>
      );
    case 'out':
      return <SignIn reason={now.reason} />;
    case 'lost':
      return (
        <main class="whole-page">
          <h1>Automate Connectors</h1>
          <ProblemPanel problem={now.reason} />
          <button type="button" onClick={() => void session.ask()}>
            Try again
          </button>
        </main>
      );
    case 'in':
      return <SignedIn />;
    default:
      return now satisfies never;
  }
}

function SignedIn() {
  const { connectors } = usePage();
  useEffect(() => connectors.follow(), []);
  return (
    <Router hook={useHashLocation}>
      <a class="skip-link" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <div class="shell">
        <Navigation />
        <main id="main" tabIndex={-1}>
          <Switch>
            <Route path="/">
              <Redirect to="/connectors" replace />
            </Route>
            <Route path="/connectors" component={ConnectorsList} />
            <Route path="/connectors/:id/:tab?">{({ id, tab }) => <ConnectorPage key={id} id={id} tab={tab} />}</Route>
            <Route path="/register" component={RegisterConnector} />
            <Route path="/trouble" component={Trouble} />
            <Route path="/hosts" component={Hosts} />
            <Route path="/schedules" component={Schedules} />
            <Route path="/plugins" component={Plugins} />
            <Route path="/secrets" component={Secrets} />
            <Route path="/access" component={Access} />
            <Route path="/audit" component={Audit} />
            <Route path="/logs" component={Logs} />
            <Route>
              <NotHere />
            </Route>
          </Switch>
        </main>
      </div>
    </Router>
  );
}

/** The address belongs to the views: a link to a place within the page must not change it. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}
