import type { ProblemDocument } from '@automate/contract/http';
import { useEffect } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { BlameReport } from '../api/types.ts';
import { useLoad } from './use-load.ts';

const EVERY_MS = 5_000;

export interface Blamed {
  /** As it was last told. */
  readonly report?: BlameReport | undefined;
  readonly problem?: ProblemDocument | undefined;
}

/** Who makes trouble, looked at every five seconds for as long as the view is there and seen. */
export function useBlame(): Blamed {
  const { value, problem, reload } = useLoad(() => api.blame(), []);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== 'hidden') void reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
  return { report: value, problem };
}
