// Long, as the one translation of REST to the port has every route of it.
import type {
  CallOptions,
  ConnectorService,
  ConnectorType,
  Execution,
  ExecutionStatus,
  FollowFilter,
  HostFilter,
  LineLevel,
  LogEvent,
  OutcomeKey,
} from '@automate/contract';
import { hasEnded } from '@automate/contract';
import type { OperationId } from '@automate/contract/http';
import {
  API_PREFIX,
  auditPageView,
  auditVerdictView,
  blameView,
  changeResultView,
  configPlanView,
  connectorDescriptionView,
  connectorDetailsView,
  connectorEventView,
  connectorInfoView,
  connectorListView,
  createdTokenView,
  executeResultText,
  executionPageView,
  executionView,
  exportedConfigView,
  healthHistoryView,
  healthReportsView,
  healthReportView,
  hostListView,
  hostView,
  hostStatusView,
  logLinesView,
  logLineView,
  outcomeView,
  pluginReportView,
  profileChangeView,
  profileListView,
  recentCallsView,
  scheduleListView,
  scheduleView,
  secretChangeView,
  secretListView,
  statsView,
  testReportView,
  tokenListView,
} from '@automate/contract/http';
import { toWireConfig } from '@automate/contract/schemas';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readConfigBody, readProfileBody } from './config-body.ts';
import { readConfigTextBody } from './config-text-body.ts';
import { readLogLevelBody } from './log-level-body.ts';
import type { EventStreams, ServerEvent } from './event-streams.ts';
import { readTokenBody } from './token-body.ts';
import { prefersAsync } from './call-options.ts';
import { readStartQuery, requireNoStartQuery, respondAsync } from './respond-async.ts';
import { bodyText } from './request-body.ts';
import { readScheduleBody } from './schedule-body.ts';
import { readSecretBody } from './secret-body.ts';
import { withHost } from '../with-host.ts';

/** One request, with what every handler needs of it. */
export interface RestCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly options: CallOptions;
}

export type RestHandler = (call: RestCall) => Promise<unknown>;

/** Translates every route to the service. A route of the table without a handler does not compile. */
export function createHandlers(
  service: ConnectorService,
  streams: EventStreams,
): Readonly<Record<OperationId, RestHandler>> {
  const answerEvents = async <Item>(
    { request, reply, options }: RestCall,
    follow: (options: CallOptions) => AsyncIterable<Item>,
    toEvent: (item: Item) => ServerEvent,
  ): Promise<unknown> => {
    const stream = await streams.open(request, options, follow, toEvent);
    reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
    return stream;
  };
  const readLogs = async ({ request, reply, options }: RestCall, connector?: string): Promise<unknown> => {
    const { level, limit, follow, host } = request.query as {
      level?: LineLevel;
      limit?: string;
      follow?: Flag;
      host?: string;
    };
    const filter = {
      ...(connector === undefined ? {} : { connector }),
      ...(level === undefined ? {} : { level }),
      ...(limit === undefined ? {} : { limit: numberIn(limit) }),
      ...(host === undefined ? {} : { host }),
    };
    if (follow !== 'true' || request.method === 'HEAD') return logLinesView(await service.readLogs(filter, options));
    const last = request.headers['last-event-id'];
    const after = last === undefined || last === '' ? {} : { after: readLastEventId(String(last)) };
    const lines = (own: CallOptions) => service.followLogs({ ...filter, ...after }, own);
    return answerEvents({ request, reply, options }, lines, logEvents(after.after));
  };
  return {
    async listConnectors({ request, options }) {
      const { type, enabled, tag } = request.query as { type?: ConnectorType; enabled?: Flag; tag?: string };
      const filter = {
        ...(type === undefined ? {} : { type }),
        ...(tag === undefined ? {} : { tag }),
        ...(enabled === 'true' ? { enabledOnly: true } : {}),
      };
      const connectors = await service.list(filter, options);
      return connectorListView(enabled === 'false' ? connectors.filter((connector) => !connector.enabled) : connectors);
    },
    async registerConnector({ request, reply, options }) {
      const result = await service.register(readConfigBody(bodyText(request)), options);
      reply.code(201).header('location', `${API_PREFIX}/connectors/${encodeURIComponent(result.id)}`);
      return changeResultView(result);
    },
    async healthCheckAll({ request, options }) {
      const { type, live } = request.query as { type?: ConnectorType; live?: Flag };
      const filter = { ...(type === undefined ? {} : { type }), cached: live !== 'true' };
      return healthReportsView(await service.healthCheckAll(filter, options));
    },
    async getConnector({ request, options }) {
      const details = await service.get(idOf(request), options);
      return connectorDetailsView(details, toWireConfig(details.config));
    },
    async updateConnector({ request, options }) {
      return changeResultView(await service.update(readConfigBody(bodyText(request), idOf(request)), options));
    },
    async removeConnector({ request, options }) {
      return changeResultView(await service.remove(idOf(request), options));
    },
    async healthCheck({ request, options }) {
      return healthReportView(await service.healthCheck(idOf(request), options));
    },
    async testConnector({ request, options }) {
      const id = idOf(request);
      const body = bodyText(request);
      return testReportView(await service.test(body === '' ? id : readConfigBody(body, id), options));
    },
    async describeConnector({ request, options }) {
      return connectorDescriptionView(await service.describe(idOf(request), options));
    },
    async watchConnectors(call) {
      if (call.request.method === 'HEAD') return undefined;
      return answerEvents(
        call,
        (own) => service.watch(own),
        (event) => ({ event: event.kind, data: connectorEventView(event) }),
      );
    },
    async executeAction({ request, reply, options }) {
      const { id, action } = request.params as { id: string; action: string };
      const idempotencyKey = readIdempotencyKey(request);
      const key = idempotencyKey === undefined ? undefined : { idempotencyKey };
      const call = { id, action, payload: bodyText(request), ...key };
      if (prefersAsync(request)) {
        const start = { ...call, ...readStartQuery(request) };
        return respondAsync(service, start, { reply, options });
      }
      requireNoStartQuery(request);
      const result = await service.executeText(call, options);
      reply.header('content-type', 'application/json; charset=utf-8');
      return executeResultText(result);
    },
    async getOutcome({ request, options }) {
      return outcomeView(await service.getOutcome(idOf(request), outcomeKeyOf(request), options));
    },
    async clearOutcome({ request, options }) {
      return changeResultView(await service.clearOutcome(idOf(request), outcomeKeyOf(request), options));
    },
    async listTokens({ options }) {
      return tokenListView(await service.listTokens(options));
    },
    async createToken({ request, reply, options }) {
      const created = await service.createToken(readTokenBody(bodyText(request)), options);
      reply.code(201);
      return createdTokenView(created);
    },
    async revokeToken({ request, options }) {
      return changeResultView(await service.revokeToken(idOf(request), options));
    },
    async listPlugins({ options }) {
      return pluginReportView(await service.plugins(options));
    },
    async rescanPlugins({ options }) {
      return pluginReportView(await service.rescanPlugins(options));
    },
    async describeKind({ request, options }) {
      const { kind } = request.params as { kind: string };
      return connectorDescriptionView(await service.describeKind(kind, options));
    },
    async listSecrets({ options }) {
      return secretListView(await service.listSecrets(options));
    },
    async setSecret({ request, options }) {
      const { namespace, name } = request.params as SecretParams;
      const value = readSecretBody(bodyText(request));
      return secretChangeView(await service.setSecret({ namespace, name, value }, options));
    },
    async removeSecret({ request, options }) {
      const { namespace, name } = request.params as SecretParams;
      const { version, force } = request.query as { version?: string; force?: Flag };
      const which = { namespace, name, ...(version === undefined ? {} : { version: Number(version) }) };
      return secretChangeView(await service.removeSecret({ ...which, force: force === 'true' }, options));
    },
    async listProfiles({ options }) {
      return profileListView(await service.listProfiles(options));
    },
    async setProfile({ request, options }) {
      return profileChangeView(await service.setProfile(readProfileBody(bodyText(request), nameOf(request)), options));
    },
    async removeProfile({ request, options }) {
      return profileChangeView(await service.removeProfile(nameOf(request), options));
    },
    async pauseConnector({ request, options }) {
      return connectorInfoView(await service.pause(idOf(request), options));
    },
    async resumeConnector({ request, options }) {
      return connectorInfoView(await service.resume(idOf(request), options));
    },
    async restartConnector({ request, options }) {
      return connectorInfoView(await service.restart(idOf(request), options));
    },
    async enableConnector({ request, options }) {
      return connectorInfoView(await service.enable(idOf(request), options));
    },
    async disableConnector({ request, options }) {
      return connectorInfoView(await service.disable(idOf(request), options));
    },
    async listHosts({ options }) {
      return hostListView(await service.listHosts(options));
    },
    async drainHost({ request, options }) {
      return hostView(await service.drainHost(idOf(request), options));
    },
    async undrainHost({ request, options }) {
      return hostView(await service.undrainHost(idOf(request), options));
    },
    async getStatus({ options }) {
      return hostStatusView(await service.getStatus(options));
    },
    async listHealthHistory({ request, options }) {
      return healthHistoryView(await service.listHealthHistory(idOf(request), options));
    },
    async getStats({ request, options }) {
      return statsView(await service.getStats(withHost(options, request.query as HostFilter)));
    },
    async blame({ request, options }) {
      return blameView(await service.blame(withHost(options, request.query as HostFilter)));
    },
    readLogs: (call) => readLogs(call),
    readConnectorLogs: (call) => readLogs(call, idOf(call.request)),
    async setLogLevel({ request, options }) {
      const level = readLogLevelBody(bodyText(request));
      return connectorInfoView(await service.setLogLevel(idOf(request), level, options));
    },
    async listCalls({ request, options }) {
      const { limit, host } = request.query as { limit?: string; host?: string };
      const filter = {
        ...(limit === undefined ? {} : { limit: numberIn(limit) }),
        ...(host === undefined ? {} : { host }),
      };
      return recentCallsView(await service.listCalls(idOf(request), filter, options));
    },
    async planConfig({ request, options }) {
      return configPlanView(await service.planConfig(readConfigTextBody(bodyText(request)), options));
    },
    async applyConfig({ request, options }) {
      return configPlanView(await service.applyConfig(readConfigTextBody(bodyText(request)), options));
    },
    async exportConfig({ options }) {
      return exportedConfigView(await service.exportConfig(options));
    },
    async listExecutions({ request, options }) {
      const query = request.query as Readonly<Record<string, string>>;
      const { connector, status, dead_letters: deadLetters, principal, limit, after } = query;
      const filter = {
        ...(connector === undefined ? {} : { connector }),
        ...(status === undefined ? {} : { status: status.split(',') as ExecutionStatus[] }),
        ...(deadLetters === 'true' ? { deadLetters: true } : {}),
        ...(principal === undefined ? {} : { principal }),
        ...(limit === undefined ? {} : { limit: numberIn(limit) }),
        ...(after === undefined ? {} : { after }),
      };
      return executionPageView(await service.listExecutions(filter, options));
    },
    async getExecution({ request, options }) {
      return executionView(await service.getExecution(idOf(request), options));
    },
    async watchExecution(call) {
      const { request, reply } = call;
      if (request.method === 'HEAD') return undefined;
      // Whoever has heard of the end already is told, as the standard of these streams has it, not to come back.
      if (request.headers['last-event-id'] === ENDED) return reply.code(204).send();
      return answerEvents(call, (own) => service.watchExecution(idOf(request), own), toExecutionEvent);
    },
    async cancelExecution({ request, options }) {
      return executionView(await service.cancelExecution(idOf(request), options));
    },
    async rerunExecution({ request, reply, options }) {
      const execution = await service.rerunExecution(idOf(request), options);
      reply.code(202).header('location', `${API_PREFIX}/executions/${encodeURIComponent(execution.id)}`);
      return executionView(execution);
    },
    async listSchedules({ options }) {
      return scheduleListView(await service.listSchedules(options));
    },
    async setSchedule({ request, options }) {
      const schedule = readScheduleBody(bodyText(request), nameOf(request));
      return scheduleView(await service.setSchedule(schedule, options));
    },
    async pauseSchedule({ request, options }) {
      return scheduleView(await service.pauseSchedule(nameOf(request), options));
    },
    async resumeSchedule({ request, options }) {
      return scheduleView(await service.resumeSchedule(nameOf(request), options));
    },
    async removeSchedule({ request, options }) {
      const { name, message } = await service.removeSchedule(nameOf(request), options);
      return { name, message };
    },
    async listAudit({ request, options }) {
      const { cursor, limit, ...rest } = request.query as Readonly<Record<string, string>>;
      const filter = {
        ...rest,
        ...(cursor === undefined ? {} : { cursor: cursor.includes('=') ? cursor : numberIn(cursor) }),
        ...(limit === undefined ? {} : { limit: numberIn(limit) }),
      };
      return auditPageView(await service.listAudit(filter, options));
    },
    async verifyAudit({ request, options }) {
      const { seq, hash, ...filter } = request.query as { seq?: string; hash?: string; host?: string };
      const expected =
        seq === undefined && hash === undefined ? undefined : { seq: numberIn(seq ?? ''), hash: hash ?? '' };
      return auditVerdictView(await service.verifyAudit(expected, withHost(options, filter)));
    },
  };
}

type Flag = 'true' | 'false';
type SecretParams = { readonly namespace: string; readonly name: string };

/** A whole number; what is none is for the service to refuse. */
function numberIn(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}

function outcomeKeyOf(request: FastifyRequest): OutcomeKey {
  const { principal } = request.query as { principal?: string };
  const key = keyOf(request);
  return principal === undefined ? key : { key, principal };
}

function keyOf(request: FastifyRequest): string {
  return (request.params as { key: string }).key;
}

/** `Idempotency-Key`, bare or, as its draft standard has it, as a string in double quotes. */
function readIdempotencyKey(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  return String(header).replace(/^"(.*)"$/, '$1');
}

/** The id of the last event of an execution. */
const ENDED = 'ended';

function toExecutionEvent(execution: Execution): ServerEvent {
  return {
    event: 'execution',
    data: executionView(execution),
    ...(hasEnded(execution) ? { id: ENDED } : {}),
  };
}

/** @param after what was read before, by hosts where they are several */
function logEvents(after: FollowFilter['after']): (event: LogEvent) => ServerEvent {
  const last = new Map(typeof after === 'object' ? Object.entries(after) : []);
  return (event) => {
    switch (event.kind) {
      case 'line': {
        const { host, seq } = event.line;
        if (host !== undefined) last.set(host, seq);
        return { event: 'line', data: logLineView(event.line), id: host === undefined ? seq : writeEventId(last) };
      }
      case 'missed': {
        const { kind: _kind, ...data } = event;
        return { event: 'missed', data };
      }
      case 'synced':
        return { event: 'synced', data: {} };
      default:
        return event satisfies never;
    }
  };
}

/** `seq` of the last line of each host. */
function writeEventId(last: ReadonlyMap<string, number>): string {
  return [...last].map(([host, seq]) => `${host}=${seq}`).join(',');
}

/** The `seq` of a line, or that of each host. */
function readLastEventId(text: string): NonNullable<FollowFilter['after']> {
  if (!text.includes('=')) return numberIn(text);
  return Object.fromEntries(
    text.split(',').map((part): [string, number] => {
      const [host = '', seq = ''] = part.split('=');
      return [host, numberIn(seq)];
    }),
  );
}
