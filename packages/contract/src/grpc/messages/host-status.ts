import { create } from '@bufbuild/protobuf';
import { BLAMES } from '../../error-codes.ts';
import type { Blame } from '../../error-codes.ts';
import { GetStatusResponseSchema, HealthFindingSchema } from '../../gen/connectors/connectors_pb.ts';
import type { GetStatusResponse, HealthFinding as FindingMessage } from '../../gen/connectors/connectors_pb.ts';
import { DOOR_NAMES, HEALTH_WITNESSES } from '../../status-operations.ts';
import type { DoorName, HealthFinding, HealthWitness, HostStatus } from '../../status-operations.ts';
import { int64ToNumber, millisToInt64, readWord, statusFromNumber, statusToNumber } from './words.ts';
import type { Problems } from './words.ts';

export function hostStatusToMessage({ doors, connectors, ...status }: HostStatus): GetStatusResponse {
  return create(GetStatusResponseSchema, {
    ...status,
    doors: doors.map((door) => ({ ...door })),
    connectors: { ...connectors },
  });
}

export function hostStatusFromMessage(message: GetStatusResponse, problems: Problems): HostStatus {
  const { version, pid, since, node, dataDir, doors, connectors } = message;
  return {
    version,
    ...(pid === undefined ? {} : { pid }),
    since,
    node,
    dataDir,
    doors: doors.map(({ name, address }) => ({
      name: readWord<DoorName>(DOOR_NAMES, name, { path: 'doors.name', problems, fallback: 'grpc' }),
      address,
    })),
    connectors: {
      total: connectors?.total ?? 0,
      healthy: connectors?.healthy ?? 0,
      unhealthy: connectors?.unhealthy ?? 0,
      unavailable: connectors?.unavailable ?? 0,
      unknown: connectors?.unknown ?? 0,
      paused: connectors?.paused ?? 0,
      heldBack: connectors?.heldBack ?? 0,
    },
  };
}

export function findingToMessage({ status, responseTimeMs, ...finding }: HealthFinding): FindingMessage {
  return create(HealthFindingSchema, {
    ...finding,
    status: statusToNumber(status),
    responseTimeMs: millisToInt64(responseTimeMs),
  });
}

export function findingFromMessage(message: FindingMessage, problems: Problems): HealthFinding {
  const { at, blame, host } = message;
  const path = `findings.${at}`;
  const status = statusFromNumber(message.status, { path: `${path}.status`, problems });
  return {
    at,
    status: status === 'healthy' ? status : 'unhealthy',
    message: message.message,
    ...(blame === undefined
      ? {}
      : { blame: readWord<Blame>(BLAMES, blame, { path: `${path}.blame`, problems, fallback: 'plugin' }) }),
    responseTimeMs: int64ToNumber(message.responseTimeMs, { path: `${path}.response_time_ms`, problems }),
    by: readWord<HealthWitness>(HEALTH_WITNESSES, message.by, { path: `${path}.by`, problems, fallback: 'check' }),
    ...(host === undefined ? {} : { host }),
  };
}
