export { connect } from './connect.ts';
export type { ClientTlsOptions, ConnectOptions } from './connect-options.ts';
export type {
  ActionCallOptions,
  ConnectedService,
  ConnectorActions,
  ConnectorCalls,
  ConnectorId,
} from './connector-calls.ts';
