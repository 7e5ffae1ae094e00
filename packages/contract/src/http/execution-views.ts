import { ConnectorError } from '../connector-error.ts';
import type { Execution, ExecutionPage } from '../execution-operations.ts';
import type { Schedule } from '../schedule-operations.ts';
import type { executionPageSchema, executionSchema, scheduleListSchema, scheduleSchema } from './answers.ts';
import { toProblemDocument } from './problem.ts';
import type { View } from './views.ts';

export function executionView(execution: Execution): View<typeof executionSchema> {
  const { idempotencyKey, runAt, startedAt, endedAt, expiresAt, progress, result, error } = execution;
  const { rerunOf, rerunAs, callbackUrl, callback } = execution;
  return {
    id: execution.id,
    connector: execution.connector,
    action: execution.action,
    status: execution.status,
    principal: execution.principal,
    ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
    priority: execution.priority,
    created_at: execution.createdAt,
    ...(runAt === undefined ? {} : { run_at: runAt }),
    ...(startedAt === undefined ? {} : { started_at: startedAt }),
    ...(endedAt === undefined ? {} : { ended_at: endedAt }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    attempts: execution.attempts,
    ...(progress === undefined ? {} : { progress: { ...progress } }),
    ...(result === undefined ? {} : { result }),
    ...(execution.resultDropped && { result_dropped: true as const }),
    ...(error === undefined ? {} : { error: { ...toProblemDocument(ConnectorError.fromEnvelope(error)) } }),
    ...(execution.cancelling && { cancelling: true as const }),
    ...(rerunOf === undefined ? {} : { rerun_of: rerunOf }),
    ...(rerunAs === undefined ? {} : { rerun_as: rerunAs }),
    ...(execution.schedule === undefined ? {} : { schedule: execution.schedule }),
    ...(callbackUrl === undefined ? {} : { callback_url: callbackUrl }),
    ...(callback === undefined ? {} : { callback }),
    ...(execution.replayed && { replayed: true as const }),
  };
}

export function executionPageView({ executions, next }: ExecutionPage): View<typeof executionPageSchema> {
  return {
    executions: executions.map(executionView),
    count: executions.length,
    ...(next === undefined ? {} : { next }),
  };
}

export function scheduleView(schedule: Schedule): View<typeof scheduleSchema> {
  const { timeZone, runTimeoutMs, createdAt, pausedSince, nextAt, lastAt, lastExecution, callbackUrl, ...rest } =
    schedule;
  return {
    ...rest,
    time_zone: timeZone,
    ...(runTimeoutMs === undefined ? {} : { run_timeout_ms: runTimeoutMs }),
    created_at: createdAt,
    ...(pausedSince === undefined ? {} : { paused_since: pausedSince }),
    ...(nextAt === undefined ? {} : { next_at: nextAt }),
    ...(lastAt === undefined ? {} : { last_at: lastAt }),
    ...(lastExecution === undefined ? {} : { last_execution: lastExecution }),
    ...(callbackUrl === undefined ? {} : { callback_url: callbackUrl }),
  };
}

export function scheduleListView(schedules: readonly Schedule[]): View<typeof scheduleListSchema> {
  return { schedules: schedules.map(scheduleView), count: schedules.length };
}
