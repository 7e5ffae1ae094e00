import { randomUUID } from 'node:crypto';
import { action, ConnectorError, createConnectorError, UpstreamError } from '@automate/sdk';
import type { CallContext, JsonObject } from '@automate/sdk';
import { z } from 'zod';
import { endOfRun } from '../end-of-run.ts';
import type { RunEnd } from '../end-of-run.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { GatewayConnection } from '../gateway-connection.ts';
import { parseAnswer } from '../gateway-error.ts';
import { defined, time, toTime } from '../outputs.ts';
import type { RunStory } from '../run-watcher.ts';
import { watchRun } from '../run-watcher.ts';

const input = z.strictObject({
  message: z.string().min(1).describe('What the agent shall do'),
  agent_id: z.string().min(1).optional().describe('Default: the setting `agent_id`, or else the agent of the gateway'),
  session_key: z.string().min(1).optional().describe('The conversation to go on with. Default: a new one'),
  model: z.string().min(1).optional().describe('Another model than the one the agent is set to'),
  thinking: z
    .string()
    .min(1)
    .optional()
    .describe('How hard it thinks, in the words of the gateway: "off", "low", "high", …'),
  extra_system_prompt: z.string().min(1).optional().describe('Added to what the agent is told at the beginning'),
  stop_on_timeout: z
    .boolean()
    .default(true)
    .describe('Whether the run is stopped when the call times out or is cancelled, or goes on without us'),
});
const output = z.object({
  run_id: z.string(),
  session_key: z.string().optional().describe('To go on with'),
  agent_id: z.string().optional(),
  text: z.string().describe("The agent's answer"),
  stop_reason: z.string().optional(),
  model: z.string().optional(),
  started_at: time,
  ended_at: time,
});
type Input = z.output<typeof input>;
type Output = z.output<typeof output>;

const accepted = z.object({ runId: z.string(), sessionKey: z.string().optional(), agentId: z.string().optional() });
interface Run {
  readonly runId: string;
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 10 * 60_000;

/** Has an agent do something and waits for it. */
export const runAgent = (gateway: GatewayClient) =>
  action({
    description:
      'Gives an agent a task, waits until it is done and gives its answer. Its steps go to the log meanwhile.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    timeoutMs: DEFAULT_TIMEOUT_MS,
    async run(payload, context): Promise<Output> {
      const connection = await gateway.talk(context, 'agent', async (open) => open);
      const watcher = watchRun(connection, context.logger);
      const params = paramsOf(payload, gateway.settings.agent_id, context.idempotencyKey);
      let run: Run | undefined;
      const named = (begun: Run): Run => ({
        ...begun,
        sessionKey: begun.sessionKey ?? watcher.story.sessionKey ?? payload.session_key,
      });
      let begun: Promise<Run> | undefined;
      try {
        return await gateway.talk(context, "the agent's run", async () => {
          begun = connection.request('agent', params).then((answer) => {
            run = parseAnswer(accepted, answer, 'agent');
            watcher.follow(run.runId);
            return run;
          });
          const started = await begun;
          const end = await endOfRun(connection, started.runId, context);
          return resultOf(named(started), end, watcher.story);
        });
      } catch (thrown) {
        const error = ConnectorError.from(thrown);
        const stopping = GIVEN_UP.has(error.code) && payload.stop_on_timeout;
        // The answer that names the run may still be on its way.
        if (stopping) begun?.then((late) => stopRun(connection, named(late), context)).catch(() => undefined);
        if (run === undefined && !(stopping && begun !== undefined)) throw error;
        throw withRun(error, run && named(run), stopping);
      } finally {
        watcher.stop();
      }
    },
  });

const GIVEN_UP: ReadonlySet<string> = new Set(['TIMEOUT', 'CANCELLED', 'UNAVAILABLE']);

function paramsOf(payload: Input, defaultAgent: string | undefined, idempotencyKey: string = randomUUID()): JsonObject {
  return defined({
    message: payload.message,
    // The gateway begins one run for a key, and names that one whenever the key comes again.
    idempotencyKey,
    agentId: payload.agent_id ?? (payload.session_key === undefined ? defaultAgent : undefined),
    sessionKey: payload.session_key,
    model: payload.model,
    thinking: payload.thinking,
    extraSystemPrompt: payload.extra_system_prompt,
  }) as JsonObject;
}

function resultOf(run: Run, end: RunEnd, story: RunStory): Output {
  if (end.status !== 'ok') throw runFailed(end, story);
  return defined({
    run_id: run.runId,
    session_key: run.sessionKey,
    agent_id: run.agentId,
    text: end.terminalReply?.text ?? story.text ?? '',
    stop_reason: end.stopReason ?? undefined,
    model: end.terminalReceipt?.effective?.model ?? undefined,
    started_at: toTime(end.startedAt),
    ended_at: toTime(end.endedAt),
  });
}

/** A time-out that ended the run, such as the model provider's, is the run's failure and not the call's. */
function runFailed({ status, error, stopReason, timeoutPhase }: RunEnd, story: RunStory): UpstreamError {
  const timedOut = `it ran out of time${timeoutPhase ? ` (${timeoutPhase})` : ''}`;
  const reason = error || story.error || (status === 'timeout' ? timedOut : stopReason) || 'no reason given';
  return new UpstreamError(`the agent failed: ${reason}`, {
    retryable: false,
    details: {
      reason: 'run_failed',
      ...(stopReason ? { stop_reason: stopReason } : {}),
      ...(timeoutPhase ? { timeout_phase: timeoutPhase } : {}),
    },
  });
}

/** Asks for the run's end and does not wait for it: the call's time is over. */
async function stopRun(
  connection: GatewayConnection,
  { runId, sessionKey }: Run,
  { logger }: CallContext,
): Promise<void> {
  try {
    // The gateway stops no run without its conversation.
    await connection.request('sessions.abort', defined({ runId, key: sessionKey }) as JsonObject);
    logger.info('the run was stopped', { run_id: runId });
  } catch (error) {
    logger.warn('the run could not be stopped', { run_id: runId, error: ConnectorError.from(error).message });
  }
}

/** The error with the run it is about, as far as it was named, so that one can look after it. */
function withRun(error: ConnectorError, run: Run | undefined, stopping: boolean): ConnectorError {
  return createConnectorError(error.code, error.message, {
    // It has begun, so another try would be another run, unless it has a key.
    effect: 'maybe',
    // Another try would find the run that was stopped.
    retryable: error.retryable && !stopping,
    retryAfterMs: error.retryAfterMs,
    details: {
      ...error.details,
      ...(run === undefined ? {} : { run_id: run.runId }),
      ...(run?.sessionKey === undefined ? {} : { session_key: run.sessionKey }),
      ...(stopping ? { stopping: true } : {}),
    },
    cause: error,
  });
}
