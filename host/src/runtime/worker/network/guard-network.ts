import { setEnvironmentData } from 'node:worker_threads';
import type { StartTask } from '../../bodies/body.ts';
import type { NetworkPolicy } from '../../network-policy.ts';
import { guardSockets } from './guard-sockets.ts';
import type { NetworkGate, NetworkGateOptions } from './network-gate.ts';
import { createNetworkGate } from './network-gate.ts';

/** By which threads that a connector starts find the policy. */
export const NETWORK_DATA = 'automate.network';

/** What a thread is told of the policy. */
export interface NetworkData {
  readonly id: string;
  readonly policy: NetworkPolicy;
  readonly roots?: readonly string[] | undefined;
}

/**
 * Holds this thread, and all that its connector starts, to the policy, before any code of the connector's is loaded. Undefined where
 * there is none.
 */
export function guardNetwork(
  { id, network: policy, offline = false }: Pick<StartTask, 'id' | 'network' | 'offline'>,
  told: Pick<NetworkGateOptions, 'warn' | 'current'>,
): NetworkGate | undefined {
  // Where the network is closed altogether there is nothing left to hold.
  if (policy === undefined || offline) return undefined;
  const gate = createNetworkGate({ id, policy, ...told });
  guardSockets(gate);
  const tellThreads = (data: NetworkData): void => setEnvironmentData(NETWORK_DATA, { ...data });
  tellThreads({ id, policy });
  return {
    ...gate,
    setRoots(roots) {
      gate.setRoots(roots);
      tellThreads({ id, policy, roots });
    },
  };
}
