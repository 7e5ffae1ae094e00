import { create } from '@bufbuild/protobuf';
import { BLAMES, ERROR_CODES } from '../../error-codes.ts';
import type { Blame, ErrorCode } from '../../error-codes.ts';
import { LogEventSchema, LogLineSchema, RecentCallSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  FollowLogsRequest,
  LogEvent as EventMessage,
  LogLine as LineMessage,
  RecentCall as CallMessage,
} from '../../gen/connectors/connectors_pb.ts';
import { LINE_LEVELS } from '../../line-level.ts';
import type { LineLevel } from '../../line-level.ts';
import type { FollowFilter, LogEvent, LogLine } from '../../log-operations.ts';
import type { RecentCall } from '../../recent-call-operations.ts';
import { int64ToNumber, millisToInt64, readWord } from './words.ts';
import type { Problems } from './words.ts';

const CODES: readonly RecentCall['code'][] = ['OK', ...(Object.keys(ERROR_CODES) as ErrorCode[])];

/** Of ReadLogs too, which lacks `after`. What is wrong with it is for the service to say. */
export function logFilterFromMessage({
  connector,
  level,
  limit,
  after,
  afterOf = {},
  host,
}: Pick<FollowLogsRequest, 'connector' | 'level' | 'limit' | 'host'> &
  Partial<Pick<FollowLogsRequest, 'after' | 'afterOf'>>): FollowFilter {
  const ofHosts = Object.entries(afterOf);
  return {
    ...(connector === undefined ? {} : { connector }),
    ...(level === undefined ? {} : { level: level as LineLevel }),
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after: Number(after) }),
    ...(ofHosts.length === 0 ? {} : { after: Object.fromEntries(ofHosts.map(([id, seq]) => [id, Number(seq)])) }),
    ...(host === undefined ? {} : { host }),
  };
}

/** What a request has of `after`. */
export function afterToMessage(after: FollowFilter['after']): { after?: bigint; afterOf?: Record<string, bigint> } {
  if (typeof after !== 'object') return after === undefined ? {} : { after: millisToInt64(after) };
  return { afterOf: Object.fromEntries(Object.entries(after).map(([id, seq]) => [id, millisToInt64(seq)])) };
}

export function logLineToMessage({ seq, ...line }: LogLine): LineMessage {
  return create(LogLineSchema, { ...line, seq: millisToInt64(seq) });
}

export function logLineFromMessage(message: LineMessage, problems: Problems): LogLine {
  const { seq, at, level, connector, source, fields, host } = message;
  return {
    seq: int64ToNumber(seq, { path: 'seq', problems }),
    at,
    level: readWord<LineLevel>(LINE_LEVELS, level, { path: `${seq}.level`, problems, fallback: 'info' }),
    ...(connector === undefined ? {} : { connector }),
    ...(source === undefined ? {} : { source }),
    message: message.message,
    ...(fields === undefined ? {} : { fields }),
    ...(host === undefined ? {} : { host }),
  };
}

export function logEventToMessage(event: LogEvent): EventMessage {
  switch (event.kind) {
    case 'line':
      return create(LogEventSchema, { event: { case: 'line', value: logLineToMessage(event.line) } });
    case 'missed': {
      const { kind: _kind, ...value } = event;
      return create(LogEventSchema, { event: { case: 'missed', value } });
    }
    case 'synced':
      return create(LogEventSchema, { event: { case: 'synced', value: {} } });
    default:
      return event satisfies never;
  }
}

/** Undefined for one that this side does not know. */
export function logEventFromMessage({ event }: EventMessage, problems: Problems): LogEvent | undefined {
  switch (event.case) {
    case 'line':
      return { kind: 'line', line: logLineFromMessage(event.value, problems) };
    case 'missed': {
      const { count, host, why } = event.value;
      return {
        kind: 'missed',
        ...(count === undefined ? {} : { count }),
        ...(host === undefined ? {} : { host }),
        ...(why === undefined ? {} : { why }),
      };
    }
    case 'synced':
      return { kind: 'synced' };
    default:
      return undefined;
  }
}

export function recentCallToMessage(call: RecentCall): CallMessage {
  return create(RecentCallSchema, call);
}

export function recentCallFromMessage(message: CallMessage, problems: Problems): RecentCall {
  const { at, action, code, blame, durationMs, attempts, door, principal, traceId, keyed, host } = message;
  const path = `calls.${at}`;
  return {
    at,
    action,
    code: readWord<RecentCall['code']>(CODES, code, { path: `${path}.code`, problems, fallback: 'OK' }),
    ...(blame === undefined
      ? {}
      : { blame: readWord<Blame>(BLAMES, blame, { path: `${path}.blame`, problems, fallback: 'plugin' }) }),
    durationMs,
    attempts,
    door,
    principal,
    ...(traceId === undefined ? {} : { traceId }),
    keyed,
    ...(host === undefined ? {} : { host }),
  };
}
