import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { ConnectorStats } from '../api/types.ts';
import { usePage } from './page-state.ts';

/** One look at a connector's numbers. */
export interface StatsSample {
  /** In seconds. */
  readonly time: number;
  readonly stats: ConnectorStats;
}

const EVERY_MS = 2_000;
/** Five minutes. */
const KEPT = 150;

/** A connector's numbers, looked at every two seconds for as long as the view is there and seen; the oldest first. */
export function useStats(id: string): readonly StatsSample[] {
  const { session, connectors } = usePage();
  const [samples, setSamples] = useState<readonly StatsSample[]>([]);
  const mayLook = session.may('read');
  useEffect(() => {
    // Whoever may not see them would be refused every two seconds, and recorded.
    if (!mayLook) return undefined;
    let isHere = true;
    const look = async (): Promise<void> => {
      if (document.visibilityState === 'hidden') return;
      const answer = await api.getStats().catch(() => undefined);
      // Of several hosts the one that holds it counts, else the first that runs it.
      const rows = answer?.connectors.filter((each) => each.id === id) ?? [];
      const holder = connectors.byId.value.get(id)?.host;
      const stats =
        rows.find(({ host }) => host === holder) ?? rows.find(({ worker }) => worker !== undefined) ?? rows[0];
      if (!isHere || answer === undefined || stats === undefined) return;
      const sample = { time: Date.parse(answer.at) / 1_000, stats };
      setSamples((before) => [...before.slice(1 - KEPT), sample]);
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => {
      isHere = false;
      clearInterval(timer);
    };
  }, [id, mayLook]);
  return samples;
}
