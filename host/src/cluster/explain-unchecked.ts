import type { HealthReport } from '@automate/contract';
import { ConnectorError } from '@automate/contract';

/** What a check ends with where no host takes it. */
const UNCHECKED: ReadonlySet<string> = new Set(['UNAVAILABLE', 'WORKER_LOST', 'TRANSIENT_NETWORK']);

/**
 * How a connector is whose check no host has taken: that says nothing of the others. Throws what else a check ends with, such as that
 * its caller left.
 *
 * @param known what was last known of all
 */
export async function explainUnchecked(
  id: string,
  reason: unknown,
  known: () => Promise<Readonly<Record<string, HealthReport>>>,
): Promise<HealthReport> {
  const error = ConnectorError.from(reason);
  if (!UNCHECKED.has(error.code)) throw error;
  const { message, blame } = error;
  const none = { id, responseTimeMs: 0, consecutiveFailures: 0 };
  return { ...none, ...(await known())[id], status: 'unhealthy', healthy: false, message, blame };
}
