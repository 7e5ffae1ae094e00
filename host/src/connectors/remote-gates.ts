import { isDeepStrictEqual } from 'node:util';
import type { CircuitState, ConnectorConfig, ErrorEnvelope } from '@automate/contract';
import { Circuit } from '../execution/gates/circuit.ts';
import { RateLimits } from '../execution/gates/rate-limit.ts';

/** What a connector has learned of its remote system, and has sent it. */
export interface RemoteGates {
  readonly config: ConnectorConfig;
  readonly circuit: Circuit | undefined;
  readonly rates: RateLimits | undefined;
}

/**
 * The circuit and the limits of rate of a connector. Those go on that an edit leaves as they were: an edit of something else makes
 * no remote system well, and lets nobody send it more. A circuit tells of the one place that it was learned at.
 *
 * @param onCircuit hears of each new state, and of the error for which it opened
 */
export function openRemoteGates(
  config: ConnectorConfig,
  onCircuit: (state: CircuitState, error?: ErrorEnvelope) => void,
  before: RemoteGates | undefined,
): RemoteGates {
  const { circuit, limits } = config;
  const goesOn = before !== undefined && isDeepStrictEqual(placeOf(before.config), placeOf(config));
  return {
    config,
    circuit: goesOn ? before.circuit : circuit && new Circuit(circuit, onCircuit),
    rates: limits.rate === undefined && limits.rates === undefined ? undefined : new RateLimits(limits, before?.rates),
  };
}

/** Any setting may name the remote system, and so may the profile: which does, only the kind knows. */
function placeOf({
  circuit,
  kind,
  scheme,
  host,
  port,
  basePath,
  proxy,
  profile,
  settings,
  auth,
}: ConnectorConfig): readonly unknown[] {
  return [circuit, kind, scheme, host, port, basePath, proxy, profile, settings, auth.tokenUrl];
}
