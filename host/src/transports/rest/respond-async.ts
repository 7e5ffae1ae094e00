import type { CallOptions, ConnectorService, Execution, StartExecutionRequest } from '@automate/contract';
import { hasEnded, InvalidInputError, LONGEST_TIMER_MS, quote } from '@automate/contract';
import { API_PREFIX, executeResultText, executionView } from '@automate/contract/http';
import { answerOfExecution, timeoutRefused } from '@automate/contract/service';
import { parseDuration } from '@automate/contract/schemas';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a call of an action says besides, if it is to become an execution. */
interface StartQuery {
  readonly run_at?: string;
  readonly priority?: string;
  readonly run_timeout?: string;
  readonly callback_url?: string;
}

const PARAMETERS: readonly string[] = [
  'run_at',
  'priority',
  'run_timeout',
  'callback_url',
] satisfies (keyof StartQuery)[];

/** What the query says of an execution. What it may be is for the service to say. */
export function readStartQuery(request: FastifyRequest): Omit<StartExecutionRequest, 'id' | 'action' | 'payload'> {
  const { run_at: runAt, priority, run_timeout: runTimeout, callback_url: callbackUrl } = request.query as StartQuery;
  const runTimeoutMs = runTimeout === undefined ? undefined : parseDuration(runTimeout);
  if (runTimeout !== undefined && runTimeoutMs === undefined)
    throw refused('run_timeout', 'a duration such as "30s"', quote(runTimeout.slice(0, 80)));
  if (priority !== undefined && !/^-?\d{1,9}$/.test(priority))
    throw refused('priority', 'a whole number from -100 to 100', quote(priority.slice(0, 80)));
  // One that is misspelt would have the call made at once, or without its callback. The query that was checked is without it.
  const given = new URLSearchParams(request.url.split('?')[1] ?? '');
  const unknown = [...given.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw refused(unknown.slice(0, 80), `one of ${PARAMETERS.join(', ')}`, 'another parameter');
  return {
    ...(runAt === undefined ? {} : { runAt }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}

/** Throws where a call that is waited for says when, how soon or for how long an execution is to run. */
export function requireNoStartQuery(request: FastifyRequest): void {
  const [name] = Object.keys(request.query as object);
  if (name !== undefined) throw refused(name, 'the header "Prefer: respond-async" beside it', 'a call that waits');
}

/**
 * Starts an execution and answers 202 with how it stands; with `wait` as many seconds beside `respond-async`, what it came to, as a call
 * that waits would be answered, where that is known by then.
 */
export async function respondAsync(
  service: ConnectorService,
  start: StartExecutionRequest,
  { reply, options }: { readonly reply: FastifyReply; readonly options: CallOptions },
): Promise<unknown> {
  const { timeoutMs: waitMs, ...rest } = options;
  if (waitMs !== undefined && waitMs < 0) throw timeoutRefused(waitMs / 1000);
  const started = await service.startExecution(start, rest);
  const wait = waitMs === undefined ? undefined : `wait=${waitMs / 1000}`;
  reply.header('location', `${API_PREFIX}/executions/${encodeURIComponent(started.id)}`);
  reply.header('preference-applied', ['respond-async', ...(wait === undefined ? [] : [wait])].join(', '));
  const now = waitMs === undefined || waitMs === 0 ? started : await waitForEnd(service, started, { ...rest, waitMs });
  if (wait === undefined || !hasEnded(now)) {
    reply.code(202);
    return executionView(now);
  }
  reply.header('preference-applied', wait);
  const answer = executeResultText(answerOfExecution(now));
  reply.header('content-type', 'application/json; charset=utf-8');
  return answer;
}

/** How it stands when it has ended, or when the time is over. */
async function waitForEnd(
  service: ConnectorService,
  started: Execution,
  { waitMs, ...options }: CallOptions & { readonly waitMs: number },
): Promise<Execution> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), Math.min(waitMs, LONGEST_TIMER_MS));
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  let now = started;
  try {
    for await (now of service.watchExecution(started.id, { ...options, signal })) if (hasEnded(now)) break;
  } finally {
    clearTimeout(timer);
  }
  return started.replayed === true ? { ...now, replayed: true } : now;
}

function refused(path: string, expected: string, received: string): InvalidInputError {
  return new InvalidInputError(`the query is wrong: ${path}: expected ${expected}, received ${received}`, {
    problems: [{ path: `query ${path}`, expected, received }],
  });
}
