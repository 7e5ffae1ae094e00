import type { Outcome } from '@automate/contract';
import { CancelledError, LONGEST_TIMER_MS, TimeoutError } from '@automate/contract';
import type { ConnectorError } from '@automate/contract';
import { parseEnvelope } from './parse-envelope.ts';
import type { SecretFilter, WorkerCall } from './runtime.ts';
import type { AdapterCall, AdapterRunner } from './worker/adapter-runner.ts';
import { boundedEncode } from './worker/bounded-encode.ts';
import { encodeFailure, failureOf } from './worker/failure.ts';

/** One operation of an adapter that runs in the host's own thread. */
export type InlineCall = Omit<WorkerCall, 'op'> & Pick<AdapterCall, 'op'>;

/** Runs one operation as a thread would: by its deadline at the latest, cancellable, everything that goes wrong as data. */
export async function performInline(
  { runner, secrets }: { readonly runner: AdapterRunner; readonly secrets: SecretFilter },
  call: InlineCall,
  id: string,
): Promise<Outcome<string>> {
  const { op, action, payload, deadline, idempotencyKey, repeated, traceparent, tracestate } = call;
  const inside = new AbortController();
  const extras = {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(repeated === undefined ? {} : { repeated }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
  try {
    const value = await within(
      id,
      { deadline, ...(call.signal === undefined ? {} : { signal: call.signal }), inside },
      () => runner.perform({ op, action, payload, deadline, extras }, () => inside.signal),
    );
    return { ok: true, value: secrets.scrubText(boundedEncode(value)) };
  } catch (thrown) {
    const { adapter } = runner;
    const left = call.signal?.aborted === true || inside.signal.aborted;
    const error = parseEnvelope(encodeFailure(failureOf(op, thrown, { adapter, left }), adapter), id);
    return { ok: false, error: secrets.scrubEnvelope(error) };
  }
}

/** Waits for work until the deadline or the caller's signal; the reason goes to `inside` too. Work that comes too late never begins. */
async function within<T>(
  id: string,
  options: { readonly deadline: number; readonly signal?: AbortSignal; readonly inside?: AbortController },
  work: () => Promise<T> | T,
): Promise<T> {
  const { deadline, signal, inside } = options;
  if (signal?.aborted === true)
    throw new CancelledError(`the call to connector "${id}" was cancelled before it began`, { effect: 'none' });
  if (deadline <= Date.now())
    throw new TimeoutError(`the deadline passed before the call to connector "${id}" began`, { effect: 'none' });
  const given = Promise.withResolvers<never>();
  const give = (error: ConnectorError): void => {
    inside?.abort(error);
    given.reject(error);
  };
  const leave = (): void => give(new CancelledError(`the call to connector "${id}" was cancelled while it ran`));
  const late = (): void => give(new TimeoutError(`connector "${id}" gave no answer before the deadline`));
  const timer = Number.isFinite(deadline)
    ? setTimeout(late, Math.min(deadline - Date.now(), LONGEST_TIMER_MS))
    : undefined;
  signal?.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work(), given.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}
