import type { ProblemDocument } from '@automate/contract/http';
import type { ReadonlySignal } from '@preact/signals';
import { signal } from '@preact/signals';
import type { ConnectorEvent, ConnectorInfo, HealthReport } from '../api/types.ts';
import { api } from '../api/api.ts';
import { toProblem } from '../api/request.ts';
import { createEventBatch } from './event-batch.ts';
import type { SessionState } from './session-state.ts';

/** `loading` until all that there is has come once; `lost` while what is shown may be old. */
export type Liveness =
  | { readonly phase: 'loading' }
  | { readonly phase: 'live' }
  | { readonly phase: 'lost'; readonly reason: ProblemDocument };

export interface ConnectorsState {
  readonly byId: ReadonlySignal<ReadonlyMap<string, ConnectorInfo>>;
  /** What the last check of each found: who must act, since when. May be a moment older than the status. */
  readonly health: ReadonlySignal<Readonly<Record<string, HealthReport>>>;
  readonly liveness: ReadonlySignal<Liveness>;
  /** Follows the host while the tab is seen. Gives what ends that. */
  follow(): () => void;
  /** Asks for the reports of health soon, as something may have changed. */
  refreshHealth(): void;
  /** Takes over what a check has just found. */
  noteHealth(report: HealthReport): void;
}

/** After this the stream is asked for again; longer each time, up to the last. */
const AGAIN_MS = [250, 500, 1_000, 2_000, 5_000];
/** Reports of health are asked for so long after a change, and at most this often. */
const HEALTH_AFTER_MS = 150;
const HEALTH_EVERY_MS = 2_000;

/** All connectors as they are now, from the stream of events: one request for the list and for what becomes of it. */
export function createConnectorsState(session: SessionState): ConnectorsState {
  const byId = signal<ReadonlyMap<string, ConnectorInfo>>(new Map());
  const health = signal<Readonly<Record<string, HealthReport>>>({});
  const liveness = signal<Liveness>({ phase: 'loading' });
  let healthTimer: ReturnType<typeof setTimeout> | undefined;
  let healthAt = 0;

  const askHealth = async (): Promise<void> => {
    healthAt = Date.now();
    try {
      const { results } = await api.healthCheckAll();
      health.value = results;
    } catch (reason) {
      session.noteFailure(reason);
    }
  };
  const healthSoon = (): void => {
    const wait = Math.max(HEALTH_AFTER_MS, healthAt + HEALTH_EVERY_MS - Date.now());
    healthTimer ??= setTimeout(() => {
      healthTimer = undefined;
      void askHealth();
    }, wait);
  };

  const read = async (signal: AbortSignal): Promise<void> => {
    const batch = createEventBatch((apply) => {
      byId.value = apply(byId.peek());
      healthSoon();
    });
    try {
      for await (const event of api.watchConnectors(signal)) {
        batch.add(event satisfies ConnectorEvent);
        if (event.kind === 'synced') liveness.value = { phase: 'live' };
      }
    } finally {
      batch.end();
    }
  };
  const keepReading = async (signal: AbortSignal): Promise<void> => {
    for (let tries = 0; !signal.aborted; tries += 1) {
      const began = Date.now();
      try {
        await read(signal);
      } catch (reason) {
        if (signal.aborted) return;
        session.noteFailure(reason);
        liveness.value = { phase: 'lost', reason: toProblem(reason) };
      }
      // One that lasted a while was no failed try.
      if (Date.now() - began > 10_000) tries = 0;
      await pause(AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)] ?? 0, signal);
    }
  };

  return {
    byId,
    health,
    liveness,
    follow() {
      let reading: AbortController | undefined;
      // Browsers allow six connections to a host: a tab that nobody looks at holds none.
      const followVisible = (): void => {
        if (document.visibilityState === 'hidden') {
          reading?.abort();
          reading = undefined;
        } else if (reading === undefined) {
          reading = new AbortController();
          void keepReading(reading.signal);
        }
      };
      followVisible();
      document.addEventListener('visibilitychange', followVisible);
      return () => {
        document.removeEventListener('visibilitychange', followVisible);
        reading?.abort();
        clearTimeout(healthTimer);
        healthTimer = undefined;
      };
    },
    refreshHealth: healthSoon,
    noteHealth(report) {
      health.value = { ...health.peek(), [report.id]: report };
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
