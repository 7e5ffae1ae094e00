import { randomUUID } from 'node:crypto';
import { action, ConnectorError, createConnectorError, remainingMs, TimeoutError, UpstreamError } from '@automate/sdk';
import type { CallContext, JsonObject } from '@automate/sdk';
import { z } from 'zod';
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
const waited = z.object({
  status: z.enum(['ok', 'error', 'timeout']),
  error: z.string().optional(),
  stopReason: z.string().optional(),
  startedAt: z.number().nullish(),
  endedAt: z.number().nullish(),
  terminalReply: z.object({ text: z.string().optional() }).optional(),
  terminalReceipt: z.object({ effective: z.object({ model: z.string().nullish() }).optional() }).optional(),
});

interface Run {
  readonly runId: string;
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
/** So that the gateway's own word on the time being over still arrives in time. */
const MARGIN_MS = 100;

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
      let run: Run | undefined;
      try {
        return await gateway.talk(context, "the agent's run", async () => {
          const params = paramsOf(payload, gateway.settings.agent_id);
          run = parseAnswer(accepted, await connection.request('agent', params), 'agent');
          watcher.follow(run.runId);
          const timeoutMs = Math.max(1, remainingMs(context.deadline) - MARGIN_MS);
          const end = await connection.request('agent.wait', { runId: run.runId, timeoutMs });
          return resultOf(run, parseAnswer(waited, end, 'agent.wait'), watcher.story);
        });
      } catch (thrown) {
        const error = ConnectorError.from(thrown);
        if (run === undefined) throw error;
        const known = { ...run, sessionKey: run.sessionKey ?? watcher.story.sessionKey };
        const given = GIVEN_UP.has(error.code);
        if (given && payload.stop_on_timeout) stopRun(connection, known, context);
        throw withRun(error, known, given && payload.stop_on_timeout);
      } finally {
        watcher.stop();
      }
    },
  });

const GIVEN_UP: ReadonlySet<string> = new Set(['TIMEOUT', 'CANCELLED', 'UNAVAILABLE']);

function paramsOf(payload: Input, defaultAgent: string | undefined): JsonObject {
  return defined({
    message: payload.message,
    idempotencyKey: randomUUID(),
    agentId: payload.agent_id ?? (payload.session_key === undefined ? defaultAgent : undefined),
    sessionKey: payload.session_key,
    model: payload.model,
    thinking: payload.thinking,
    extraSystemPrompt: payload.extra_system_prompt,
  }) as JsonObject;
}

function resultOf(run: Run, end: z.output<typeof waited>, story: RunStory): Output {
  if (end.status === 'timeout') throw new TimeoutError('the agent was not done in time');
  if (end.status === 'error') {
    throw new UpstreamError(`the agent failed: ${end.error ?? story.error ?? end.stopReason ?? 'no reason given'}`, {
      retryable: false,
      details: { reason: 'run_failed', ...(end.stopReason === undefined ? {} : { stop_reason: end.stopReason }) },
    });
  }
  return defined({
    run_id: run.runId,
    session_key: run.sessionKey ?? story.sessionKey,
    agent_id: run.agentId,
    text: end.terminalReply?.text ?? story.text ?? '',
    stop_reason: end.stopReason,
    model: end.terminalReceipt?.effective?.model ?? undefined,
    started_at: toTime(end.startedAt),
    ended_at: toTime(end.endedAt),
  });
}

/** Asks for the run's end and does not wait for it: the call's time is over. */
function stopRun(connection: GatewayConnection, { runId, sessionKey }: Run, { logger }: CallContext): void {
  connection.request('sessions.abort', defined({ runId, key: sessionKey }) as JsonObject).then(
    () => logger.info('the run was stopped', { run_id: runId }),
    (error: unknown) =>
      logger.warn('the run could not be stopped', { run_id: runId, error: ConnectorError.from(error).message }),
  );
}

/** The error with the run it is about, so that one can look after it. */
function withRun(error: ConnectorError, { runId, sessionKey }: Run, stopping: boolean): ConnectorError {
  return createConnectorError(error.code, error.message, {
    // It has begun, so another try would be another run.
    effect: 'maybe',
    retryable: error.retryable,
    retryAfterMs: error.retryAfterMs,
    details: {
      ...error.details,
      run_id: runId,
      ...(sessionKey === undefined ? {} : { session_key: sessionKey }),
      ...(stopping ? { stopping: true } : {}),
    },
    cause: error,
  });
}
