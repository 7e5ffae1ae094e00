import type { CallOptions } from '@automate/contract';
import { CancelledError } from '@automate/contract';
import { timeoutRefused } from '@automate/contract/service';
import { admittedOf } from '../sign-in.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A preference, or a parameter of one, up to its end: `wait=5`, `foo="a, b"`. */
const PREFERENCE = /([^\s=,;"]+)(?:\s*=\s*("(?:\\.|[^"\\])*"?|[^",;\s]*))?/g;
const SECONDS = /^-?\d+(?:\.\d+)?$/;

/** What a request says about waiting, and a signal that fires when its caller goes away before the answer. */
export function readCallOptions(request: FastifyRequest, reply: FastifyReply): CallOptions {
  const { prefer, traceparent, tracestate } = request.headers;
  const timeoutMs = prefer === undefined ? undefined : readWait(String(prefer));
  if (timeoutMs !== undefined) reply.header('preference-applied', `wait=${timeoutMs / 1000}`);
  return {
    signal: disconnectSignal(reply),
    ...callerOf(request),
    ...(timeoutMs === undefined ? undefined : { timeoutMs }),
    ...(typeof traceparent === 'string' ? { traceparent } : undefined),
    ...(typeof tracestate === 'string' ? { tracestate } : undefined),
  };
}

function callerOf({ raw }: FastifyRequest): Pick<CallOptions, 'principal' | 'door'> {
  const admitted = admittedOf(raw);
  return admitted === undefined ? {} : { principal: admitted.principal, door: admitted.door };
}

/** Whether the caller asks, by `Prefer: respond-async`, not to be kept waiting (RFC 7240). */
export function prefersAsync({ headers: { prefer } }: FastifyRequest): boolean {
  return prefer !== undefined && findPreference(String(prefer), 'respond-async') !== undefined;
}

/** The first preference of this name. */
function findPreference(prefer: string, wanted: string): RegExpExecArray | undefined {
  return [...prefer.matchAll(PREFERENCE)].find(([, name]) => name?.toLowerCase() === wanted);
}

/** Milliseconds of `Prefer: wait=SECONDS` (RFC 7240; we take fractions as well). Other preferences are not ours. */
function readWait(prefer: string): number | undefined {
  const text = findPreference(prefer, 'wait')?.[2]?.replaceAll('"', '');
  if (text === undefined) return undefined;
  if (!SECONDS.test(text)) throw timeoutRefused(text);
  return Number((Number(text) * 1000).toFixed(3));
}

function disconnectSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished)
      controller.abort(new CancelledError('the caller closed the connection before the answer'));
  });
  return controller.signal;
}
