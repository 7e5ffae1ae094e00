import type { ConnectorConfigInput, Principal, TestReport } from '@automate/contract';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConnectorWorker } from '../runtime/runtime.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { endpointOf } from './connector-views.ts';
import { probe } from './probe.ts';
import type { Registrations } from './registrations.ts';

export interface ConfigTrialOptions {
  readonly registrations: Pick<Registrations, 'check'>;
  createWorker(entry: ConnectorEntry, kind: Kind): ConnectorWorker;
}

/** How long a worker that was only tried out may take to close, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

/**
 * Tests a configuration before it is registered, in a worker that nobody else sees: nothing is stored, and what runs runs on. Rejects with
 * INVALID_INPUT where it could not be registered.
 */
export async function tryConfig(
  { registrations, createWorker }: ConfigTrialOptions,
  config: ConnectorConfigInput,
  principal?: Principal,
): Promise<TestReport> {
  const { entry, kind } = await registrations.check(config, principal);
  const worker = createWorker(entry, kind);
  try {
    const { healthCheck, limits } = entry.config;
    const { status, message } = await probe({
      worker,
      timeoutMs: healthCheck.timeoutMs,
      startTimeoutMs: limits.startTimeoutMs,
      reconnect: false,
    });
    const facts = { id: entry.id, status, endpoint: endpointOf(entry) };
    return status === 'healthy' ? { ...facts, success: true } : { ...facts, success: false, error: message };
  } finally {
    void worker.close({ graceMs: CLOSE_GRACE_MS });
  }
}
