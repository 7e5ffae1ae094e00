/** JSON as text: read, measured and written within limits, with the place of every fault. */
export { encodePayload, payloadText } from './encode-payload.ts';
export { jsonProblems } from './json-problems.ts';
export type { JsonTextProblem } from './json-problems.ts';
export { measureJson } from './measure-json.ts';
export type { JsonLimits, JsonRefusal } from './measure-json.ts';
export { positionOf, scanJson } from './scan-json.ts';
export type { JsonFinding, JsonScan } from './scan-json.ts';
