export { connect } from './connect.ts';
export type { ClientTlsOptions, ConnectOptions } from './connect-options.ts';
