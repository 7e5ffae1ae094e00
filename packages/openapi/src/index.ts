export { buildRequest } from './build-request.ts';
export type { OperationRequest, RequestPart, RequestPlan } from './build-request.ts';
export { DocumentError } from './document-error.ts';
export { listOperations, showOperation } from './list-operations.ts';
export type { ListOptions, OperationHead, Operations } from './list-operations.ts';
export { listWithin } from './list-within.ts';
export type {
  BodyForm,
  LeftOut,
  Operation,
  OperationMethod,
  Parameter,
  ParameterPlace,
  ParameterStyle,
  PartEncoding,
  RequestBody,
  SecurityRequirement,
  Server,
  ServerVariable,
} from './operation.ts';
export { readDocument } from './read-document.ts';
export type { OpenApiDocument } from './read-document.ts';
export { readSecuritySchemes } from './read-security-schemes.ts';
export type { SecurityScheme } from './read-security-schemes.ts';
export { serverUrl } from './read-servers.ts';
export type { ServerUrl } from './read-servers.ts';
