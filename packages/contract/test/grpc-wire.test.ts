import { describe, expect, it } from '@jest/globals';
import type { DescField } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { ConnectorsService, file_connectors_connectors as file } from '../src/gen/connectors/connectors_pb.ts';

/** Number and type of a field, in the words of the protocol. */
function describeField(field: DescField): string {
  const scalar = (type: ScalarType): string => ScalarType[type].toLowerCase();
  switch (field.fieldKind) {
    case 'scalar':
      return `${field.number} ${scalar(field.scalar)}`;
    case 'enum':
      return `${field.number} ${field.enum.name}`;
    case 'message':
      return `${field.number} ${field.message.name}`;
    case 'list':
      return `${field.number} list of ${field.listKind === 'scalar' ? scalar(field.scalar) : (field.message ?? field.enum)?.name}`;
    case 'map':
      return `${field.number} map to ${field.mapKind === 'scalar' ? scalar(field.scalar) : (field.message ?? field.enum)?.name}`;
    default:
      return field satisfies never;
  }
}

/** The original interface: clients that were generated from it must go on working. Nothing here may ever change. */
const ORIGINAL: Record<string, Record<string, string>> = {
  ConnectorInfo: {
    id: '1 string',
    name: '2 string',
    type: '3 ConnectorType',
    description: '4 string',
    endpoint: '5 string',
    enabled: '6 bool',
    status: '7 ConnectorStatus',
    mode: '8 ConnectionMode',
    metadata: '9 map to string',
    tags: '10 list of string',
  },
  ConnectorConfig: {
    id: '1 string',
    name: '2 string',
    type: '3 ConnectorType',
    mode: '4 ConnectionMode',
    enabled: '5 bool',
    description: '6 string',
    host: '7 string',
    port: '8 int32',
    scheme: '9 string',
    base_path: '10 string',
    auth: '11 AuthConfig',
    metadata: '12 map to string',
    tags: '13 list of string',
    health_check: '14 HealthCheckConfig',
  },
  AuthConfig: {
    type: '1 string',
    username: '2 string',
    password: '3 string',
    token: '4 string',
    api_key: '5 string',
    headers: '6 map to string',
  },
  HealthCheckConfig: { enabled: '1 bool', interval_ms: '2 int64', timeout_ms: '3 int64', path: '4 string' },
  ListConnectorsRequest: { type: '1 ConnectorType', enabled_only: '2 bool' },
  ListConnectorsResponse: { connectors: '1 list of ConnectorInfo' },
  GetConnectorRequest: { id: '1 string' },
  GetConnectorResponse: { connector: '1 ConnectorInfo', config: '2 ConnectorConfig' },
  HealthCheckRequest: { id: '1 string' },
  HealthCheckResponse: {
    id: '1 string',
    status: '2 ConnectorStatus',
    message: '3 string',
    response_time_ms: '4 int64',
  },
  HealthCheckAllRequest: { type: '1 ConnectorType' },
  HealthCheckAllResponse: { statuses: '1 map to ConnectorStatus' },
  RegisterConnectorRequest: { config: '1 ConnectorConfig' },
  RegisterConnectorResponse: { success: '1 bool', message: '2 string', connector_id: '3 string' },
  RemoveConnectorRequest: { id: '1 string' },
  RemoveConnectorResponse: { success: '1 bool', message: '2 string' },
};

/** Our own additions with fixed numbers. */
const ADDED: Record<string, Record<string, string>> = {
  ConnectorInfo: {
    kind: '100 string',
    owner: '101 string',
    last_error: '102 string',
    isolation: '103 string',
    held_back: '104 string',
    host: '108 string',
    paused_since: '105 string',
    override: '106 string',
    log_level: '107 string',
  },
  ConnectorConfig: {
    kind: '100 string',
    settings: '101 Struct',
    profile: '102 string',
    isolation: '103 string',
    limits: '104 LimitsConfig',
    retry: '105 RetryConfig',
    tls: '106 TlsConfig',
    proxy: '108 string',
    placement: '109 string',
    webhook: '110 WebhookConfig',
    circuit: '107 CircuitConfig',
  },
  AuthConfig: {
    token_url: '100 string',
    client_id: '101 string',
    client_secret: '102 string',
    scopes: '103 list of string',
    api_key_header: '104 string',
    audience: '105 string',
    token_params: '106 map to string',
  },
  ListConnectorsRequest: { tag: '100 string' },
  HealthCheckAllRequest: { cached: '100 bool' },
  HealthCheckAllResponse: { reports: '100 map to HealthCheckResponse' },
  HealthCheckResponse: {
    checked_at: '100 string',
    last_success_at: '101 string',
    consecutive_failures: '102 int32',
    blame: '103 string',
    circuit: '104 string',
    rate_queued: '105 int32',
    paused: '106 bool',
  },
  ExecuteActionRequest: {
    id: '1 string',
    action: '2 string',
    payload: '3 bytes',
    idempotency_key: '4 string',
    timeout_ms: '5 int64',
  },
  ExecuteActionResponse: {
    result: '1 bytes',
    attempts: '2 int32',
    duration_ms: '3 int64',
    replayed: '4 bool',
    result_dropped: '5 bool',
  },
};

const fieldsOf = (name: string): Record<string, string> => {
  const message = file.messages.find((candidate) => candidate.name === name);
  return Object.fromEntries((message?.fields ?? []).map((field) => [field.name, describeField(field)]));
};

describe('the protocol', () => {
  it.each(Object.entries(ORIGINAL))('%s has every field of the original interface', (name, fields) => {
    expect(fieldsOf(name)).toMatchObject(fields);
  });

  it.each(Object.entries(ADDED))('%s has our fields, with their numbers', (name, fields) => {
    expect(fieldsOf(name)).toEqual({ ...ORIGINAL[name], ...fields });
  });

  it('adds nothing below 100 to what the original interface has', () => {
    for (const [name, original] of Object.entries(ORIGINAL)) {
      const added = Object.entries(fieldsOf(name)).filter(([field]) => !Object.hasOwn(original, field));
      expect(added.filter(([, described]) => Number.parseInt(described, 10) < 100)).toEqual([]);
    }
  });

  it('has the enums in their order, with 0 for unspecified', () => {
    const values = Object.fromEntries(
      file.enums.map(({ name, values: all }) => [name, all.map((value) => `${value.name}=${value.number}`)]),
    );
    expect(values).toEqual({
      ConnectorType: [
        'CONNECTOR_TYPE_UNSPECIFIED=0',
        'CONNECTOR_TYPE_OBSERVABILITY=1',
        'CONNECTOR_TYPE_AGENT=2',
        'CONNECTOR_TYPE_STORAGE=3',
        'CONNECTOR_TYPE_MESSAGING=4',
        'CONNECTOR_TYPE_DATABASE=5',
        'CONNECTOR_TYPE_CUSTOM=6',
      ],
      ConnectionMode: ['CONNECTION_MODE_UNSPECIFIED=0', 'CONNECTION_MODE_LOCAL=1', 'CONNECTION_MODE_REMOTE=2'],
      ConnectorStatus: [
        'CONNECTOR_STATUS_UNSPECIFIED=0',
        'CONNECTOR_STATUS_HEALTHY=1',
        'CONNECTOR_STATUS_UNHEALTHY=2',
        'CONNECTOR_STATUS_UNAVAILABLE=3',
        'CONNECTOR_STATUS_UNKNOWN=4',
      ],
    });
  });

  it('has the six original methods, and those of ours, one of them a stream', () => {
    expect(ConnectorsService.typeName).toBe('connectors.ConnectorsService');
    expect(
      ConnectorsService.methods.map(({ name, methodKind }) =>
        methodKind === 'unary' ? name : `${name} ${methodKind}`,
      ),
    ).toEqual([
      'ListConnectors',
      'GetConnector',
      'RegisterConnector',
      'RemoveConnector',
      'HealthCheck',
      'HealthCheckAll',
      'UpdateConnector',
      'ExecuteAction',
      'DescribeConnector',
      'TestConnector',
      'WatchConnectors server_streaming',
      'ListPlugins',
      'RescanPlugins',
      'GetOutcome',
      'ClearOutcome',
      'ListSecrets',
      'SetSecret',
      'RemoveSecret',
      'ListAudit',
      'VerifyAudit',
      'CreateToken',
      'ListTokens',
      'RevokeToken',
      'ListProfiles',
      'SetProfile',
      'RemoveProfile',
      'PauseConnector',
      'ResumeConnector',
      'RestartConnector',
      'EnableConnector',
      'DisableConnector',
      'GetStatus',
      'ListHealthHistory',
      'GetStats',
      'Blame',
      'ReadLogs',
      'FollowLogs server_streaming',
      'SetLogLevel',
      'ListCalls',
      'PlanConfig',
      'ApplyConfig',
      'ExportConfig',
      'DescribeKind',
      'StartExecution',
      'GetExecution',
      'ListExecutions',
      'CancelExecution',
      'RerunExecution',
      'WatchExecution server_streaming',
      'ExecuteActionWithProgress server_streaming',
      'SetSchedule',
      'ListSchedules',
      'PauseSchedule',
      'ResumeSchedule',
      'RemoveSchedule',
      'ListHosts',
      'ReceiveWebhook',
      'DrainHost',
      'UndrainHost',
    ]);
  });
});
