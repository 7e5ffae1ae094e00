import { join } from 'node:path';
import type {
  CallOptions,
  ConnectorConfigInput,
  ConnectorService,
  CreateTokenRequest,
  ErrorEnvelope,
  ExecuteTextResult,
  JsonValue,
  SetProfileRequest,
  SetScheduleRequest,
  StartExecutionRequest,
} from '@automate/contract';
import { CancelledError, ConnectorError } from '@automate/contract';
import { encodePayload } from '@automate/contract/json-text';
import { fromProblemDocument } from '@automate/contract/http';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

const PROTO = join(import.meta.dirname, '../../../packages/contract/proto');
const LOADED = loadSync(['connectors/connectors.proto', 'google/rpc/status.proto', 'google/rpc/error_details.proto'], {
  includeDirs: [PROTO],
  longs: Number,
  enums: String,
});

/** How much later than the service the library gives up, whose own words have no details. */
const PATIENCE_MS = 5000;

type Message = Record<string, never>;
type RawCall = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: unknown, answer: Message) => void,
) => {
  cancel(): void;
};

/**
 * The service as a program sees it that has nothing but the protocol: a client that grpc-js makes of the `.proto`, which
 * checks nothing. What it answers is the message itself; what it fails with is read from the details by the protocol.
 */
export function openRawDoor(address: string): ConnectorService {
  const { ConnectorsService } = loadPackageDefinition(LOADED)['connectors'] as unknown as Record<
    'ConnectorsService',
    new (address: string, credentials: unknown) => Client & Record<string, RawCall>
  >;
  const client = new ConnectorsService(address, credentials.createInsecure());
  const call = (method: string, request: object, { timeoutMs, signal }: CallOptions = {}): Promise<Message> =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      // Node.js takes larger trailers than others.
      metadata.set('connectors-details-limit', '40000');
      const deadline =
        timeoutMs === undefined || timeoutMs > 2 ** 31 ? {} : { deadline: Date.now() + timeoutMs + PATIENCE_MS };
      const made = client[method]!(request, metadata, deadline, (error, answer) => {
        if (error === null || error === undefined) resolve(answer);
        else reject(readError(error as ServiceError));
      });
      if (signal?.aborted === true) made.cancel();
      signal?.addEventListener('abort', () => made.cancel(), { once: true });
    });
  const config = (input: ConnectorConfigInput) => ({ config: messageOf(input) });
  const filter = ({ type, ...rest }: { readonly type?: string } = {}) => ({
    ...rest,
    ...(type === undefined ? {} : { type: `CONNECTOR_TYPE_${type.toUpperCase()}` }),
  });
  const executeText: ConnectorService['executeText'] = async ({ payload, ...request }, options) => {
    const timeout = options?.timeoutMs === undefined ? {} : { timeoutMs: Math.ceil(options.timeoutMs) };
    const answer = await call('executeAction', { ...request, ...timeout, payload: Buffer.from(payload) }, options);
    const { result, attempts, durationMs, replayed } = answer as Record<string, unknown>;
    return { result: String(result), attempts, durationMs, replayed } as ExecuteTextResult;
  };
  const close = async (): Promise<void> => client.close();
  const raw: Record<keyof ConnectorService, unknown> = {
    list: (given: object, options: CallOptions) => call('listConnectors', filter(given), options),
    get: (id: string, options: CallOptions) => call('getConnector', { id }, options),
    describe: (id: string, options: CallOptions) => call('describeConnector', { id }, options),
    register: (input: ConnectorConfigInput, options: CallOptions) => call('registerConnector', config(input), options),
    update: (input: ConnectorConfigInput, options: CallOptions) => call('updateConnector', config(input), options),
    remove: (id: string, options: CallOptions) => call('removeConnector', { id }, options),
    healthCheck: (id: string, options: CallOptions) => call('healthCheck', { id }, options),
    healthCheckAll: (given: object, options: CallOptions) => call('healthCheckAll', filter(given), options),
    test: (id: string, options: CallOptions) => call('testConnector', { id }, options),
    execute: async ({ payload, ...request }: Parameters<ConnectorService['execute']>[0], options: CallOptions) => {
      const { result, ...rest } = await executeText({ ...request, payload: encodePayload(payload) }, options);
      return { result: JSON.parse(result) as JsonValue, ...rest };
    },
    executeText,
    watch: () => undefined,
    getOutcome: (id: string, key: string, options: CallOptions) =>
      call('getOutcome', { id, key }, options).then(({ result, ...rest }) => ({
        ...rest,
        result: JSON.parse(String(result)) as JsonValue,
      })),
    clearOutcome: (id: string, key: string, options: CallOptions) => call('clearOutcome', { id, key }, options),
    createToken: (request: CreateTokenRequest, options: CallOptions) =>
      call('createToken', request, options).then(({ info, token }) => ({ ...(info as unknown as object), token })),
    listTokens: (options: CallOptions) => call('listTokens', {}, options).then(({ tokens }) => tokens),
    revokeToken: (id: string, options: CallOptions) => call('revokeToken', { id }, options),
    plugins: (options: CallOptions) => call('listPlugins', {}, options),
    rescanPlugins: (options: CallOptions) => call('rescanPlugins', {}, options),
    describeKind: (kind: string, options: CallOptions) => call('describeKind', { kind }, options),
    listSecrets: (options: CallOptions) => call('listSecrets', {}, options),
    setSecret: (request: object, options: CallOptions) => call('setSecret', request, options),
    removeSecret: (request: object, options: CallOptions) => call('removeSecret', request, options),
    listProfiles: async (options: CallOptions) =>
      ((await call('listProfiles', {}, options)) as unknown as { profiles?: readonly object[] }).profiles ?? [],
    setProfile: ({ settings, ...request }: SetProfileRequest, options: CallOptions) =>
      call('setProfile', { ...request, ...(settings === undefined ? {} : { settings: structOf(settings) }) }, options),
    removeProfile: (name: string, options: CallOptions) => call('removeProfile', { name }, options),
    getStats: (options: CallOptions) => call('getStats', {}, options),
    blame: (options: CallOptions) => call('blame', {}, options),
    listAudit: (filter: object, options: CallOptions) => call('listAudit', filter, options),
    verifyAudit: (expected: object, options: CallOptions) => call('verifyAudit', expected, options),
    pause: (id: string, options: CallOptions) => call('pauseConnector', { id }, options),
    resume: (id: string, options: CallOptions) => call('resumeConnector', { id }, options),
    restart: (id: string, options: CallOptions) => call('restartConnector', { id }, options),
    enable: (id: string, options: CallOptions) => call('enableConnector', { id }, options),
    disable: (id: string, options: CallOptions) => call('disableConnector', { id }, options),
    planConfig: (config: object, options: CallOptions) => call('planConfig', config, options),
    applyConfig: (config: object, options: CallOptions) => call('applyConfig', config, options),
    exportConfig: (options: CallOptions) => call('exportConfig', {}, options),
    receiveWebhook: (id: string, webhook: object, options: CallOptions) =>
      call('receiveWebhook', { id, ...webhook }, options),
    startExecution: async ({ payload, ...request }: StartExecutionRequest, options: CallOptions) => {
      const text = typeof payload === 'string' ? payload : encodePayload(payload);
      return executionOf(await call('startExecution', { ...request, payload: Buffer.from(text) }, options));
    },
    getExecution: (id: string, options: CallOptions) => call('getExecution', { id }, options).then(executionOf),
    listExecutions: (filter: object = {}, options: CallOptions) => call('listExecutions', filter, options),
    cancelExecution: (id: string, options: CallOptions) => call('cancelExecution', { id }, options).then(executionOf),
    rerunExecution: (id: string, options: CallOptions) => call('rerunExecution', { id }, options).then(executionOf),
    watchExecution: () => undefined,
    setSchedule: ({ id: connector, payload, ...request }: SetScheduleRequest, options: CallOptions) => {
      const text = typeof payload === 'string' ? payload : encodePayload(payload);
      return call('setSchedule', { ...request, connector, payload: Buffer.from(text) }, options);
    },
    listSchedules: async (options: CallOptions) =>
      ((await call('listSchedules', {}, options)) as unknown as { schedules?: readonly object[] }).schedules ?? [],
    pauseSchedule: (name: string, options: CallOptions) => call('pauseSchedule', { name }, options),
    resumeSchedule: (name: string, options: CallOptions) => call('resumeSchedule', { name }, options),
    removeSchedule: (name: string, options: CallOptions) => call('removeSchedule', { name }, options),
    readLogs: (filter: object, options: CallOptions) => call('readLogs', filter, options),
    followLogs: () => undefined,
    setLogLevel: (id: string, level: string, options: CallOptions) => call('setLogLevel', { id, level }, options),
    listCalls: (id: string, filter: object, options: CallOptions) => call('listCalls', { id, ...filter }, options),
    getStatus: (options: CallOptions) => call('getStatus', {}, options),
    drainHost: (id: string, options: CallOptions) => call('drainHost', { id }, options).then(({ host }) => host),
    undrainHost: (id: string, options: CallOptions) => call('undrainHost', { id }, options).then(({ host }) => host),
    listHosts: async (options: CallOptions) =>
      ((await call('listHosts', {}, options)) as unknown as { hosts?: readonly object[] }).hosts ?? [],
    listHealthHistory: (id: string, options: CallOptions) => call('listHealthHistory', { id }, options),
    close,
    [Symbol.asyncDispose]: close,
  };
  return raw as unknown as ConnectorService;
}

function executionOf({ result, error, ...rest }: Message): unknown {
  return {
    ...rest,
    ...(result === undefined ? {} : { result: JSON.parse(String(result)) as JsonValue }),
    ...(error === undefined ? {} : { error: fromProblemDocument(JSON.parse(error), 0).toEnvelope() }),
  };
}

/** What a program of another language would do with the details of a status. */
function readError({ code, details, metadata }: ServiceError): Error {
  const [bytes] = metadata.get('grpc-status-details-bin');
  // What a client library makes up when its own user cancels has no details, as no service said it.
  if (code === 1 && bytes === undefined) return new CancelledError(details);
  if (bytes === undefined) return new Error(`status ${code} without details: ${details}`);
  const status = decode('google.rpc.Status', bytes as Buffer);
  const parts = Object.fromEntries(
    (status['details'] as unknown as { type_url: string; value: Buffer }[]).map(({ type_url: typeUrl, value }) => {
      const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
      return [name, decode(name, value)];
    }),
  );
  const { reason, metadata: facts } = parts['google.rpc.ErrorInfo'] as unknown as {
    reason: string;
    metadata: Record<string, string>;
  };
  const { retryable, effect, blame, name = '', connector, attempts, details: more, problems } = facts;
  const wait = parts['google.rpc.RetryInfo']?.['retryDelay'] as { seconds?: number; nanos?: number } | undefined;
  return ConnectorError.fromEnvelope({
    code: reason,
    name,
    message: String(status['message']),
    retryable: retryable === 'true',
    effect,
    blame,
    ...(wait === undefined ? {} : { retryAfterMs: (wait.seconds ?? 0) * 1000 + (wait.nanos ?? 0) / 1e6 }),
    ...(connector === undefined ? {} : { connector }),
    ...(attempts === undefined ? {} : { attempts: Number(attempts) }),
    ...(more === undefined ? {} : { details: JSON.parse(more) as object }),
    ...(problems === undefined ? {} : { problems: JSON.parse(problems) as object[] }),
  } as ErrorEnvelope);
}

function decode(name: string, bytes: Buffer): Message {
  return (LOADED[name] as MessageTypeDefinition<object, object>).deserialize(bytes) as Message;
}

/** A configuration as the message for it. What a message has no field for is not there. */
function messageOf(input: ConnectorConfigInput | null): object | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const { type, mode, settings, healthCheck, ...rest } = input;
  return {
    enabled: true,
    ...rest,
    ...(type === undefined ? {} : { type: `CONNECTOR_TYPE_${type.toUpperCase()}` }),
    ...(mode === undefined ? {} : { mode: `CONNECTION_MODE_${mode.toUpperCase()}` }),
    ...(healthCheck === undefined ? {} : { healthCheck: { enabled: true, ...healthCheck } }),
    ...(settings === undefined ? {} : { settings: structOf(settings) }),
  };
}

function structOf(map: Readonly<Record<string, JsonValue>>): object {
  return { fields: Object.fromEntries(Object.entries(map).map(([key, value]) => [key, valueOf(value)])) };
}

function valueOf(value: JsonValue): object {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(valueOf) } };
  return { structValue: structOf(value as Record<string, JsonValue>) };
}
