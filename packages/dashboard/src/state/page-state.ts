import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ConnectorsState } from './connectors-state.ts';
import { createConnectorsState } from './connectors-state.ts';
import type { SessionState } from './session-state.ts';
import { createSessionState } from './session-state.ts';
import type { ThemeState } from './theme-state.ts';
import { createThemeState } from './theme-state.ts';

/** What views share, made once and handed down. */
export interface PageState {
  readonly session: SessionState;
  readonly connectors: ConnectorsState;
  readonly theme: ThemeState;
}

export function createPageState(): PageState {
  const session = createSessionState();
  return { session, connectors: createConnectorsState(session), theme: createThemeState() };
}

export const PageContext = createContext<PageState | undefined>(undefined);

export function usePage(): PageState {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('nothing hands the state of the page down to this view');
  return page;
}
