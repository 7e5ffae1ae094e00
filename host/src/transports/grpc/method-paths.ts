import type { LazyMethod } from './lazy-service.ts';

/** Full name of the service, known before its messages are. */
export const SERVICE_NAME = 'connectors.ConnectorsService';

const UNARY = [
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
  'SetLogLevel',
  'ListCalls',
  'PlanConfig',
  'ApplyConfig',
  'ExportConfig',
];

/** Every method that the server answers. A test holds this list against the protocol's own definitions. */
export const METHOD_PATHS: readonly LazyMethod[] = [
  ...UNARY.map((name): LazyMethod => ({ path: `/${SERVICE_NAME}/${name}`, kind: 'unary' })),
  { path: `/${SERVICE_NAME}/WatchConnectors`, kind: 'server-stream' },
  { path: `/${SERVICE_NAME}/FollowLogs`, kind: 'server-stream' },
  { path: '/grpc.health.v1.Health/Check', kind: 'unary' },
  { path: '/grpc.health.v1.Health/List', kind: 'unary' },
  { path: '/grpc.health.v1.Health/Watch', kind: 'server-stream' },
  { path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', kind: 'duplex' },
  { path: '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', kind: 'duplex' },
];
