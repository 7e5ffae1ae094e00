import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, DescMethod, MessageShape } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@automate/grpc';
import type { ExecuteTextResult } from '../connector-service.ts';
import { ConnectorsService } from '../gen/connectors/connectors_pb.ts';
import type {
  ExecuteActionRequestSchema,
  ExecuteActionResponse,
  ExecuteActionResponseSchema,
} from '../gen/connectors/connectors_pb.ts';
import { encodeExecuteAnswer } from './execute-codec.ts';

/** Stands for a request that cannot be read as a message. It is passed to the handler, which can answer with more than status 13. */
export interface UnreadableMessage {
  readonly unreadable: string;
}

/** One method of the service as grpc-js wants it, for servers and for clients. */
export interface ConnectorsMethod<Input extends DescMessage, Output extends DescMessage> extends Omit<
  MethodDefinition<MessageShape<Input>, MessageShape<Output>>,
  'requestDeserialize'
> {
  readonly input: Input;
  readonly output: Output;
  /** Never throws. */
  requestDeserialize(bytes: Buffer): MessageShape<Input> | UnreadableMessage;
}

/** ExecuteAction as a server has it: it may answer with the result's text, which goes to the wire as it is. */
export interface ExecuteMethod extends ConnectorsMethod<
  typeof ExecuteActionRequestSchema,
  typeof ExecuteActionResponseSchema
> {
  responseSerialize(answer: ExecuteActionResponse | ExecuteTextResult): Buffer;
}

/** Most levels of messages within each other. Each level of settings is three of messages, so that the library's 100 would allow only 33. */
const RECURSION_LIMIT = 1000;

export function define<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethod & { readonly input: Input; readonly output: Output },
): ConnectorsMethod<Input, Output> {
  return {
    input: method.input,
    output: method.output,
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind !== 'unary',
    requestSerialize: (message) => encodeMessage(method.input, message),
    requestDeserialize: (bytes) => decodeOrSay(method.input, bytes),
    responseSerialize: (message) => encodeMessage(method.output, message),
    responseDeserialize: (bytes) => decodeMessage(method.output, bytes),
  };
}

export function encodeMessage<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>): Buffer {
  const bytes = toBinary(schema, message);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function decodeMessage<Schema extends DescMessage>(schema: Schema, bytes: Uint8Array): MessageShape<Schema> {
  return fromBinary(schema, bytes, { readUnknownFields: false, recursionLimit: RECURSION_LIMIT });
}

function decodeOrSay<Schema extends DescMessage>(
  schema: Schema,
  bytes: Uint8Array,
): MessageShape<Schema> | UnreadableMessage {
  try {
    return decodeMessage(schema, bytes);
  } catch (error) {
    return { unreadable: `the request is no ${schema.typeName}: ${(error as Error).message}` };
  }
}

function defineExecute(): ExecuteMethod {
  const definition = define(ConnectorsService.method.executeAction);
  return {
    ...definition,
    responseSerialize: (answer) =>
      typeof answer.result === 'string'
        ? encodeExecuteAnswer(answer as ExecuteTextResult)
        : definition.responseSerialize(answer as ExecuteActionResponse),
  };
}

/** Full name of the service, as health checks and reflection know it. */
export const CONNECTORS_SERVICE_NAME: string = ConnectorsService.typeName;

const { method } = ConnectorsService;

/** Every method of the service. The six of the original interface first. */
export const CONNECTORS_SERVICE = {
  listConnectors: define(method.listConnectors),
  getConnector: define(method.getConnector),
  registerConnector: define(method.registerConnector),
  removeConnector: define(method.removeConnector),
  healthCheck: define(method.healthCheck),
  healthCheckAll: define(method.healthCheckAll),
  updateConnector: define(method.updateConnector),
  executeAction: defineExecute(),
  describeConnector: define(method.describeConnector),
  testConnector: define(method.testConnector),
  watchConnectors: define(method.watchConnectors),
  listPlugins: define(method.listPlugins),
  rescanPlugins: define(method.rescanPlugins),
  getOutcome: define(method.getOutcome),
  clearOutcome: define(method.clearOutcome),
  listSecrets: define(method.listSecrets),
  setSecret: define(method.setSecret),
  removeSecret: define(method.removeSecret),
  listAudit: define(method.listAudit),
  verifyAudit: define(method.verifyAudit),
  createToken: define(method.createToken),
  listTokens: define(method.listTokens),
  revokeToken: define(method.revokeToken),
  listProfiles: define(method.listProfiles),
  setProfile: define(method.setProfile),
  removeProfile: define(method.removeProfile),
  pauseConnector: define(method.pauseConnector),
  resumeConnector: define(method.resumeConnector),
  restartConnector: define(method.restartConnector),
  enableConnector: define(method.enableConnector),
  disableConnector: define(method.disableConnector),
  getStatus: define(method.getStatus),
  listHealthHistory: define(method.listHealthHistory),
  getStats: define(method.getStats),
  blame: define(method.blame),
  readLogs: define(method.readLogs),
  followLogs: define(method.followLogs),
  setLogLevel: define(method.setLogLevel),
  listCalls: define(method.listCalls),
  planConfig: define(method.planConfig),
  applyConfig: define(method.applyConfig),
  exportConfig: define(method.exportConfig),
  describeKind: define(method.describeKind),
  startExecution: define(method.startExecution),
  getExecution: define(method.getExecution),
  listExecutions: define(method.listExecutions),
  cancelExecution: define(method.cancelExecution),
  rerunExecution: define(method.rerunExecution),
  watchExecution: define(method.watchExecution),
  executeActionWithProgress: define(method.executeActionWithProgress),
  setSchedule: define(method.setSchedule),
  listSchedules: define(method.listSchedules),
  pauseSchedule: define(method.pauseSchedule),
  resumeSchedule: define(method.resumeSchedule),
  removeSchedule: define(method.removeSchedule),
  listHosts: define(method.listHosts),
  drainHost: define(method.drainHost),
  undrainHost: define(method.undrainHost),
  receiveWebhook: define(method.receiveWebhook),
} as const;
