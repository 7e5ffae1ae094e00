import { create } from '@bufbuild/protobuf';
import { ScheduleSchema, SetScheduleRequestSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  Schedule as ScheduleMessage,
  SetScheduleRequest as SetMessage,
} from '../../gen/connectors/connectors_pb.ts';
import type { Schedule, SetScheduleRequest } from '../../schedule-operations.ts';
import { int64ToNumber, millisToInt64 } from './words.ts';
import type { Problems } from './words.ts';

export function setScheduleToMessage(request: SetScheduleRequest & { readonly payload: string }): SetMessage {
  const { id, payload, runTimeoutMs, ...rest } = request;
  return create(SetScheduleRequestSchema, {
    ...rest,
    connector: id,
    payload: Buffer.from(payload),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs: millisToInt64(runTimeoutMs) }),
  });
}

/** All but the payload, whose bytes the door looks at. What is wrong with it is for the service to say. */
export function setScheduleFromMessage(message: SetMessage): Omit<SetScheduleRequest, 'payload'> {
  const { name, connector, action, cron, timeZone, priority, runTimeoutMs, callbackUrl } = message;
  return {
    name,
    id: connector,
    action,
    cron,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(priority === 0 ? {} : { priority }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs: Number(runTimeoutMs) }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}

export function scheduleToMessage({ runTimeoutMs, ...schedule }: Schedule): ScheduleMessage {
  return create(ScheduleSchema, {
    ...schedule,
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs: millisToInt64(runTimeoutMs) }),
  });
}

export function scheduleFromMessage(message: ScheduleMessage, problems: Problems): Schedule {
  const { name, connector, action, cron, timeZone, priority, runTimeoutMs, principal, createdAt } = message;
  const { pausedSince, nextAt, lastAt, lastExecution, callbackUrl } = message;
  return {
    ...{ name, connector, action, cron, timeZone, priority },
    ...(runTimeoutMs === undefined
      ? {}
      : { runTimeoutMs: int64ToNumber(runTimeoutMs, { path: `${name}.run_timeout_ms`, problems }) }),
    ...{ principal, createdAt },
    ...(pausedSince === undefined ? {} : { pausedSince }),
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(lastAt === undefined ? {} : { lastAt }),
    ...(lastExecution === undefined ? {} : { lastExecution }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}
