import { Link, useRoute } from 'wouter-preact';
import { usePage } from '../state/page-state.ts';
import type { Theme } from '../state/theme-state.ts';
import { THEMES } from '../state/theme-state.ts';

const THEME_WORDS: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Where one can go, which host this is, and who is signed in. */
export function Navigation() {
  const { session, theme, connectors } = usePage();
  const now = session.now.value;
  const who = now.phase === 'in' ? now.session : undefined;
  const liveness = connectors.liveness.value;
  return (
    <header class="side">
      <p class="brand">
        <BrandMark /> Automate <span class="brand-second">Connectors</span>
      </p>
      <nav aria-label="Main">
        <ul>
          <Entry to="/connectors" name="Connectors" />
          <Entry to="/trouble" name="Trouble" />
          <Entry to="/hosts" name="Hosts" />
          <Entry to="/schedules" name="Schedules" />
          <Entry to="/plugins" name="Plugins" />
          <Entry to="/secrets" name="Secrets" />
          <Entry to="/access" name="Access" />
          <Entry to="/audit" name="Audit" />
          <Entry to="/logs" name="Logs" />
        </ul>
      </nav>
      <div class="side-foot">
        <p class={`live live-${liveness.phase}`} role="status">
          <span class="live-dot" aria-hidden="true" />
          {liveness.phase === 'live' ? 'Live' : liveness.phase === 'loading' ? 'Connecting …' : 'Not connected'}
        </p>
        <div class="theme-choice">
          <label for="theme">Colours</label>
          <select
            id="theme"
            value={theme.chosen.value}
            onChange={(event) => theme.choose(event.currentTarget.value as Theme)}
          >
            {THEMES.map((each) => (
              <option key={each} value={each}>
                {THEME_WORDS[each]}
              </option>
            ))}
          </select>
        </div>
        {who === undefined ? null : (
          <p class="who">
            <span class="who-name" title={who.scopes.join(', ')}>
              {who.name}
            </span>
            {who.signed_in ? (
              <button type="button" class="plain" onClick={() => void session.signOut()}>
                Sign out
              </button>
            ) : null}
            <span class="version">host {who.version}</span>
          </p>
        )}
      </div>
    </header>
  );
}

function Entry({ to, name }: { readonly to: string; readonly name: string }) {
  const [isHere] = useRoute(`${to}/*?`);
  return (
    <li>
      <Link href={to} aria-current={isHere ? 'page' : undefined}>
        {name}
      </Link>
    </li>
  );
}

function BrandMark() {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M9 12h6m2 8h6M15 8v8a4 4 0 0 0 4 4M17 24v-8a4 4 0 0 0-4-4" />
    </svg>
  );
}
