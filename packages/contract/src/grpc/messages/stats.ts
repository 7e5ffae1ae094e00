import { create } from '@bufbuild/protobuf';
import { ISOLATION_LEVELS } from '../../connector.ts';
import type { IsolationLevel } from '../../connector.ts';
import { BLAMES } from '../../error-codes.ts';
import type { Blame } from '../../error-codes.ts';
import { BlameResponseSchema, GetStatsResponseSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  BlameEntry as EntryMessage,
  BlameResponse,
  ConnectorStats as ConnectorMessage,
  GetStatsResponse,
  HostLoad as HostMessage,
  WorkerLoad as WorkerMessage,
} from '../../gen/connectors/connectors_pb.ts';
import { CIRCUIT_STATES } from '../../health.ts';
import type { CircuitState } from '../../health.ts';
import { FAULTS } from '../../stats-operations.ts';
import type {
  BlameEntry,
  BlameReport,
  ConnectorStats,
  Fault,
  HostLoad,
  HostStats,
  WorkerLoad,
} from '../../stats-operations.ts';
import { missingFromMessages, missingToMessages } from './hosts.ts';
import { int64ToNumber, millisToInt64, readWord, statusFromNumber, statusToNumber } from './words.ts';
import type { Problems } from './words.ts';

export function statsToMessage({ at, windowMs, host, connectors, hosts = [], missing }: HostStats): GetStatsResponse {
  const loadToMessage = ({ memoryBytes, ...load }: HostLoad & { readonly host?: string }) => ({
    ...load,
    ...(memoryBytes === undefined ? {} : { memoryBytes: millisToInt64(memoryBytes) }),
  });
  return create(GetStatsResponseSchema, {
    at,
    windowMs: millisToInt64(windowMs),
    host: loadToMessage(host),
    hosts: hosts.map(loadToMessage),
    ...missingToMessages(missing),
    connectors: connectors.map(({ status, calls, errors, worker, ...rest }) => ({
      ...rest,
      status: statusToNumber(status),
      calls: millisToInt64(calls),
      errors: Object.fromEntries(Object.entries(errors).map(([code, count]) => [code, millisToInt64(count)])),
      ...(worker === undefined
        ? {}
        : {
            worker: {
              ...worker,
              memoryBytes: millisToInt64(worker.memoryBytes),
              memoryLimitBytes: millisToInt64(worker.memoryLimitBytes),
            },
          }),
    })),
  });
}

export function statsFromMessage(message: GetStatsResponse, problems: Problems): HostStats {
  const { at, windowMs, host, connectors, hosts, missing } = message;
  return {
    at,
    windowMs: int64ToNumber(windowMs, { path: 'window_ms', problems }),
    host: hostFromMessage(host, problems),
    connectors: connectors.map((message) => connectorFromMessage(message, problems)),
    ...(hosts.length === 0
      ? {}
      : { hosts: hosts.map((load) => ({ host: load.host ?? '', ...hostFromMessage(load, problems) })) }),
    ...missingFromMessages(missing),
  };
}

function hostFromMessage(message: HostMessage | undefined, problems: Problems): HostLoad {
  const { version = '', since = '', memoryBytes, cpuShare, loopLagMs } = message ?? {};
  return {
    version,
    since,
    ...(memoryBytes === undefined
      ? {}
      : { memoryBytes: int64ToNumber(memoryBytes, { path: 'host.memory_bytes', problems }) }),
    ...(cpuShare === undefined ? {} : { cpuShare }),
    ...(loopLagMs === undefined ? {} : { loopLagMs }),
  };
}

function connectorFromMessage(message: ConnectorMessage, problems: Problems): ConnectorStats {
  const { id, kind, version, p50Ms, p99Ms, circuit, worker, host } = message;
  const at = `connectors.${id}`;
  const number = (value: bigint, field: string): number => int64ToNumber(value, { path: `${at}.${field}`, problems });
  const level = { path: `${at}.isolation`, problems, fallback: 'thread' } as const;
  const state = { path: `${at}.circuit`, problems, fallback: 'closed' } as const;
  return {
    id,
    kind,
    ...(message.package === undefined ? {} : { package: message.package }),
    ...(version === undefined ? {} : { version }),
    isolation: readWord<IsolationLevel>(ISOLATION_LEVELS, message.isolation, level),
    status: statusFromNumber(message.status, { path: `${at}.status`, problems }),
    calls: number(message.calls, 'calls'),
    callsPerSecond: message.callsPerSecond,
    errors: Object.fromEntries(
      Object.entries(message.errors).map(([code, count]) => [code, number(count, `errors.${code}`)]),
    ),
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p99Ms === undefined ? {} : { p99Ms }),
    inFlight: message.inFlight,
    queued: message.queued,
    restarts: message.restarts,
    crashes: message.crashes,
    ...(circuit === undefined ? {} : { circuit: readWord<CircuitState>(CIRCUIT_STATES, circuit, state) }),
    ...(worker === undefined ? {} : { worker: workerFromMessage(worker, number) }),
    ...(host === undefined ? {} : { host }),
  };
}

function workerFromMessage(message: WorkerMessage, number: (value: bigint, field: string) => number): WorkerLoad {
  const { since, memoryBytes, memoryLimitBytes, cpuShare, loopUtilization, loopLagMs } = message;
  return {
    since,
    memoryBytes: number(memoryBytes, 'worker.memory_bytes'),
    memoryLimitBytes: number(memoryLimitBytes, 'worker.memory_limit_bytes'),
    ...(cpuShare === undefined ? {} : { cpuShare }),
    loopUtilization,
    ...(loopLagMs === undefined ? {} : { loopLagMs }),
  };
}

export function blameToMessage({ at, windowMs, entries, missing }: BlameReport): BlameResponse {
  return create(BlameResponseSchema, {
    at,
    windowMs: millisToInt64(windowMs),
    entries: entries.map((entry) => ({ ...entry })),
    ...missingToMessages(missing),
  });
}

export function blameFromMessage(response: BlameResponse, problems: Problems): BlameReport {
  const { at, windowMs, entries, missing } = response;
  return {
    at,
    windowMs: int64ToNumber(windowMs, { path: 'window_ms', problems }),
    entries: entries.map((message, index) => entryFromMessage(message, { at: `entries[${index}]`, problems })),
    ...missingFromMessages(missing),
  };
}

function entryFromMessage(
  message: EntryMessage,
  { at, problems }: { readonly at: string; readonly problems: Problems },
): BlameEntry {
  const { connector, kind, version, since, amount, host } = message;
  return {
    connector,
    kind,
    ...(message.package === undefined ? {} : { package: message.package }),
    ...(version === undefined ? {} : { version }),
    fault: readWord<Fault>(FAULTS, message.fault, { path: `${at}.fault`, problems, fallback: 'errors' }),
    blame: readWord<Blame>(BLAMES, message.blame, { path: `${at}.blame`, problems, fallback: 'plugin' }),
    since,
    amount,
    message: message.message,
    ...(host === undefined ? {} : { host }),
  };
}
