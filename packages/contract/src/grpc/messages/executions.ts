import { create } from '@bufbuild/protobuf';
import type { CallProgress } from '../../call-options.ts';
import { ConnectorError } from '../../connector-error.ts';
import type {
  CallbackState,
  Execution,
  ExecutionFilter,
  ExecutionPage,
  ExecutionStatus,
  StartExecutionRequest,
} from '../../execution-operations.ts';
import { CALLBACK_STATES, EXECUTION_STATUSES } from '../../execution-operations.ts';
import {
  ExecutionSchema,
  ListExecutionsResponseSchema,
  StartExecutionRequestSchema,
} from '../../gen/connectors/connectors_pb.ts';
import type {
  Execution as ExecutionMessage,
  ListExecutionsRequest,
  ListExecutionsResponse,
  StartExecutionRequest as StartMessage,
} from '../../gen/connectors/connectors_pb.ts';
import { fromProblemDocument, toProblemDocument } from '../../http/problem.ts';
import type { JsonValue } from '../../json.ts';
import { millisToInt64, readWord } from './words.ts';
import type { Problems } from './words.ts';

export function startExecutionToMessage(request: StartExecutionRequest & { readonly payload: string }): StartMessage {
  const { payload, runTimeoutMs, ...rest } = request;
  return create(StartExecutionRequestSchema, {
    ...rest,
    payload: Buffer.from(payload),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs: millisToInt64(runTimeoutMs) }),
  });
}

/** All but the payload, whose bytes the door looks at. What is wrong with it is for the service to say. */
export function startExecutionFromMessage(message: StartMessage): Omit<StartExecutionRequest, 'payload'> {
  const { id, action, idempotencyKey, runTimeoutMs, runAt, priority, callbackUrl } = message;
  return {
    id,
    action,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs: Number(runTimeoutMs) }),
    ...(runAt === undefined ? {} : { runAt }),
    ...(priority === 0 ? {} : { priority }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}

export function executionToMessage({ progress, result, error, ...rest }: Execution): ExecutionMessage {
  return create(ExecutionSchema, {
    ...rest,
    ...(progress === undefined ? {} : { progress: { ...progress } }),
    ...(result === undefined ? {} : { result: Buffer.from(JSON.stringify(result)) }),
    ...(error === undefined ? {} : { error: JSON.stringify(toProblemDocument(ConnectorError.fromEnvelope(error))) }),
  });
}

export function executionFromMessage(message: ExecutionMessage, problems: Problems): Execution {
  const { idempotencyKey, runAt, startedAt, endedAt, expiresAt, progress, result, error } = message;
  const { rerunOf, rerunAs, callbackUrl, callback } = message;
  const status = { path: 'status', problems, fallback: 'unknown' } as const;
  return {
    id: message.id,
    connector: message.connector,
    action: message.action,
    status: readWord<ExecutionStatus>(EXECUTION_STATUSES, message.status, status),
    principal: message.principal,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    priority: message.priority,
    createdAt: message.createdAt,
    ...(runAt === undefined ? {} : { runAt }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    attempts: message.attempts,
    ...(progress === undefined ? {} : { progress: progressFromMessage(progress) }),
    ...(result === undefined ? {} : { result: JSON.parse(Buffer.from(result).toString('utf8')) as JsonValue }),
    ...(message.resultDropped ? { resultDropped: true } : {}),
    ...(error === undefined ? {} : { error: fromProblemDocument(JSON.parse(error), 500).toEnvelope() }),
    ...(message.cancelling ? { cancelling: true } : {}),
    ...(rerunOf === undefined ? {} : { rerunOf }),
    ...(rerunAs === undefined ? {} : { rerunAs }),
    ...(message.schedule === undefined ? {} : { schedule: message.schedule }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(callback === undefined
      ? {}
      : {
          callback: readWord<CallbackState>(CALLBACK_STATES, callback, {
            path: 'callback',
            problems,
            fallback: 'pending',
          }),
        }),
    ...(message.replayed ? { replayed: true } : {}),
  };
}

/** How far a call is. */
export function progressFromMessage({
  progress,
  total,
  message,
}: NonNullable<ExecutionMessage['progress']>): CallProgress {
  return { progress, ...(total === undefined ? {} : { total }), ...(message === undefined ? {} : { message }) };
}

/** Statuses that there are not are for the service to refuse. */
export function executionFilterFromMessage(message: ListExecutionsRequest): ExecutionFilter {
  const { connector, status, deadLetters, principal, limit, after } = message;
  return {
    ...(connector === undefined ? {} : { connector }),
    ...(status.length === 0 ? {} : { status: status as ExecutionStatus[] }),
    ...(deadLetters ? { deadLetters } : {}),
    ...(principal === undefined ? {} : { principal }),
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after }),
  };
}

export function executionPageToMessage({ executions, next }: ExecutionPage): ListExecutionsResponse {
  return create(ListExecutionsResponseSchema, {
    executions: executions.map(executionToMessage),
    ...(next === undefined ? {} : { next }),
  });
}

export function executionPageFromMessage(
  { executions, next }: ListExecutionsResponse,
  problems: Problems,
): ExecutionPage {
  return {
    executions: executions.map((message) => executionFromMessage(message, problems)),
    ...(next === undefined ? {} : { next }),
  };
}
