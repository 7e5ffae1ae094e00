import type { CallOptions, ConnectorService, Execution, StartExecutionRequest } from '@automate/contract';
import { hasEnded, InvalidInputError } from '@automate/contract';
import { cancelledByCaller } from '@automate/contract/service';
import { META } from './meta-keys.ts';

/** How long a call is waited for, in milliseconds: less than clients wait if nobody tells them otherwise. */
const WAIT_MS = 50_000;
const LONGEST_WAIT_S = 3_600;

/**
 * Makes a call as an execution, which goes on when the wait is over. A client that cancels the call while it is waited for cancels the
 * execution, as it would any call.
 *
 * @returns how it stands when it has ended, or when the wait is over
 */
export async function callLong(
  service: ConnectorService,
  start: StartExecutionRequest,
  { waitMs, onProgress, ...options }: CallOptions & { readonly waitMs: number },
): Promise<Execution> {
  const started = await service.startExecution(start, options);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), waitMs);
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  let now = started;
  try {
    for await (now of service.watchExecution(started.id, { ...options, signal })) {
      if (now.progress !== undefined) onProgress?.(now.progress);
      if (hasEnded(now)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  if (options.signal?.aborted === true && !hasEnded(now)) {
    const { signal: _signal, ...rest } = options;
    await service.cancelExecution(started.id, rest).catch(() => undefined);
    throw cancelledByCaller(start.id);
  }
  return started.replayed === true ? { ...now, replayed: true } : now;
}

/** How long a client wants to wait for a call that takes long, in milliseconds. */
export function readWait(meta: Readonly<Record<string, unknown>>): number {
  const wait = meta[META.wait];
  if (wait === undefined) return WAIT_MS;
  if (typeof wait === 'number' && wait >= 0 && wait <= LONGEST_WAIT_S) return wait * 1000;
  const problem = {
    path: `_meta.${META.wait}`,
    expected: `a number of seconds from 0 to ${LONGEST_WAIT_S}`,
    received: typeof wait === 'number' ? String(wait) : `a ${typeof wait}`,
  };
  throw new InvalidInputError(`the call cannot be made: ${problem.path}: expected ${problem.expected}`, {
    problems: [problem],
  });
}
