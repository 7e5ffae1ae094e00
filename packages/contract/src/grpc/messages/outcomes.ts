import { create } from '@bufbuild/protobuf';
import { ConnectorError } from '../../connector-error.ts';
import { GetOutcomeResponseSchema } from '../../gen/connectors/connectors_pb.ts';
import type { GetOutcomeResponse } from '../../gen/connectors/connectors_pb.ts';
import { fromProblemDocument, toProblemDocument } from '../../http/problem.ts';
import type { JsonValue } from '../../json.ts';
import type { KeptOutcome, OutcomeStatus } from '../../outcome-operations.ts';
import { OUTCOME_STATUSES } from '../../outcome-operations.ts';
import { readWord } from './words.ts';
import type { Problems } from './words.ts';

export function outcomeToMessage({ result, error, ...rest }: KeptOutcome): GetOutcomeResponse {
  return create(GetOutcomeResponseSchema, {
    ...rest,
    ...(result === undefined ? {} : { result: Buffer.from(JSON.stringify(result)) }),
    ...(error === undefined ? {} : { error: JSON.stringify(toProblemDocument(ConnectorError.fromEnvelope(error))) }),
  });
}

export function outcomeFromMessage(message: GetOutcomeResponse, problems: Problems): KeptOutcome {
  const { endedAt, expiresAt, attempts, result, resultSha256, error } = message;
  const status = { path: 'status', problems, fallback: 'unknown' } as const;
  return {
    connector: message.connector,
    key: message.key,
    action: message.action,
    status: readWord<OutcomeStatus>(OUTCOME_STATUSES, message.status, status),
    payloadSha256: message.payloadSha256,
    startedAt: message.startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(result === undefined ? {} : { result: JSON.parse(Buffer.from(result).toString('utf8')) as JsonValue }),
    ...(resultSha256 === undefined ? {} : { resultSha256 }),
    ...(error === undefined ? {} : { error: fromProblemDocument(JSON.parse(error), 500).toEnvelope() }),
  };
}
