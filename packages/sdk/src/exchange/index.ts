export { proxyError } from '../http/failure.ts';
export { openAgents } from '../http/open-agents.ts';
export { encodePayload } from '../http/payload.ts';
export type { Payload } from '../http/payload.ts';
export { responseOf } from '../http/response.ts';
export { callAction } from './call-action.ts';
export type { SendRequest } from './call-action.ts';
export { exchange, toRequest } from './exchange.ts';
export { exchangeInput, exchangeOutput, jsonValue, textMap } from './schemas.ts';
