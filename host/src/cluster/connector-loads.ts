import type { ConnectorLoad } from './placement-policy.ts';

/** How much a connector is used, as the part knows that runs it. */
export interface ConnectorUse {
  /** Bytes that its worker has; 0 without one. */
  readonly memoryBytes: number;
  /** Calls that have ended since it was first used, which begins anew now and then. */
  readonly calls: number;
  /** Calls under way. */
  readonly inFlight: number;
}

/** Over how long calls are averaged, in milliseconds. */
const AVERAGED_MS = 30_000;

interface Look {
  readonly at: number;
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly use: ConnectorUse;
}

/** What the connectors that a host holds cost it, by looks at how much they have been used. */
export class ConnectorLoads {
  #looks = new Map<string, Look>();

  /** Looks at these, and forgets all others. */
  look(connectors: Iterable<string>, useOf: (connector: string) => ConnectorUse | undefined, now: number): void {
    const looks = new Map<string, Look>();
    for (const connector of connectors) {
      const use = useOf(connector) ?? { memoryBytes: 0, calls: 0, inFlight: 0 };
      looks.set(connector, nextLook(this.#looks.get(connector), use, now));
    }
    this.#looks = looks;
  }

  of(connector: string): ConnectorLoad & { readonly inFlight: number } {
    const { callsPerSecond, use } = this.#looks.get(connector) ?? {
      callsPerSecond: 0,
      use: { memoryBytes: 0, inFlight: 0 },
    };
    return { memoryBytes: use.memoryBytes, inFlight: use.inFlight, callsPerSecond };
  }
}

function nextLook(before: Look | undefined, use: ConnectorUse, at: number): Look {
  if (before === undefined || at <= before.at) return { at, calls: use.calls, callsPerSecond: 0, use };
  const rate = (Math.max(0, use.calls - before.calls) * 1_000) / (at - before.at);
  const weight = 1 - Math.exp((before.at - at) / AVERAGED_MS);
  return { at, calls: use.calls, callsPerSecond: before.callsPerSecond + weight * (rate - before.callsPerSecond), use };
}
