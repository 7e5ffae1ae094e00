import type { ProblemDocument } from '@automate/contract/http';
import { useEffect } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { BlameReport } from '../api/types.ts';
import { usePage } from './page-state.ts';
import { useLoad } from './use-load.ts';

const EVERY_MS = 5_000;

export interface Blamed {
  /** As it was last told. */
  readonly report?: BlameReport | undefined;
  readonly problem?: ProblemDocument | undefined;
}

/** Who makes trouble, looked at every five seconds for as long as the view is there and seen, by who may see it. */
export function useBlame(): Blamed {
  const { session } = usePage();
  const mayLook = session.may('read');
  const { value, problem, reload } = useLoad(async () => (mayLook ? api.blame() : undefined), [mayLook]);
  useEffect(() => {
    if (!mayLook) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState !== 'hidden') void reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [reload, mayLook]);
  return { report: value, problem };
}
