import type { CallOptions, LineLevel } from '@automate/contract';
import { waitWithin } from '../execution/wait-within.ts';
import type { Overlay } from '../store/overlay-store.ts';
import type { Changes } from './changes.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { LiveConnectors } from './live-connectors.ts';
import type { Registry } from './registry.ts';

export interface ControlsOptions {
  readonly registry: Registry;
  readonly changes: Changes;
  readonly live: LiveConnectors;
  /** Throws where another process serves the data directory, which has to know of every change. */
  assertWritable(): void;
}

/** What an operator can have done with a connector; each gives what stands then. */
export interface Controls {
  pause(id: string, call: CallOptions): Promise<ConnectorEntry>;
  resume(id: string, call: CallOptions): Promise<ConnectorEntry>;
  restart(id: string, call: CallOptions): Promise<ConnectorEntry>;
  enable(id: string, call: CallOptions): Promise<ConnectorEntry>;
  disable(id: string, call: CallOptions): Promise<ConnectorEntry>;
}

export interface LogControl {
  setLogLevel(id: string, level: LineLevel | 'default', call: CallOptions): Promise<ConnectorEntry>;
}

export function createControls({ registry, changes, live, assertWritable }: ControlsOptions): Controls & LogControl {
  const set = (
    id: string,
    call: CallOptions,
    decide: (overlay: Overlay, entry: ConnectorEntry) => Overlay,
  ): Promise<ConnectorEntry> => {
    registry.get(id, call.principal);
    return waitWithin(
      changes.ofOverlay(id, (entry) => {
        assertWritable();
        return decide(entry.overlay ?? {}, entry);
      }),
      call,
    );
  };
  /** What its configuration says already need not be set. */
  const enabled = (wanted: boolean, { enabled: _old, ...overlay }: Overlay, { written }: ConnectorEntry): Overlay =>
    written.enabled === wanted ? overlay : { ...overlay, enabled: wanted };
  return {
    // Async, so that what is refused rejects.
    pause: async (id, call) =>
      set(id, call, ({ pausedSince = new Date().toISOString(), ...overlay }) => ({ ...overlay, pausedSince })),
    resume: async (id, call) => set(id, call, ({ pausedSince: _since, ...overlay }) => overlay),
    async restart(id, call) {
      registry.get(id, call.principal);
      await waitWithin(live.restart(id), call);
      return registry.get(id, call.principal);
    },
    async enable(id, call) {
      const before = registry.get(id, call.principal).config.enabled;
      const { state } = await set(id, call, (overlay, standing) => enabled(true, overlay, standing));
      // What it answers says how it is, also where no check would look for long, and where another has just enabled it.
      const connecting = before ? live.find(id)?.connecting : state.phase === 'usable' ? live.connect(id) : undefined;
      if (connecting !== undefined) await waitWithin(connecting, call);
      return registry.get(id, call.principal);
    },
    setLogLevel: async (id, level, call) =>
      set(id, call, ({ logLevel: _old, ...overlay }) =>
        level === 'default' ? overlay : { ...overlay, logLevel: level },
      ),
    disable: async (id, call) => set(id, call, (overlay, entry) => enabled(false, overlay, entry)),
  };
}
