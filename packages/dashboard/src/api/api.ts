import type { ConnectorEvent, Session } from './types.ts';
import { readEvents } from './read-events.ts';
import { request, send } from './request.ts';

const session = async (response: Response): Promise<Session> => (await response.json()) as Session;

/** The API as the page uses it: a function for each operation, by the contract's own types. */
export const api = {
  getSession: async () => session(await send('GET', '/session')),
  signIn: async (token: string) => session(await send('POST', '/session', { body: { token } })),
  signOut: async () => void (await send('DELETE', '/session')),

  watchConnectors: (signal: AbortSignal) => readEvents<ConnectorEvent>('/api/v1/events', { signal }),
  healthCheckAll: () => request<'healthCheckAll'>('GET', '/connectors/health'),
  getConnector: (id: string) => request<'getConnector'>('GET', '/connectors/{id}', { params: { id } }),
  describeConnector: (id: string) =>
    request<'describeConnector'>('GET', '/connectors/{id}/actions', { params: { id } }),
  healthCheck: (id: string) => request<'healthCheck'>('GET', '/connectors/{id}/health', { params: { id } }),
  testConnector: (id: string) => request<'testConnector'>('POST', '/connectors/{id}/test', { params: { id } }),
};
