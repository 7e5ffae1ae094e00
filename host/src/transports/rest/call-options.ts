import type { CallOptions } from '@automate/contract';
import { CancelledError, InvalidInputError } from '@automate/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Longest wait that a caller may ask for: a day, as everywhere. */
const MAX_WAIT_SECONDS = 86_400;
const WAIT = /(?:^|[,;\s])wait\s*=\s*"?([^",;\s]*)/i;
const SECONDS = /^\d{1,6}(?:\.\d{1,3})?$/;

/** What a request says about waiting, and a signal that fires when its caller goes away before the answer. */
export function readCallOptions(request: FastifyRequest, reply: FastifyReply): CallOptions {
  const { prefer, traceparent, tracestate } = request.headers;
  const timeoutMs = prefer === undefined ? undefined : readWait(String(prefer));
  if (timeoutMs !== undefined) reply.header('preference-applied', `wait=${timeoutMs / 1000}`);
  return {
    signal: disconnectSignal(reply),
    ...(timeoutMs === undefined ? undefined : { timeoutMs }),
    ...(typeof traceparent === 'string' ? { traceparent } : undefined),
    ...(typeof tracestate === 'string' ? { tracestate } : undefined),
  };
}

/** Milliseconds of `Prefer: wait=SECONDS` (RFC 7240; we take fractions as well). Other preferences are not ours. */
function readWait(prefer: string): number | undefined {
  const text = WAIT.exec(prefer)?.[1];
  if (text === undefined) return undefined;
  const seconds = SECONDS.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= MAX_WAIT_SECONDS) return Math.round(seconds * 1000);
  throw new InvalidInputError('the Prefer header names no time to wait', {
    problems: [
      {
        path: 'header Prefer',
        expected: `wait=SECONDS, more than 0 and at most ${MAX_WAIT_SECONDS}`,
        received: JSON.stringify(`wait=${text}`.slice(0, 80)),
      },
    ],
  });
}

function disconnectSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished)
      controller.abort(new CancelledError('the caller closed the connection before the answer'));
  });
  return controller.signal;
}
