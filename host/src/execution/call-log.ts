import type { ErrorEnvelope } from '@automate/contract';
import { clipText } from '@automate/contract';
import { atMost } from '../log/at-most.ts';
import type { LogFields } from '../log/host-log.ts';
import type { CallEnd, MadeCall } from './recent-calls.ts';

/** The log, as far as calls are told to it. */
interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  /** Whether a line about this connector would be written, so that none has to be made where it is not. */
  writes(level: 'debug' | 'info', connector: string): boolean;
}

/** Tells the log of calls: of each one when it has ended, and of each attempt that is followed by another. */
export interface CallLog {
  ended(call: MadeCall, end: CallEnd, error?: Pick<ErrorEnvelope, 'message' | 'details'>): void;
  /** @param attempt which one failed, from 1 */
  repeated(call: MadeCall, error: ErrorEnvelope, attempt: number): void;
}

/** Longest text of a caller's in a line. */
const CALLERS_TEXT = 256;

/** Lines about calls of one caller that failed alike, and the milliseconds in which there are no more: callers can fail as often as they like. */
const MOST_ALIKE = 20;
const ALIKE_MS = 10_000;

/**
 * One line for each call: at `debug` for one that succeeded, at `info` for one that failed, and of many that fail alike the first, unless `debug` is
 * written. What it carried is in none of them.
 *
 * @param isKnown whether there is a connector of this id; callers name what they like
 */
export function createCallLog(log: Log, isKnown: (connector: string) => boolean): CallLog {
  const fieldsOf = ({ request, options, traceparent }: MadeCall): LogFields => ({
    event: 'call',
    ...(isKnown(request.id) ? { connector: request.id } : { asked: clipText(request.id, CALLERS_TEXT) }),
    action: clipText(request.action, CALLERS_TEXT),
    door: options.door ?? 'local',
    ...(options.principal === undefined ? {} : { principal: options.principal.name }),
    ...(traceparent === undefined ? {} : { trace_id: traceparent.split('-')[1] }),
  });
  const isTold = atMost(MOST_ALIKE, ALIKE_MS);
  const kindOf = ({ request: { id }, options }: MadeCall, code: string): string =>
    [isKnown(id) ? id : '', code, options.principal?.name].join(' ');
  return {
    ended(call, { code, blame, attempts, durationMs }, error) {
      const level = error === undefined ? 'debug' : 'info';
      if (!log.writes(level, call.request.id)) return;
      const how = { code, attempts, duration_ms: Math.round(durationMs * 1000) / 1000 };
      if (error === undefined) log.debug({ ...fieldsOf(call), ...how }, 'a call succeeded');
      else {
        const leftOut = log.writes('debug', call.request.id) ? 0 : isTold(kindOf(call, code));
        if (leftOut === undefined) return;
        const alike = leftOut === 0 ? {} : { left_out: leftOut };
        log.info({ ...fieldsOf(call), ...how, blame, reason: error.message, ...alike }, `a call failed: ${code}`);
      }
    },
    repeated(call, { code, blame, message }, attempt) {
      if (!log.writes('debug', call.request.id)) return;
      const fields = { ...fieldsOf(call), event: 'retry', code, blame, attempt, reason: message };
      log.debug(fields, `attempt ${attempt} of a call failed, and it is tried again: ${code}`);
    },
  };
}
