// Long, as the one translation of gRPC to the port has every method of it.
import { isUtf8 } from 'node:buffer';
import { InvalidInputError, MAX_PAYLOAD_BYTES } from '@automate/contract';
import { configRefused, payloadTooLarge } from '@automate/contract/service';
import type {
  CallOptions,
  ConnectorConfigInput,
  ConnectorService,
  ConnectorType,
  ExecuteTextResult,
  LineLevel,
  OutcomeKey,
  Problem,
} from '@automate/contract';
import {
  auditFilterFromMessage,
  auditPageToMessage,
  auditVerdictToMessage,
  blameToMessage,
  configInputFromMessage,
  configPlanToMessage,
  configTextFromMessage,
  configToMessage,
  CONNECTORS_SERVICE,
  createTokenFromMessage,
  descriptionToMessage,
  eventToMessage,
  executionFilterFromMessage,
  executionPageToMessage,
  executionToMessage,
  findingToMessage,
  healthAllToMessage,
  healthToMessage,
  hostStatusToMessage,
  hostToMessage,
  infoToMessage,
  logEventToMessage,
  logFilterFromMessage,
  missingToMessages,
  logLineToMessage,
  outcomeToMessage,
  pluginsToMessage,
  profileToMessage,
  recentCallToMessage,
  secretToMessage,
  scheduleToMessage,
  setProfileFromMessage,
  setScheduleFromMessage,
  startExecutionFromMessage,
  statsToMessage,
  testToMessage,
  tokenToMessage,
  webhookFromMessage,
  typeFromNumber,
} from '@automate/contract/grpc';
import type { ConnectorsMethod } from '@automate/contract/grpc';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { UntypedHandleCall } from '@automate/grpc';
import type { GrpcLogger } from './logger.ts';
import { serveUnary, unary } from './unary.ts';
import type { Answer } from './unary.ts';
import { createEventStreams } from './event-streams.ts';
import type { EventStreams } from './event-streams.ts';
import { executeWithProgress } from './execute-with-progress.ts';
import { withHost } from '../with-host.ts';

/** The service's methods as handlers, and the streams among them. */
export interface Handlers {
  readonly handlers: Readonly<Record<keyof typeof CONNECTORS_SERVICE, UntypedHandleCall>>;
  readonly streams: Pick<EventStreams, 'endAll'>;
}

type ConfigMessage = MessageShape<typeof CONNECTORS_SERVICE.getConnector.output>['config'];
type ExecuteMessage = MessageShape<typeof CONNECTORS_SERVICE.executeAction.input>;

/** Translates every method of the protocol to the port. Nothing here decides anything about connectors. */
export function createHandlers(service: ConnectorService, logger: GrpcLogger): Handlers {
  const methods = CONNECTORS_SERVICE;
  const streams = createEventStreams(logger);
  const on = <Input extends DescMessage, Output extends DescMessage>(
    method: ConnectorsMethod<Input, Output>,
    answer: Answer<Input, Output>,
  ) => unary(method, { logger, answer });
  const handlers = {
    listConnectors: on(methods.listConnectors, async ({ type, enabledOnly, tag }, options) => {
      const filter = {
        ...typeFilter(type),
        ...(enabledOnly && { enabledOnly }),
        ...(tag === undefined ? {} : { tag }),
      };
      return { connectors: (await service.list(filter, options)).map(infoToMessage) };
    }),
    getConnector: on(methods.getConnector, async (request, options) => {
      const { connector, config, network } = await service.get(request.id, options);
      return {
        connector: infoToMessage(connector),
        config: configToMessage(config, []),
        ...(network === undefined ? {} : { network }),
      };
    }),
    registerConnector: on(methods.registerConnector, async (request, options) => {
      const { id, message } = await service.register(configOf(request), options);
      return { success: true, message, connectorId: id };
    }),
    removeConnector: on(methods.removeConnector, async (request, options) => {
      const { message } = await service.remove(request.id, options);
      return { success: true, message };
    }),
    healthCheck: on(methods.healthCheck, async (request, options) =>
      healthToMessage(await service.healthCheck(request.id, options)),
    ),
    healthCheckAll: on(methods.healthCheckAll, async ({ type, cached }, options) =>
      healthAllToMessage(await service.healthCheckAll({ ...typeFilter(type), ...(cached && { cached }) }, options)),
    ),
    updateConnector: on(methods.updateConnector, async (request, options) => {
      const { id, message } = await service.update(configOf(request), options);
      return { success: true, message, connectorId: id };
    }),
    executeAction: serveUnary(methods.executeAction.path, {
      logger,
      answer: (request: ExecuteMessage, options) => execute(service, request, options),
    }),
    describeConnector: on(methods.describeConnector, async (request, options) =>
      descriptionToMessage(await service.describe(request.id, options)),
    ),
    testConnector: on(methods.testConnector, async (request, options) =>
      testToMessage(await service.test(request.config === undefined ? request.id : configOf(request), options)),
    ),
    listPlugins: on(methods.listPlugins, async (_request, options) => ({
      report: pluginsToMessage(await service.plugins(options)),
    })),
    rescanPlugins: on(methods.rescanPlugins, async (_request, options) => ({
      report: pluginsToMessage(await service.rescanPlugins(options)),
    })),
    describeKind: on(methods.describeKind, async ({ kind }, options) =>
      descriptionToMessage(await service.describeKind(kind, options)),
    ),
    getOutcome: on(methods.getOutcome, async ({ id, ...rest }, options) =>
      outcomeToMessage(await service.getOutcome(id, outcomeKeyOf(rest), options)),
    ),
    clearOutcome: on(methods.clearOutcome, async ({ id, ...rest }, options) => {
      const { message } = await service.clearOutcome(id, outcomeKeyOf(rest), options);
      return { success: true, message };
    }),
    listSecrets: on(methods.listSecrets, async (_request, options) => ({
      secrets: (await service.listSecrets(options)).map(secretToMessage),
    })),
    setSecret: on(methods.setSecret, async ({ namespace, name, value }, options) => {
      const { version = 0, message } = await service.setSecret({ namespace, name, value }, options);
      return { version, message };
    }),
    removeSecret: on(methods.removeSecret, async ({ namespace, name, version, force }, options) => {
      const which = { namespace, name, ...(version === undefined ? {} : { version }) };
      return { message: (await service.removeSecret({ ...which, ...(force && { force }) }, options)).message };
    }),
    listAudit: on(methods.listAudit, async (request, options) =>
      auditPageToMessage(await service.listAudit(auditFilterFromMessage(request), options)),
    ),
    verifyAudit: on(methods.verifyAudit, async ({ seq, hash, ...filter }, options) => {
      const expected = seq === undefined && hash === undefined ? undefined : { seq: Number(seq), hash: hash ?? '' };
      return auditVerdictToMessage(await service.verifyAudit(expected, withHost(options, filter)));
    }),
    createToken: on(methods.createToken, async (request, options) => {
      const problems: Problem[] = [];
      const wanted = createTokenFromMessage(request, problems);
      if (problems[0] !== undefined) throw requestRefused(problems[0]);
      const { token, ...info } = await service.createToken(wanted, options);
      return { info: tokenToMessage(info), token };
    }),
    listTokens: on(methods.listTokens, async (_request, options) => ({
      tokens: (await service.listTokens(options)).map(tokenToMessage),
    })),
    revokeToken: on(methods.revokeToken, async ({ id }, options) => {
      const { message } = await service.revokeToken(id, options);
      return { success: true, message };
    }),
    listProfiles: on(methods.listProfiles, async (_request, options) => ({
      profiles: (await service.listProfiles(options)).map(profileToMessage),
    })),
    setProfile: on(methods.setProfile, async (request, options) => {
      const { message, heldBack } = await service.setProfile(setProfileFromMessage(request), options);
      return { message, heldBack: heldBack.map((each) => ({ ...each })) };
    }),
    removeProfile: on(methods.removeProfile, async ({ name }, options) => {
      const { message } = await service.removeProfile(name, options);
      return { message };
    }),
    pauseConnector: on(methods.pauseConnector, async ({ id }, options) => ({
      connector: infoToMessage(await service.pause(id, options)),
    })),
    resumeConnector: on(methods.resumeConnector, async ({ id }, options) => ({
      connector: infoToMessage(await service.resume(id, options)),
    })),
    restartConnector: on(methods.restartConnector, async ({ id }, options) => ({
      connector: infoToMessage(await service.restart(id, options)),
    })),
    enableConnector: on(methods.enableConnector, async ({ id }, options) => ({
      connector: infoToMessage(await service.enable(id, options)),
    })),
    disableConnector: on(methods.disableConnector, async ({ id }, options) => ({
      connector: infoToMessage(await service.disable(id, options)),
    })),
    listHosts: on(methods.listHosts, async (_request, options) => ({
      hosts: (await service.listHosts(options)).map(hostToMessage),
    })),
    drainHost: on(methods.drainHost, async ({ id }, options) => ({
      host: hostToMessage(await service.drainHost(id, options)),
    })),
    undrainHost: on(methods.undrainHost, async ({ id }, options) => ({
      host: hostToMessage(await service.undrainHost(id, options)),
    })),
    getStatus: on(methods.getStatus, async (_request, options) =>
      hostStatusToMessage(await service.getStatus(options)),
    ),
    listHealthHistory: on(methods.listHealthHistory, async ({ id }, options) => ({
      findings: (await service.listHealthHistory(id, options)).map(findingToMessage),
    })),
    getStats: on(methods.getStats, async (request, options) =>
      statsToMessage(await service.getStats(withHost(options, request))),
    ),
    blame: on(methods.blame, async (request, options) =>
      blameToMessage(await service.blame(withHost(options, request))),
    ),
    readLogs: on(methods.readLogs, async (request, options) => {
      const lines = await service.readLogs(logFilterFromMessage(request), options);
      return { lines: lines.map(logLineToMessage), ...missingToMessages(lines.missing) };
    }),
    setLogLevel: on(methods.setLogLevel, async ({ id, level }, options) => ({
      connector: infoToMessage(await service.setLogLevel(id, level as LineLevel, options)),
    })),
    listCalls: on(methods.listCalls, async ({ id, limit, host }, options) => {
      const filter = { ...(limit === undefined ? {} : { limit }), ...(host === undefined ? {} : { host }) };
      const calls = await service.listCalls(id, filter, options);
      return { calls: calls.map(recentCallToMessage), ...missingToMessages(calls.missing) };
    }),
    planConfig: on(methods.planConfig, async (request, options) =>
      configPlanToMessage(await service.planConfig(configTextFromMessage(request), options)),
    ),
    applyConfig: on(methods.applyConfig, async (request, options) =>
      configPlanToMessage(await service.applyConfig(configTextFromMessage(request), options)),
    ),
    receiveWebhook: on(methods.receiveWebhook, (request, options) =>
      service.receiveWebhook(request.id, webhookFromMessage(request), options),
    ),
    exportConfig: on(methods.exportConfig, async (_request, options) => {
      const { yaml, connectors, profiles } = await service.exportConfig(options);
      return { yaml, connectors: [...connectors], profiles: [...profiles] };
    }),
    startExecution: on(methods.startExecution, async (request, options) => {
      const start = { ...startExecutionFromMessage(request), payload: payloadText(request) };
      return executionToMessage(await service.startExecution(start, options));
    }),
    getExecution: on(methods.getExecution, async ({ id }, options) =>
      executionToMessage(await service.getExecution(id, options)),
    ),
    listExecutions: on(methods.listExecutions, async (request, options) =>
      executionPageToMessage(await service.listExecutions(executionFilterFromMessage(request), options)),
    ),
    cancelExecution: on(methods.cancelExecution, async ({ id }, options) =>
      executionToMessage(await service.cancelExecution(id, options)),
    ),
    rerunExecution: on(methods.rerunExecution, async ({ id }, options) =>
      executionToMessage(await service.rerunExecution(id, options)),
    ),
    watchExecution: streams.on(methods.watchExecution, ({ id }, options) =>
      translated(service.watchExecution(id, options), executionToMessage),
    ),
    setSchedule: on(methods.setSchedule, async (request, options) => {
      const { connector: id, payload } = request;
      const schedule = { ...setScheduleFromMessage(request), payload: payloadText({ id, payload }) };
      return scheduleToMessage(await service.setSchedule(schedule, options));
    }),
    listSchedules: on(methods.listSchedules, async (_request, options) => ({
      schedules: (await service.listSchedules(options)).map(scheduleToMessage),
    })),
    pauseSchedule: on(methods.pauseSchedule, async ({ name }, options) =>
      scheduleToMessage(await service.pauseSchedule(name, options)),
    ),
    resumeSchedule: on(methods.resumeSchedule, async ({ name }, options) =>
      scheduleToMessage(await service.resumeSchedule(name, options)),
    ),
    removeSchedule: on(methods.removeSchedule, async ({ name }, options) => {
      const { message } = await service.removeSchedule(name, options);
      return { message };
    }),
    watchConnectors: streams.on(methods.watchConnectors, (_request, options) =>
      translated(service.watch(options), eventToMessage),
    ),
    followLogs: streams.on(methods.followLogs, (request, options) =>
      translated(service.followLogs(logFilterFromMessage(request), options), logEventToMessage),
    ),
    executeActionWithProgress: streams.call(methods.executeActionWithProgress, (request, options) =>
      executeWithProgress((onProgress) => execute(service, request, withOptions(options, { onProgress }))),
    ),
  };
  return { handlers, streams };
}

/**
 * Payload and result pass as they are: whether the text is JSON is the connector's worker to find out. Not async: a promise
 * that waits for another costs as much as all of this.
 */
function execute(service: ConnectorService, request: ExecuteMessage, options: CallOptions): Promise<ExecuteTextResult> {
  const { id, idempotencyKey } = request;
  return service.executeText(
    {
      id,
      action: request.action,
      payload: payloadText(request),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    },
    request.timeoutMs === undefined ? options : withOptions(options, { timeout: request.timeoutMs }),
  );
}

function payloadText({ id, payload }: { readonly id: string; readonly payload: Uint8Array }): string {
  if (payload.byteLength > MAX_PAYLOAD_BYTES) throw payloadTooLarge(payload.byteLength, id);
  if (!isUtf8(payload)) throw new InvalidInputError('the payload is not UTF-8', { connector: id });
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
}

/** The same options with the shorter of both times, or with who hears of progress; the signal is still made only when asked for. */
function withOptions(
  options: CallOptions,
  { timeout, onProgress = options.onProgress }: { readonly timeout?: bigint } & Pick<CallOptions, 'onProgress'>,
): CallOptions {
  const { traceparent, tracestate, principal, door } = options;
  const timeoutMs = Math.min(Number(timeout ?? Infinity), options.timeoutMs ?? Infinity);
  return {
    ...(timeoutMs === Infinity ? {} : { timeoutMs }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
    ...(principal === undefined ? {} : { principal }),
    ...(door === undefined ? {} : { door }),
    get signal() {
      return options.signal;
    },
  };
}

async function* translated<Event, Message>(
  events: AsyncIterable<Event>,
  toMessage: (event: Event) => Message,
): AsyncGenerator<Message, void> {
  for await (const event of events) yield toMessage(event);
}

function configOf({ config }: { readonly config?: ConfigMessage }): ConnectorConfigInput {
  if (config === undefined) throw configRefused(undefined, [{ path: '', expected: 'an object', received: 'nothing' }]);
  const input = configInputFromMessage(config);
  // A message cannot tell an id that is empty from none.
  return input.id === '' ? ({ ...input, id: undefined } as never) : input;
}

function typeFilter(number: number | undefined): { readonly type?: ConnectorType } {
  const problems: Problem[] = [];
  const type = number === undefined ? undefined : typeFromNumber(number, { path: 'type', problems });
  const [problem] = problems;
  if (problem !== undefined) throw requestRefused(problem);
  return type === undefined ? {} : { type };
}

function requestRefused(problem: Problem): InvalidInputError {
  const where = problem.path === '' ? 'the request' : problem.path;
  return new InvalidInputError(`${where}: expected ${problem.expected}, received ${problem.received}`, {
    problems: [problem],
  });
}

function outcomeKeyOf({ key, principal }: { readonly key: string; readonly principal?: string }): OutcomeKey {
  return principal === undefined ? key : { key, principal };
}
