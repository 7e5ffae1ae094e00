import type { CallOptions, ExecuteTextRequest, ExecuteTextResult, Outcome, Principal } from '@automate/contract';
import { ConnectorError, MAX_PAYLOAD_BYTES } from '@automate/contract';
import { cancelledByCaller, payloadTooLarge } from '@automate/contract/service';
import { isLongerThan } from '../runtime/is-longer-than.ts';
import type { CallLog } from './call-log.ts';
import type { CallEnd, MadeCall, RecentCalls } from './recent-calls.ts';
import type { RecordedCall, Telemetry } from '../telemetry/telemetry.ts';
import type { ExecutionTarget } from './call.ts';
import { Call, createActionLookup, failed } from './call.ts';
import { bulkhead } from './gates/bulkhead.ts';
import { circuit } from './gates/circuit.ts';
import type { MaySend } from './gates/fence.ts';
import { createFence } from './gates/fence.ts';
import type { Gate, Replayed } from './gates/gate.ts';
import { enterGates, leaveGates } from './gates/gate.ts';
import type { IdempotencyOptions } from './gates/idempotency.ts';
import { createIdempotency } from './gates/idempotency.ts';
import { rateLimit } from './gates/rate-limit.ts';
import { isLeftBehind, retryAfter } from './retry.ts';

/** The gates on the way of every call, in order. */
export interface Gates {
  /** Passed once by a call, before anything is asked of the worker; left when its last attempt has ended. */
  readonly way: readonly Gate<Call>[];
  /** Passed by each attempt, once the worker is ready and the action known. */
  readonly perAttempt: readonly Gate<Call>[];
}

/** The order. A new gate is a file in `gates/` and a word here. */
export function gatesInOrder({
  maySend,
  ...options
}: IdempotencyOptions & { readonly maySend?: MaySend | undefined }): Gates {
  const fence = maySend === undefined ? [] : [createFence(maySend)];
  return { way: [createIdempotency(options), bulkhead], perAttempt: [circuit, rateLimit, ...fence] };
}

export interface PipelineOptions {
  /** The connector with this id. Throws NOT_FOUND for none, UNAVAILABLE for one that takes no calls. */
  find(id: string, caller?: Principal): ExecutionTarget;
  /** Hears of every call. */
  readonly recorder: Telemetry['calls'];
  /** Keeps what was called lately. */
  readonly recent: Pick<RecentCalls, 'note'>;
  readonly log: CallLog;
  readonly gates: Gates;
}

export type Execute = (request: ExecuteTextRequest, options?: CallOptions) => Promise<ExecuteTextResult>;

/**
 * The way of a call through the host, in this order: lookup, enabled?, size, the gates of its way, worker ready, action checked,
 * attempts (each through its gates and within its deadline), answer. The payload and the result pass as text; nothing here reads them.
 */
export function createPipeline({ find, recorder, recent, log, gates }: PipelineOptions): Execute {
  const { way, perAttempt } = gates;
  const actionsOf = createActionLookup();
  const tellEnd = (span: RecordedCall, made: MadeCall, end: CallEnd, error?: ConnectorError): void => {
    span.end(end);
    recent.note(made, end);
    log.ended(made, end, error);
  };
  return async function execute(request, callOptions = {}) {
    const startedAt = performance.now();
    const span = recorder.start({
      connector: request.id,
      action: request.action,
      traceparent: callOptions.traceparent,
      tracestate: callOptions.tracestate,
    });
    const made = { request, options: callOptions, traceparent: span.traceparent };
    let attempts = 0;
    try {
      let target = find(request.id, callOptions.principal);
      if (isLongerThan(request.payload, MAX_PAYLOAD_BYTES)) throw payloadTooLarge(Buffer.byteLength(request.payload));
      let options = callOptions;
      for (;;) {
        const call = new Call({ target, request, options, span, actionsOf, gates: perAttempt });
        const passed: Gate<Call>[] = [];
        let outcome: Outcome<string>;
        let replayed: Replayed | undefined;
        try {
          const verdict = enterGates(way, call, passed);
          const answer = verdict instanceof Promise ? await verdict : verdict;
          if (answer === undefined) {
            outcome = await call.attempt();
            attempts = 1;
            if (!outcome.ok)
              ({ outcome, attempts } = await retryAfter(call.judge(outcome), call, async (repeated, error, attempt) => {
                log.repeated(made, error, attempt);
                return call.judge(await call.attempt(repeated));
              }));
          } else {
            outcome = answer;
            ({ replayed } = answer);
          }
        } catch (reason) {
          outcome = failed(reason);
        }
        if (!outcome.ok && attempts > 0) outcome = { ok: false, error: { ...outcome.error, attempts } };
        const settled = leaveGates(passed, call, outcome);
        if (settled !== undefined) outcome = (await settled) ?? outcome;
        if (call.sent) target.notice('call', outcome.ok ? undefined : outcome.error);
        if (!outcome.ok) {
          // It waited until its connector had ended: it begins with what has the place now, or is told why nothing has.
          const next = isLeftBehind(outcome.error) ? find(request.id, callOptions.principal) : target;
          if (next === target) throw ConnectorError.fromEnvelope(outcome.error);
          target = next;
          options = { ...callOptions, timeoutMs: Math.max(0, call.deadline - Date.now()) };
          continue;
        }
        const durationMs = performance.now() - startedAt;
        tellEnd(span, made, { code: 'OK', blame: 'none', attempts, durationMs });
        return {
          result: outcome.value,
          attempts: replayed?.attempts ?? attempts,
          durationMs: Math.round(durationMs * 1000) / 1000,
          replayed: replayed !== undefined,
          ...(replayed?.resultDropped === true ? { resultDropped: true } : undefined),
        };
      }
    } catch (reason) {
      const error = nameCaller(ConnectorError.from(reason), callOptions, request.id).withConnector(request.id);
      const { code, blame } = error;
      const durationMs = performance.now() - startedAt;
      tellEnd(span, made, { code, blame, attempts, durationMs, intended: isIntended(error) }, error);
      throw error;
    }
  };
}

/** Reasons for which calls are not taken while a connector, or the host, is as somebody wants it. */
const INTENDED: readonly unknown[] = ['paused', 'disabled', 'closed', 'stopping', 'shutting_down'];

/** Whether the call failed as somebody meant it to: who called left, or the connector is not to take calls. */
function isIntended({ code, details }: ConnectorError): boolean {
  return code === 'CANCELLED' || (code === 'UNAVAILABLE' && INTENDED.includes(details?.['reason']));
}

/** A caller who left always gets the same error, wherever its call was: a remote caller could not learn more. */
function nameCaller(error: ConnectorError, { signal }: CallOptions, id: string): ConnectorError {
  return error.code === 'CANCELLED' && signal?.aborted === true ? cancelledByCaller(id) : error;
}
