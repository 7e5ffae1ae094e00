export { callAction } from './call-action.ts';
export type { SendRequest } from './call-action.ts';
export { exchange } from './exchange.ts';
export { exchangeInput, exchangeOutput } from './schemas.ts';
