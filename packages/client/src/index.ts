export { connect } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
