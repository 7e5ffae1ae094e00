import type { ProblemDocument } from '@automate/contract/http';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { toProblem } from '../api/request.ts';
import { usePage } from './page-state.ts';

/** What was asked for. While it is asked for again, `value` stays what it was. */
export interface Loaded<T> {
  readonly value?: T;
  readonly problem?: ProblemDocument;
  readonly loading: boolean;
  /** Asks again. */
  reload(): Promise<void>;
}

/** Asks when the view appears, and again whenever one of `by` is another. */
export function useLoad<T>(ask: () => Promise<T>, by: readonly unknown[]): Loaded<T> {
  const { session } = usePage();
  const [state, setState] = useState<{ value?: T; problem?: ProblemDocument; loading: boolean }>({ loading: true });
  const turn = useRef(0);
  const reload = useCallback(async () => {
    const mine = (turn.current += 1);
    setState((before) => ({ ...before, loading: true }));
    try {
      const value = await ask();
      if (mine === turn.current) setState({ value, loading: false });
    } catch (reason) {
      session.noteFailure(reason);
      if (mine === turn.current) setState((before) => ({ ...before, problem: toProblem(reason), loading: false }));
    }
  }, by);
  useEffect(() => {
    setState({ loading: true });
    void reload();
    return () => {
      turn.current += 1;
    };
  }, [reload]);
  return { ...state, reload };
}

/** Something that is done when somebody asks for it: whether it is under way, and how it failed. */
export interface Task<Args extends readonly unknown[]> {
  readonly busy: boolean;
  readonly problem?: ProblemDocument;
  run(...args: Args): Promise<boolean>;
  reset(): void;
}

export function useTask<Args extends readonly unknown[]>(work: (...args: Args) => Promise<void>): Task<Args> {
  const { session } = usePage();
  const [state, setState] = useState<{ busy: boolean; problem?: ProblemDocument }>({ busy: false });
  return {
    ...state,
    async run(...args) {
      setState({ busy: true });
      try {
        await work(...args);
        setState({ busy: false });
        return true;
      } catch (reason) {
        session.noteFailure(reason);
        setState({ busy: false, problem: toProblem(reason) });
        return false;
      }
    },
    reset: () => setState({ busy: false }),
  };
}
