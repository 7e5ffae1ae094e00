import type { ProblemDocument } from '@automate/contract/http';
import type { ReadonlySignal } from '@preact/signals';
import { signal } from '@preact/signals';
import type { Session } from '../api/types.ts';
import { api } from '../api/api.ts';
import { toProblem } from '../api/request.ts';

/** `out`: somebody has to sign in. `lost`: the host says nothing. */
export type SessionPhase =
  | { readonly phase: 'asking' }
  | { readonly phase: 'in'; readonly session: Session }
  | { readonly phase: 'out'; readonly reason?: ProblemDocument }
  | { readonly phase: 'lost'; readonly reason: ProblemDocument };

export interface SessionState {
  readonly now: ReadonlySignal<SessionPhase>;
  /** Finds out who is signed in. */
  ask(): Promise<void>;
  /** Throws an `ApiError` for a token that does not count. */
  signIn(token: string): Promise<void>;
  signOut(): Promise<void>;
  /**
   * Makes a token, and where nobody is signed in goes on with it: the first token of a host ends what anybody could do before, and
   * whoever made it here must still see it.
   */
  makeToken(make: () => Promise<string>): Promise<string>;
  /** Whether who is signed in has a scope. */
  may(scope: string): boolean;
  /** To be told of every failure: one of them means that the session is over. */
  noteFailure(reason: unknown): void;
}

export function createSessionState(): SessionState {
  const now = signal<SessionPhase>({ phase: 'asking' });
  let makingFirst = false;
  return {
    now,
    async ask() {
      try {
        now.value = { phase: 'in', session: await api.getSession() };
      } catch (reason) {
        const problem = toProblem(reason);
        if (problem.code !== 'UNAUTHENTICATED') now.value = { phase: 'lost', reason: problem };
        else if (problem.details?.['reason'] === 'no_credentials') now.value = { phase: 'out' };
        else now.value = { phase: 'out', reason: problem };
      }
    },
    async signIn(token) {
      now.value = { phase: 'in', session: await api.signIn(token) };
    },
    async signOut() {
      await api.signOut().catch(() => undefined);
      now.value = { phase: 'out' };
    },
    async makeToken(make) {
      makingFirst = now.value.phase === 'in' && now.value.session.name === 'local';
      try {
        const token = await make();
        if (makingFirst) now.value = { phase: 'in', session: await api.signIn(token) };
        return token;
      } finally {
        makingFirst = false;
      }
    },
    may(scope) {
      if (now.value.phase !== 'in') return false;
      const { scopes } = now.value.session;
      return scopes.includes('admin') || scopes.includes(scope);
    },
    noteFailure(reason) {
      if (makingFirst) return;
      const problem = toProblem(reason);
      if (problem.code === 'UNAUTHENTICATED' && now.value.phase === 'in') now.value = { phase: 'out', reason: problem };
    },
  };
}
