import { create } from '@bufbuild/protobuf';
import type { ConnectorStatus } from '../../connector.ts';
import { BLAMES } from '../../error-codes.ts';
import type { Blame } from '../../error-codes.ts';
import { CIRCUIT_STATES } from '../../health.ts';
import type { CircuitState, HealthReport, TestReport } from '../../health.ts';
import {
  HealthCheckAllResponseSchema,
  HealthCheckResponseSchema,
  TestConnectorResponseSchema,
} from '../../gen/connectors/connectors_pb.ts';
import type {
  HealthCheckAllResponse,
  HealthCheckResponse,
  TestConnectorResponse,
} from '../../gen/connectors/connectors_pb.ts';
import { int64ToNumber, millisToInt64, readWord, statusFromNumber, statusToNumber } from './words.ts';
import type { Problems } from './words.ts';

export function healthToMessage(report: HealthReport): HealthCheckResponse {
  return create(HealthCheckResponseSchema, {
    id: report.id,
    status: statusToNumber(report.status),
    message: report.message,
    responseTimeMs: millisToInt64(report.responseTimeMs),
    ...(report.checkedAt === undefined ? {} : { checkedAt: report.checkedAt }),
    ...(report.lastSuccessAt === undefined ? {} : { lastSuccessAt: report.lastSuccessAt }),
    consecutiveFailures: report.consecutiveFailures,
    ...(report.blame === undefined ? {} : { blame: report.blame }),
    ...(report.circuit === undefined ? {} : { circuit: report.circuit }),
    ...(report.rateQueued === undefined ? {} : { rateQueued: report.rateQueued }),
    ...(report.paused && { paused: true }),
  });
}

export function healthFromMessage(message: HealthCheckResponse, problems: Problems): HealthReport {
  const status = statusFromNumber(message.status, { path: 'status', problems });
  return {
    id: message.id,
    status,
    healthy: status === 'healthy',
    message: message.message,
    ...(message.blame === undefined
      ? {}
      : { blame: readWord<Blame>(BLAMES, message.blame, { path: 'blame', problems, fallback: 'plugin' }) }),
    responseTimeMs: int64ToNumber(message.responseTimeMs, { path: 'response_time_ms', problems }),
    ...(message.checkedAt === undefined ? {} : { checkedAt: message.checkedAt }),
    ...(message.lastSuccessAt === undefined ? {} : { lastSuccessAt: message.lastSuccessAt }),
    consecutiveFailures: message.consecutiveFailures,
    ...(message.circuit === undefined
      ? {}
      : {
          circuit: readWord<CircuitState>(CIRCUIT_STATES, message.circuit, {
            path: 'circuit',
            problems,
            fallback: 'closed',
          }),
        }),
    ...(message.rateQueued === undefined ? {} : { rateQueued: message.rateQueued }),
    ...(message.paused && { paused: true }),
  };
}

export function healthAllToMessage(reports: Readonly<Record<string, HealthReport>>): HealthCheckAllResponse {
  const message = create(HealthCheckAllResponseSchema);
  for (const [id, report] of Object.entries(reports)) {
    message.statuses[id] = statusToNumber(report.status);
    message.reports[id] = healthToMessage(report);
  }
  return message;
}

/** Reads all reports. A service of the original interface tells statuses alone. */
export function healthAllFromMessage(
  message: HealthCheckAllResponse,
  problems: Problems,
): Readonly<Record<string, HealthReport>> {
  const reports = Object.entries(message.statuses).map(([id, number]): [string, HealthReport] => {
    const report = Object.hasOwn(message.reports, id) ? message.reports[id] : undefined;
    if (report !== undefined) return [id, healthFromMessage(report, problems)];
    return [id, statusAlone(id, statusFromNumber(number, { path: `statuses.${id}`, problems }))];
  });
  return Object.fromEntries(reports);
}

function statusAlone(id: string, status: ConnectorStatus): HealthReport {
  return { id, status, healthy: status === 'healthy', message: '', responseTimeMs: 0, consecutiveFailures: 0 };
}

export function testToMessage(report: TestReport): TestConnectorResponse {
  return create(TestConnectorResponseSchema, {
    id: report.id,
    status: statusToNumber(report.status),
    endpoint: report.endpoint,
    success: report.success,
    ...(report.error === undefined ? {} : { error: report.error }),
  });
}

export function testFromMessage(message: TestConnectorResponse, problems: Problems): TestReport {
  return {
    id: message.id,
    status: statusFromNumber(message.status, { path: 'status', problems }),
    endpoint: message.endpoint,
    success: message.success,
    ...(message.error === undefined ? {} : { error: message.error }),
  };
}
