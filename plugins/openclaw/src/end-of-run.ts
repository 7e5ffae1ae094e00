import { setTimeout as sleep } from 'node:timers/promises';
import type { CallScope } from '@automate/sdk';
import { LONGEST_TIMER_MS, remainingMs, TimeoutError } from '@automate/sdk';
import { z } from 'zod';
import type { GatewayConnection } from './gateway-connection.ts';
import { parseAnswer } from './gateway-error.ts';

const waited = z.object({
  // "ok", "error" or "timeout".
  status: z.string(),
  error: z.string().nullish(),
  stopReason: z.string().nullish(),
  timeoutPhase: z.string().nullish(),
  /** The run has failed and may yet be revived by the gateway itself. */
  pendingError: z.boolean().nullish(),
  startedAt: z.number().nullish(),
  endedAt: z.number().nullish(),
  terminalReply: z.object({ text: z.string().nullish() }).nullish(),
  terminalReceipt: z.object({ effective: z.object({ model: z.string().nullish() }).nullish() }).nullish(),
});
/** How a run has ended. */
export type RunEnd = z.output<typeof waited>;

/** Between two waits, so that a gateway that answers at once is not asked without end. */
const PAUSE_MS = 250;

/**
 * Waits for a run's end within the call.
 *
 * @throws TimeoutError when the call's own time is over; a time-out that has ended the run is its end.
 */
export async function endOfRun(
  connection: GatewayConnection,
  runId: string,
  { deadline, signal }: CallScope,
): Promise<RunEnd> {
  while (remainingMs(deadline) > 0 && !signal.aborted) {
    const timeoutMs = Math.min(Math.ceil(remainingMs(deadline)), LONGEST_TIMER_MS);
    const answer = parseAnswer(waited, await connection.request('agent.wait', { runId, timeoutMs }), 'agent.wait');
    if (hasEnded(answer)) return answer;
    await sleep(Math.min(PAUSE_MS, remainingMs(deadline)));
  }
  throw new TimeoutError('the agent was not done in time');
}

/** `timeout` says both that the wait is over and that the run is; only the latter comes with more than that. */
function hasEnded({ status, error, stopReason, timeoutPhase, pendingError, endedAt }: RunEnd): boolean {
  if (status === 'ok' || status === 'error') return true;
  if (pendingError === true) return false;
  return [error, stopReason, timeoutPhase, endedAt].some((sign) => sign !== undefined && sign !== null);
}
