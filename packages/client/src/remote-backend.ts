// Long, as the one translation of the port to gRPC has every operation of it.
import { ConnectorError, ConnectorInternalError, InvalidInputError, MAX_PAYLOAD_BYTES } from '@automate/contract';
import { encodePayload, payloadText } from '@automate/contract/json-text';
import {
  cancelledByCaller,
  payloadTooLarge,
  requireAuditExpectation,
  requireAuditFilter,
  requireCall,
  requireCallOptions,
  requireConfigText,
  requireExecutionFilter,
  requireExecutionId,
  requireFilter,
  requireHost,
  requireHostId,
  requireId,
  requireKindName,
  requireLimit,
  requireLogFilter,
  requireLogLevel,
  requireOutcomeKey,
  requireProfileName,
  requireSchedule,
  requireScheduleName,
  requireSecret,
  requireSecretValue,
  requireSecretVersion,
  requireStart,
  requireWebhook,
  serviceClosed,
} from '@automate/contract/service';
import type {
  CallOptions,
  ChangeResult,
  ConnectorInfo,
  ConnectorService,
  ConnectorType,
  Execution,
  ExecuteTextRequest,
  ExecuteTextResult,
  HostFilter,
  JsonValue,
  OutcomeKey,
  Problem,
  Schedule,
  StartExecutionRequest,
} from '@automate/contract';
import {
  auditCursorToMessage,
  auditPageFromMessage,
  auditVerdictFromMessage,
  blameFromMessage,
  configFromMessage,
  configPlanFromMessage,
  CONNECTORS_SERVICE,
  createTokenToMessage,
  descriptionFromMessage,
  eventFromMessage,
  executionFromMessage,
  executionPageFromMessage,
  healthAllFromMessage,
  findingFromMessage,
  healthFromMessage,
  hostFromMessage,
  hostStatusFromMessage,
  infoFromMessage,
  int64ToNumber,
  afterToMessage,
  logEventFromMessage,
  logLineFromMessage,
  millisToInt64,
  outcomeFromMessage,
  receiptFromMessage,
  webhookToMessage,
  pluginsFromMessage,
  profileFromMessage,
  progressFromMessage,
  recentCallFromMessage,
  rowsFromMessages,
  scheduleFromMessage,
  secretFromMessage,
  setScheduleToMessage,
  startExecutionToMessage,
  statsFromMessage,
  testFromMessage,
  tokenFromMessage,
  typeToNumber,
} from '@automate/contract/grpc';
import type { ConnectorsMethod } from '@automate/contract/grpc';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { keepWatching } from './keep-watching.ts';
import { writeConfig, writeProfile } from './config-message.ts';
import { callRemote, callWithEvents, explainFailure, streamRemote } from './remote-call.ts';
import type { RemoteChannel } from './remote-call.ts';

const METHODS = CONNECTORS_SERVICE;

/** The member of a request that names the host which is asked alone. */
function readHost({ host }: HostFilter = {}): { readonly host?: string } {
  return requireHostId(host) === undefined ? {} : { host };
}

/** The port over gRPC: the same calls, answers and errors as in process. */
export function createRemoteBackend(channel: RemoteChannel): ConnectorService {
  const { client, address } = channel;
  const watches = new Set<() => void>();
  let closed = false;
  const requireOpen = (): void => {
    if (closed) throw serviceClosed();
  };
  // What holds before every call is looked at in the service's order: open, options, arguments.
  const call = async <Input extends DescMessage, Output extends DescMessage>(
    method: ConnectorsMethod<Input, Output>,
    request: (options: CallOptions) => MessageInitShape<Input> | Promise<MessageInitShape<Input>>,
    given: CallOptions = {},
  ): Promise<MessageShape<Output>> => {
    requireOpen();
    const options = requireCallOptions(given);
    return callRemote(channel, method, { request: await request(options), options });
  };
  const read = <Value>(translate: (problems: Problem[]) => Value): Value => translateAnswer(address, translate);

  type ControlMethod = (typeof METHODS)[`${'pause' | 'resume' | 'restart' | 'enable' | 'disable'}Connector`];
  const control = async (method: ControlMethod, id: string, options?: CallOptions): Promise<ConnectorInfo> => {
    const { connector } = await call(method as typeof METHODS.pauseConnector, () => ({ id: requireId(id) }), options);
    return read((problems) => infoFromMessage(required(connector, 'connector'), problems));
  };

  /** The same call, over a stream that tells how far it is. */
  const executeTold = async (
    message: (options: CallOptions) => MessageInitShape<typeof METHODS.executeAction.input>,
    given: CallOptions,
  ): Promise<MessageShape<typeof METHODS.executeAction.output>> => {
    requireOpen();
    const options = requireCallOptions(given);
    return callWithEvents(channel, METHODS.executeActionWithProgress, {
      request: message(options),
      options,
      take({ event }) {
        if (event.case === 'answer') return event.value;
        if (event.case === 'progress') options.onProgress?.(progressFromMessage(event.value));
        return undefined;
      },
    }).catch((error: unknown) => {
      // A service that is older tells nothing of progress, and has run nothing yet.
      if (ConnectorError.is(error) && error.details?.['reason'] === 'unimplemented')
        return call(METHODS.executeAction, message, given);
      throw error;
    });
  };

  const executeText = async (request: ExecuteTextRequest, options: CallOptions = {}): Promise<ExecuteTextResult> => {
    // The caller left before the call began, so that it certainly had no effect.
    const isGone = (): boolean => options?.signal?.aborted === true;
    const wasGone = isGone();
    const message = ({ timeoutMs }: CallOptions): MessageInitShape<typeof METHODS.executeAction.input> => {
      requireCall(request);
      const { id, action, idempotencyKey } = request;
      return {
        id,
        action,
        payload: payloadBytes(request),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(timeoutMs === undefined || timeoutMs === Infinity ? {} : { timeoutMs: millisToInt64(timeoutMs) }),
      };
    };
    const answer = await (
      options?.onProgress === undefined ? call(METHODS.executeAction, message, options) : executeTold(message, options)
    ).catch((error: unknown) => {
      throw isGone() && !wasGone ? cancelledByCaller(request.id) : error;
    });
    return read((problems) => ({
      result: Buffer.from(answer.result.buffer, answer.result.byteOffset, answer.result.byteLength).toString('utf8'),
      attempts: answer.attempts,
      durationMs: int64ToNumber(answer.durationMs, { path: 'duration_ms', problems }),
      replayed: answer.replayed,
      ...(answer.resultDropped ? { resultDropped: true } : {}),
    }));
  };

  type ExecutionMethod = (typeof METHODS)[`${'get' | 'cancel' | 'rerun'}Execution`];
  const askExecution = async (method: ExecutionMethod, id: string, options?: CallOptions): Promise<Execution> => {
    const request = () => ({ id: requireExecutionId(id) });
    const message = await call(method as typeof METHODS.getExecution, request, options);
    return read((problems) => executionFromMessage(message, problems));
  };

  const controlSchedule = async (
    method: (typeof METHODS)[`${'pause' | 'resume'}Schedule`],
    name: string,
    options?: CallOptions,
  ): Promise<Schedule> => {
    const request = () => ({ name: requireScheduleName(name) });
    const message = await call(method as typeof METHODS.pauseSchedule, request, options);
    return read((problems) => scheduleFromMessage(message, problems));
  };

  async function* follow<Input extends DescMessage, Output extends DescMessage, Event>(
    method: ConnectorsMethod<Input, Output>,
    request: () => MessageInitShape<Input>,
    translate: (message: MessageShape<Output>, problems: Problem[]) => Event | undefined,
    options: CallOptions = {},
  ): AsyncGenerator<Event, void> {
    if (options?.signal?.aborted === true) return;
    requireOpen();
    const { signal, ...rest } = requireCallOptions(options);
    const stream = streamRemote(channel, method, { request: request(), options: rest });
    let over = false;
    const end = (): void => {
      over = true;
      stream.cancel();
    };
    watches.add(end);
    signal?.addEventListener('abort', end, { once: true });
    try {
      for await (const message of stream as AsyncIterable<MessageShape<Output>>) {
        const event = read((problems) => translate(message, problems));
        if (over) return;
        if (event !== undefined) yield event;
      }
    } catch (error) {
      if (over) return;
      throw explainFailure(error, { ...options, name: method.path.slice(method.path.lastIndexOf('/') + 1), address });
    } finally {
      watches.delete(end);
      signal?.removeEventListener('abort', end);
      stream.cancel();
    }
  }

  const close = async (): Promise<void> => {
    closed = true;
    for (const end of watches) end();
    client.close();
  };

  return {
    list: async (filter = {}, options) => {
      const request = () => {
        requireFilter(filter);
        const { type, enabledOnly, tag } = filter;
        return { ...toWireType(type), ...(enabledOnly && { enabledOnly }), ...(tag === undefined ? {} : { tag }) };
      };
      const { connectors } = await call(METHODS.listConnectors, request, options);
      return read((problems) => connectors.map((message) => infoFromMessage(message, problems)));
    },
    get: async (id, options) => {
      const { connector, config, network } = await call(METHODS.getConnector, () => ({ id: requireId(id) }), options);
      return read((problems) => ({
        connector: infoFromMessage(required(connector, 'connector'), problems),
        config: configFromMessage(required(config, 'config'), problems),
        ...(network === undefined ? {} : { network }),
      }));
    },
    describe: async (id, options) => {
      const message = await call(METHODS.describeConnector, () => ({ id: requireId(id) }), options);
      return read((problems) => descriptionFromMessage(message, problems));
    },
    register: async (config, options) => {
      const request = async () => ({ config: await writeConfig(config) });
      return succeeded(await call(METHODS.registerConnector, request, options), config.id);
    },
    update: async (config, options) => {
      const request = async () => ({ config: await writeConfig(config) });
      return succeeded(await call(METHODS.updateConnector, request, options), config.id);
    },
    remove: async (id, options) =>
      succeeded(await call(METHODS.removeConnector, () => ({ id: requireId(id) }), options), id),
    healthCheck: async (id, options) => {
      const message = await call(METHODS.healthCheck, () => ({ id: requireId(id) }), options);
      return read((problems) => healthFromMessage(message, problems));
    },
    healthCheckAll: async (filter = {}, options) => {
      const request = () => {
        requireFilter(filter);
        return { ...toWireType(filter.type), ...(filter.cached && { cached: true }) };
      };
      const message = await call(METHODS.healthCheckAll, request, options);
      return read((problems) => healthAllFromMessage(message, problems));
    },
    test: async (target, options) => {
      const request = async () =>
        typeof target === 'object' ? { id: target.id, config: await writeConfig(target) } : { id: requireId(target) };
      const message = await call(METHODS.testConnector, request, options);
      return read((problems) => testFromMessage(message, problems));
    },
    execute: async (request, options) => {
      requireOpen();
      requireCallOptions(options ?? {});
      const text = { ...request, payload: encodePayload(request?.payload) };
      const { result, ...rest } = await executeText(text, options);
      return { result: translateAnswer(address, () => JSON.parse(result) as JsonValue), ...rest };
    },
    executeText,
    watch: (options) => follow(METHODS.watchConnectors, () => ({}), eventFromMessage, options),
    getOutcome: async (id, key, options) => {
      const message = await call(METHODS.getOutcome, () => placeOf(id, key), options);
      return read((problems) => outcomeFromMessage(message, problems));
    },
    clearOutcome: async (id, key, options) =>
      succeeded(await call(METHODS.clearOutcome, () => placeOf(id, key), options), id),
    createToken: async (request, options) => {
      const { info, token } = await call(METHODS.createToken, () => createTokenToMessage(request), options);
      return { ...tokenFromMessage(required(info, 'info')), token };
    },
    listTokens: async (options) => {
      const { tokens } = await call(METHODS.listTokens, () => ({}), options);
      return tokens.map(tokenFromMessage);
    },
    revokeToken: async (id, options) => succeeded(await call(METHODS.revokeToken, () => ({ id }), options), id),
    plugins: async (options) => {
      const { report } = await call(METHODS.listPlugins, () => ({}), options);
      return read((problems) => pluginsFromMessage(report, problems));
    },
    rescanPlugins: async (options) => {
      const { report } = await call(METHODS.rescanPlugins, () => ({}), options);
      return read((problems) => pluginsFromMessage(report, problems));
    },
    describeKind: async (kind, options) => {
      const message = await call(METHODS.describeKind, () => ({ kind: requireKindName(kind) }), options);
      return read((problems) => descriptionFromMessage(message, problems));
    },
    listSecrets: async (options) => {
      const { secrets } = await call(METHODS.listSecrets, () => ({}), options);
      return read((problems) => secrets.map((message) => secretFromMessage(message, problems)));
    },
    setSecret: async (secret, options) => {
      const request = () => {
        requireSecret(secret);
        requireSecretValue(secret.value);
        return { namespace: secret.namespace, name: secret.name, value: secret.value };
      };
      const { version, message } = await call(METHODS.setSecret, request, options);
      return { namespace: secret.namespace, name: secret.name, version, message };
    },
    removeSecret: async (secret, options) => {
      const request = () => {
        requireSecret(secret);
        requireSecretVersion(secret.version);
        const { namespace, name, version, force } = secret;
        return { namespace, name, ...(version === undefined ? {} : { version }), ...(force === true && { force }) };
      };
      const { message } = await call(METHODS.removeSecret, request, options);
      const { namespace, name, version } = secret;
      return { namespace, name, ...(version === undefined ? {} : { version }), message };
    },
    listProfiles: async (options) => {
      const { profiles } = await call(METHODS.listProfiles, () => ({}), options);
      return read((problems) => profiles.map((message) => profileFromMessage(message, problems)));
    },
    setProfile: async (profile, options) => {
      const { message, heldBack } = await call(METHODS.setProfile, () => writeProfile(profile), options);
      return {
        name: profile.name,
        message,
        heldBack: heldBack.map(({ connector, reason }) => ({ connector, reason })),
      };
    },
    removeProfile: async (name, options) => {
      const { message } = await call(METHODS.removeProfile, () => ({ name: requireProfileName(name) }), options);
      return { name, message, heldBack: [] };
    },
    getStats: async (options) => {
      const message = await call(METHODS.getStats, () => readHost(options), options);
      return read((problems) => statsFromMessage(message, problems));
    },
    blame: async (options) => {
      const message = await call(METHODS.blame, () => readHost(options), options);
      return read((problems) => blameFromMessage(message, problems));
    },
    listAudit: async (filter = {}, options) => {
      const request = () => {
        const { cursor, ...rest } = requireAuditFilter(filter);
        return { ...rest, ...auditCursorToMessage(cursor) };
      };
      const message = await call(METHODS.listAudit, request, options);
      return read((problems) => auditPageFromMessage(message, problems));
    },
    verifyAudit: async (expected, options) => {
      const request = () => {
        const { seq, hash } = requireAuditExpectation(expected) ?? {};
        return { ...readHost(options), ...(seq === undefined ? {} : { seq: millisToInt64(seq), hash }) };
      };
      const message = await call(METHODS.verifyAudit, request, options);
      return read((problems) => auditVerdictFromMessage(message, problems));
    },
    pause: (id, options) => control(METHODS.pauseConnector, id, options),
    resume: (id, options) => control(METHODS.resumeConnector, id, options),
    restart: (id, options) => control(METHODS.restartConnector, id, options),
    enable: (id, options) => control(METHODS.enableConnector, id, options),
    disable: (id, options) => control(METHODS.disableConnector, id, options),
    readLogs: async (filter = {}, options) => {
      const { lines, missing } = await call(
        METHODS.readLogs,
        () => ({ ...requireLogFilter(filter), after: undefined }),
        options,
      );
      return read((problems) =>
        rowsFromMessages(
          lines.map((message) => logLineFromMessage(message, problems)),
          missing,
        ),
      );
    },
    followLogs: (filter = {}, options) => {
      const request = () => {
        const { after, ...rest } = requireLogFilter(filter);
        return { ...rest, ...afterToMessage(after) };
      };
      return follow(METHODS.followLogs, request, logEventFromMessage, options);
    },
    setLogLevel: async (id, level, options) => {
      const request = () => ({ id: requireId(id), level: requireLogLevel(level) });
      const { connector } = await call(METHODS.setLogLevel, request, options);
      return read((problems) => infoFromMessage(required(connector, 'connector'), problems));
    },
    listCalls: async (id, filter = {}, options) => {
      const request = () => {
        const limit = requireLimit(filter.limit, 100);
        return { id: requireId(id), ...(limit === undefined ? {} : { limit }), ...readHost(filter) };
      };
      const { calls, missing } = await call(METHODS.listCalls, request, options);
      return read((problems) =>
        rowsFromMessages(
          calls.map((message) => recentCallFromMessage(message, problems)),
          missing,
        ),
      );
    },
    planConfig: async (config = {}, options) => {
      const message = await call(METHODS.planConfig, () => ({ ...requireConfigText(config) }), options);
      return read((problems) => configPlanFromMessage(message, problems));
    },
    applyConfig: async (config = {}, options) => {
      const message = await call(METHODS.applyConfig, () => ({ ...requireConfigText(config) }), options);
      return read((problems) => configPlanFromMessage(message, problems));
    },
    exportConfig: async (options) => {
      const { yaml, connectors, profiles } = await call(METHODS.exportConfig, () => ({}), options);
      return { yaml, connectors, profiles };
    },
    startExecution: async (request, options) => {
      const message = await call(METHODS.startExecution, () => startExecutionToMessage(writeStart(request)), options);
      return read((problems) => executionFromMessage(message, problems));
    },
    getExecution: (id, options) => askExecution(METHODS.getExecution, id, options),
    listExecutions: async (filter = {}, options) => {
      const request = () => {
        const { status = [], ...rest } = requireExecutionFilter(filter);
        return { ...rest, status: [...status] };
      };
      const message = await call(METHODS.listExecutions, request, options);
      return read((problems) => executionPageFromMessage(message, problems));
    },
    cancelExecution: (id, options) => askExecution(METHODS.cancelExecution, id, options),
    rerunExecution: (id, options) => askExecution(METHODS.rerunExecution, id, options),
    setSchedule: async (schedule, options) => {
      const request = () => {
        const given = requireSchedule({ ...schedule, payload: payloadText(schedule?.payload) });
        payloadBytes(given);
        return setScheduleToMessage(given);
      };
      const message = await call(METHODS.setSchedule, request, options);
      return read((problems) => scheduleFromMessage(message, problems));
    },
    listSchedules: async (options) => {
      const { schedules } = await call(METHODS.listSchedules, () => ({}), options);
      return read((problems) => schedules.map((message) => scheduleFromMessage(message, problems)));
    },
    pauseSchedule: (name, options) => controlSchedule(METHODS.pauseSchedule, name, options),
    resumeSchedule: (name, options) => controlSchedule(METHODS.resumeSchedule, name, options),
    removeSchedule: async (name, options) => {
      const { message } = await call(METHODS.removeSchedule, () => ({ name: requireScheduleName(name) }), options);
      return { name, message };
    },
    watchExecution: (id, options) =>
      keepWatching(
        (own) => follow(METHODS.watchExecution, () => ({ id: requireExecutionId(id) }), executionFromMessage, own),
        { options, isOver: () => closed || options?.signal?.aborted === true },
      ),
    getStatus: async (options) => {
      const message = await call(METHODS.getStatus, () => ({}), options);
      return read((problems) => hostStatusFromMessage(message, problems));
    },
    receiveWebhook: async (id, given, options) => {
      const request = () => webhookToMessage(requireId(id), requireWebhook(given));
      const message = await call(METHODS.receiveWebhook, request, options);
      return read((problems) => receiptFromMessage(message, problems));
    },
    listHosts: async (options) => {
      const { hosts } = await call(METHODS.listHosts, () => ({}), options);
      return read((problems) => hosts.map((message) => hostFromMessage(message, problems)));
    },
    drainHost: async (id, options) => {
      const { host } = await call(METHODS.drainHost, () => ({ id: requireHost(id) }), options);
      return read((problems) => hostFromMessage(required(host, 'host'), problems));
    },
    undrainHost: async (id, options) => {
      const { host } = await call(METHODS.undrainHost, () => ({ id: requireHost(id) }), options);
      return read((problems) => hostFromMessage(required(host, 'host'), problems));
    },
    listHealthHistory: async (id, options) => {
      const { findings } = await call(METHODS.listHealthHistory, () => ({ id: requireId(id) }), options);
      return read((problems) => findings.map((message) => findingFromMessage(message, problems)));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Reads an answer; what this client does not understand of it becomes one error with every problem. */
function translateAnswer<Value>(address: string, translate: (problems: Problem[]) => Value): Value {
  const problems: Problem[] = [];
  let cause: unknown;
  try {
    const value = translate(problems);
    if (problems.length === 0) return value;
  } catch (error) {
    cause = error;
  }
  throw new ConnectorInternalError(
    `the service at ${address} answered what this client cannot read: it is newer, or another service; upgrade the client`,
    { problems, details: { reason: 'unreadable_answer' }, cause },
  );
}

function required<Message>(message: Message | undefined, name: string): Message {
  if (message === undefined) throw new Error(`the answer has no ${name}`);
  return message;
}

function placeOf(
  id: string,
  key: OutcomeKey,
): { readonly id: string; readonly key: string; readonly principal?: string } {
  const asked = requireOutcomeKey(key);
  return { id: requireId(id), ...(typeof asked === 'string' ? { key: asked } : asked) };
}

/** Our service says with a status what went wrong; others of the original interface may say it in the answer. */
function succeeded(answer: { readonly success: boolean; readonly message: string }, id: string): ChangeResult {
  if (answer.success) return { id, message: answer.message };
  throw new InvalidInputError(answer.message || 'the service refused the change and did not say why', {
    connector: id,
  });
}

function toWireType(type: ConnectorType | undefined) {
  if (type === undefined) return {};
  return { type: typeToNumber(type, { path: 'type', problems: [] }) };
}

/** Refuses what the service would, and what no message could carry. */
function writeStart(request: StartExecutionRequest): StartExecutionRequest & { readonly payload: string } {
  const start = requireStart({ ...request, payload: payloadText(request?.payload) });
  payloadBytes(start);
  return start;
}

/** Beyond the transport's own limit the service could only say that a message was too large. */
function payloadBytes({ id, payload }: Pick<ExecuteTextRequest, 'id' | 'payload'>): Uint8Array {
  const bytes = Buffer.from(payload);
  if (bytes.byteLength <= MAX_PAYLOAD_BYTES) return bytes;
  throw payloadTooLarge(bytes.byteLength, id);
}
