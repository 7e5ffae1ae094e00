import type { ConnectorEvent, Execution, JsonMap, LogLine, Session } from './types.ts';
import { readEvents } from './read-events.ts';
import { request, send } from './request.ts';

const session = async (response: Response): Promise<Session> => (await response.json()) as Session;
const of = (id: string) => ({ params: { id } });

export interface ActionCall {
  readonly id: string;
  readonly action: string;
  /** JSON text, as it was written. */
  readonly payload: string;
  readonly idempotencyKey?: string;
}

/** The API as the page uses it: a function for each operation, by the contract's own types. */
export const api = {
  getSession: async () => session(await send('GET', '/session')),
  signIn: async (token: string) => session(await send('POST', '/session', { body: { token } })),
  signOut: async () => void (await send('DELETE', '/session')),

  watchConnectors: (signal: AbortSignal) => readEvents<ConnectorEvent>('/api/v1/events', { signal }),
  getConnector: (id: string) => request<'getConnector'>('GET', '/connectors/{id}', of(id)),
  registerConnector: (config: JsonMap) => request<'registerConnector'>('POST', '/connectors', { body: config }),
  updateConnector: (id: string, config: JsonMap) =>
    request<'updateConnector'>('PUT', '/connectors/{id}', { ...of(id), body: config }),
  removeConnector: (id: string) => request<'removeConnector'>('DELETE', '/connectors/{id}', of(id)),
  describeConnector: (id: string) => request<'describeConnector'>('GET', '/connectors/{id}/actions', of(id)),

  pauseConnector: (id: string) => request<'pauseConnector'>('POST', '/connectors/{id}/pause', of(id)),
  resumeConnector: (id: string) => request<'resumeConnector'>('POST', '/connectors/{id}/resume', of(id)),
  restartConnector: (id: string) => request<'restartConnector'>('POST', '/connectors/{id}/restart', of(id)),
  enableConnector: (id: string) => request<'enableConnector'>('POST', '/connectors/{id}/enable', of(id)),
  disableConnector: (id: string) => request<'disableConnector'>('POST', '/connectors/{id}/disable', of(id)),

  healthCheckAll: () => request<'healthCheckAll'>('GET', '/connectors/health'),
  healthCheck: (id: string) => request<'healthCheck'>('GET', '/connectors/{id}/health', of(id)),
  testConnector: (id: string) => request<'testConnector'>('POST', '/connectors/{id}/test', of(id)),
  testConfig: (id: string, config: JsonMap) =>
    request<'testConnector'>('POST', '/connectors/{id}/test', { ...of(id), body: config }),
  listHealthHistory: (id: string) => request<'listHealthHistory'>('GET', '/connectors/{id}/health/history', of(id)),

  executeAction: ({ id, action, payload, idempotencyKey }: ActionCall) =>
    request<'executeAction'>('POST', '/connectors/{id}/actions/{action}', {
      params: { id, action },
      body: payload,
      headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    }),

  /** The same, durable, and without waiting for its end. */
  startExecution: async ({ id, action, payload, idempotencyKey }: ActionCall) =>
    (await (
      await send('POST', '/api/v1/connectors/{id}/actions/{action}', {
        params: { id, action },
        body: payload,
        headers: {
          prefer: 'respond-async',
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
      })
    ).json()) as Execution,

  /** @param deadLetters those alone that failed, or whose end nobody knows, and that were not run again */
  listExecutions: (connector: string, deadLetters: boolean) =>
    request<'listExecutions'>('GET', '/executions', {
      query: { connector, ...(deadLetters ? { dead_letters: 'true' } : {}) },
    }),
  getExecution: (id: string) => request<'getExecution'>('GET', '/executions/{id}', of(id)),
  cancelExecution: (id: string) => request<'cancelExecution'>('POST', '/executions/{id}/cancel', of(id)),
  rerunExecution: (id: string) => request<'rerunExecution'>('POST', '/executions/{id}/rerun', of(id)),

  listSchedules: () => request<'listSchedules'>('GET', '/schedules'),
  setSchedule: (name: string, schedule: JsonMap) =>
    request<'setSchedule'>('PUT', '/schedules/{name}', { params: { name }, body: schedule }),
  pauseSchedule: (name: string) => request<'pauseSchedule'>('POST', '/schedules/{name}/pause', { params: { name } }),
  resumeSchedule: (name: string) => request<'resumeSchedule'>('POST', '/schedules/{name}/resume', { params: { name } }),
  removeSchedule: (name: string) => request<'removeSchedule'>('DELETE', '/schedules/{name}', { params: { name } }),

  listHosts: () => request<'listHosts'>('GET', '/hosts'),
  blame: () => request<'blame'>('GET', '/blame'),
  getStats: () => request<'getStats'>('GET', '/stats'),
  listCalls: (id: string) => request<'listCalls'>('GET', '/connectors/{id}/calls', of(id)),
  readLogs: (level: string) => request<'readLogs'>('GET', '/logs', { query: { level, limit: 500 } }),
  readConnectorLogs: (id: string, level: string) =>
    request<'readConnectorLogs'>('GET', '/connectors/{id}/logs', { ...of(id), query: { level, limit: 500 } }),
  followLogs: (id: string | undefined, level: string, signal: AbortSignal) =>
    readEvents<Partial<LogLine> & { readonly why?: string }>(
      id === undefined ? '/api/v1/logs' : '/api/v1/connectors/{id}/logs',
      {
        ...(id === undefined ? {} : of(id)),
        query: { follow: 'true', level, limit: 500 },
        signal,
      },
    ),
  setLogLevel: (id: string, level: string) =>
    request<'setLogLevel'>('PUT', '/connectors/{id}/log-level', { ...of(id), body: { level } }),

  /** The service's own description, of which forms are made. */
  describeApi: async () => (await (await send('GET', '/openapi.json')).json()) as JsonMap,
  describeKind: (kind: string) => request<'describeKind'>('GET', '/kinds/{kind}', { params: { kind } }),
  rescanPlugins: () => request<'rescanPlugins'>('POST', '/plugins/rescan'),
  listSecrets: () => request<'listSecrets'>('GET', '/secrets'),
  setSecret: (namespace: string, name: string, value: string) =>
    request<'setSecret'>('PUT', '/secrets/{namespace}/{name}', { params: { namespace, name }, body: { value } }),
  removeSecret: (namespace: string, name: string) =>
    request<'removeSecret'>('DELETE', '/secrets/{namespace}/{name}', { params: { namespace, name } }),
  listProfiles: () => request<'listProfiles'>('GET', '/profiles'),
  setProfile: (name: string, profile: JsonMap) =>
    request<'setProfile'>('PUT', '/profiles/{name}', { params: { name }, body: profile }),
  removeProfile: (name: string) => request<'removeProfile'>('DELETE', '/profiles/{name}', { params: { name } }),
  listTokens: () => request<'listTokens'>('GET', '/tokens'),
  createToken: (token: JsonMap) => request<'createToken'>('POST', '/tokens', { body: token }),
  revokeToken: (id: string) => request<'revokeToken'>('DELETE', '/tokens/{id}', of(id)),
  listPlugins: () => request<'listPlugins'>('GET', '/plugins'),
  listAudit: (query: Readonly<Record<string, string | number | undefined>>) =>
    request<'listAudit'>('GET', '/audit', { query }),
  verifyAudit: () => request<'verifyAudit'>('GET', '/audit/verify'),
};
