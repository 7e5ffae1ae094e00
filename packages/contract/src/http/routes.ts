// Long, as the one table of routes has every operation of the service.
import { z } from 'zod';
import { CONNECTOR_TYPES } from '../connector.ts';
import { EXECUTION_STATUSES } from '../execution-operations.ts';
import { LINE_LEVELS } from '../line-level.ts';
import { setProfileSchema } from '../schemas/config-file.ts';
import { connectorConfigSchema } from '../schemas/connector-config.ts';
import {
  auditPageSchema,
  auditVerdictSchema,
  blameSchema,
  changeResultSchema,
  configPlanSchema,
  connectorDescriptionSchema,
  connectorDetailsSchema,
  connectorEventSchema,
  connectorInfoSchema,
  connectorListSchema,
  createdTokenSchema,
  executeResultSchema,
  executionPageSchema,
  executionSchema,
  exportedConfigSchema,
  healthHistorySchema,
  healthReportSchema,
  healthReportsSchema,
  hostListSchema,
  hostSchema,
  hostStatusSchema,
  keptOutcomeSchema,
  logLinesSchema,
  pluginReportSchema,
  profileChangeSchema,
  profileListSchema,
  recentCallsSchema,
  scheduleChangeSchema,
  scheduleListSchema,
  scheduleSchema,
  secretChangeSchema,
  secretListSchema,
  statsSchema,
  testReportSchema,
  tokenListSchema,
} from './answers.ts';

/** Where every route of the service lives; the operational ones (`/health`, `/metrics`, `/openapi.json`) are at the root. */
export const API_PREFIX = '/api/v1';

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Under `API_PREFIX`, parameters as `{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag:
    | 'connectors'
    | 'health'
    | 'actions'
    | 'executions'
    | 'plugins'
    | 'profiles'
    | 'secrets'
    | 'audit'
    | 'access'
    | 'host';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 202;
  readonly answer: z.ZodType;
  /** What it answers with 202 where it is asked not to wait for the end. */
  readonly accepted?: z.ZodType;
  /** The media type of the stream that it answers with, where it is asked for one. */
  readonly stream?: 'text/event-stream';
  /** Default `application/json`. Of a stream `answer` is what each event has in `data`. */
  readonly media?: 'text/event-stream';
}

const idParams = z.object({ id: z.string().meta({ description: "The connector's id" }) });
const hostParams = z.object({ id: z.string().meta({ description: "The host's id" }) });
const outcomeQuery = z.strictObject({
  principal: z
    .string()
    .optional()
    .meta({ description: "Whose key it is; default: the caller's own. Another's needs the scope admin" }),
});
const outcomeParams = idParams.extend({ key: z.string().meta({ description: 'The idempotency key' }) });
const flag = z.enum(['true', 'false']);
const secretParams = z.object({ namespace: z.string(), name: z.string() });
const profileParams = z.object({ name: z.string().meta({ description: "The profile's name" }) });
const waitHeaders = z.object({
  prefer: z.string().optional().meta({ description: '`wait=SECONDS`: how long the caller will wait for everything' }),
});

const executionParams = z.object({ id: z.string().meta({ description: "The execution's id" }) });
const executeHeaders = z.object({
  prefer: z
    .string()
    .optional()
    .meta({
      description:
        '`wait=SECONDS`: how long the caller will wait for everything. `respond-async`: start an execution, which goes on without the caller, and answer 202; with `wait=SECONDS` beside it 200 if it has ended by then',
      examples: ['wait=10', 'respond-async', 'respond-async, wait=5'],
    }),
  'idempotency-key': z.string().optional().meta({
    description: 'The same key and payload: the same answer, or execution, without another effect',
  }),
});
/** Only with `respond-async`. */
const startQuery = z.object({
  run_at: z
    .string()
    .optional()
    .meta({ description: 'With `respond-async`: not before then, ISO 8601', examples: ['2026-01-31T09:00:00Z'] }),
  priority: z.string().optional().meta({
    description: 'With `respond-async`: from -100 to 100, those with more go first; default 0',
  }),
  run_timeout: z
    .string()
    .optional()
    .meta({
      description: 'With `respond-async`: how long each run may take; default: what the action or the connector says',
      examples: ['10m'],
    }),
  callback_url: z
    .string()
    .optional()
    .meta({
      description: 'With `respond-async`: where its end is told by a signed POST, of those that the host allows',
      examples: ['https://hooks.example.com/automate'],
    }),
});

const scheduleParams = z.object({ name: z.string().meta({ description: "The schedule's name" }) });
const scheduleBody = z
  .strictObject({
    connector: z.string(),
    action: z.string(),
    payload: z.record(z.string(), z.unknown()).optional().meta({ description: 'Default {}' }),
    cron: z.string().meta({
      description: 'Minute, hour, day of the month, month, day of the week',
      examples: ['0 9 * * 1-5'],
    }),
    time_zone: z
      .string()
      .optional()
      .meta({ description: "Default: the host's own", examples: ['Europe/Berlin'] }),
    priority: z.int().optional().meta({ description: 'Of its executions, from -100 to 100; default 0' }),
    run_timeout: z
      .string()
      .optional()
      .meta({ description: 'How long each run may take', examples: ['10m'] }),
    callback_url: z
      .string()
      .optional()
      .meta({ description: 'Where the end of each is told', examples: ['https://hooks.example.com/automate'] }),
  })
  .meta({ id: 'NewSchedule' });

/** A configuration in the YAML's shape, as the file's own parser has it. */
const configBody = connectorConfigSchema.meta({
  id: 'ConnectorConfig',
  description: 'One connector as in the YAML file: only `id` is required, durations are text such as "30s"',
});

/** A profile in the YAML's shape, with secrets in it that move into the store. */
const profileBody = setProfileSchema.meta({ id: 'Profile' });

const hostQuery = z
  .string()
  .optional()
  .meta({ description: 'The id of the host that is asked alone; absent: all that live' });

const logQuery = z.strictObject({
  level: z
    .string()
    .optional()
    .meta({ description: `Of this level and above: ${LINE_LEVELS.join(', ')}` }),
  limit: z.string().optional().meta({ description: 'Most lines that are kept already, from 1 to 1000; default 100' }),
  follow: flag
    .optional()
    .meta({ description: '`true`: server-sent events, of these and then of each as it is written' }),
  host: hostQuery,
});

const logHeaders = z.object({
  'last-event-id': z.string().optional().meta({
    description:
      'With `follow`: the `id` of the last event that was read; the lines that were kept after it come first',
  }),
});

const configTextBody = z
  .strictObject({
    yaml: z.string().optional().meta({
      description: "YAML or JSON, as the file would hold it; absent: what the host's own file holds now",
    }),
    name: z.string().optional().meta({ description: 'What problems call the text' }),
  })
  .meta({ id: 'ConfigText' });

const tokenBody = z
  .strictObject({
    name: z.string(),
    scopes: z.array(z.string()).meta({
      description: 'read, execute, execute:<connector>, execute:<connector>/<action>, manage, secrets, admin',
    }),
    expires: z.string().optional().meta({ description: 'For how long it counts, such as "90d" or "12h"' }),
  })
  .meta({ id: 'NewToken' });

/** Every route of the service, by operation id: the server's routes and the OpenAPI document come from here. */
export const HTTP_ROUTES = {
  listConnectors: {
    method: 'GET',
    path: '/connectors',
    summary: 'All connectors, in order of id',
    tag: 'connectors',
    query: z.strictObject({
      type: z.enum(CONNECTOR_TYPES).optional(),
      enabled: flag.optional(),
      tag: z.string().optional(),
    }),
    status: 200,
    answer: connectorListSchema,
  },
  registerConnector: {
    method: 'POST',
    path: '/connectors',
    summary: 'Add a connector; it is persisted before the answer',
    tag: 'connectors',
    headers: waitHeaders,
    body: configBody,
    status: 201,
    answer: changeResultSchema,
  },
  healthCheckAll: {
    method: 'GET',
    path: '/connectors/health',
    summary: 'Health of all connectors, from the last probes; `live=true` probes now',
    tag: 'health',
    query: z.strictObject({ type: z.enum(CONNECTOR_TYPES).optional(), live: flag.optional() }),
    headers: waitHeaders,
    status: 200,
    answer: healthReportsSchema,
  },
  watchConnectors: {
    method: 'GET',
    path: '/events',
    summary: 'Server-sent events: what there is, then `synced`, then every change as it happens',
    tag: 'connectors',
    status: 200,
    answer: connectorEventSchema,
    media: 'text/event-stream',
  },
  getConnector: {
    method: 'GET',
    path: '/connectors/{id}',
    summary: 'One connector and its configuration, secrets masked',
    tag: 'connectors',
    params: idParams,
    status: 200,
    answer: connectorDetailsSchema,
  },
  updateConnector: {
    method: 'PUT',
    path: '/connectors/{id}',
    summary: 'Replace a configuration whole; a bad one leaves the old one running',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    body: configBody,
    status: 200,
    answer: changeResultSchema,
  },
  removeConnector: {
    method: 'DELETE',
    path: '/connectors/{id}',
    summary: 'Remove a connector that came over the API',
    tag: 'connectors',
    params: idParams,
    status: 200,
    answer: changeResultSchema,
  },
  healthCheck: {
    method: 'GET',
    path: '/connectors/{id}/health',
    summary: 'Probe one connector now',
    tag: 'health',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: healthReportSchema,
  },
  testConnector: {
    method: 'POST',
    path: '/connectors/{id}/test',
    summary: 'Test the connection from nothing; with a body that configuration, before it is registered',
    tag: 'health',
    params: idParams,
    headers: waitHeaders,
    body: configBody,
    status: 200,
    answer: testReportSchema,
  },
  describeConnector: {
    method: 'GET',
    path: '/connectors/{id}/actions',
    summary: 'What the connector can do: actions with their JSON Schemas, settings, capabilities',
    tag: 'actions',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: connectorDescriptionSchema,
  },
  executeAction: {
    method: 'POST',
    path: '/connectors/{id}/actions/{action}',
    summary: 'Call an action; the body is its payload, an empty one is {}',
    tag: 'actions',
    params: idParams.extend({ action: z.string() }),
    query: startQuery,
    headers: executeHeaders,
    body: z.record(z.string(), z.unknown()),
    status: 200,
    answer: executeResultSchema,
    accepted: executionSchema,
  },
  getOutcome: {
    method: 'GET',
    path: '/connectors/{id}/outcomes/{key}',
    summary: 'What is known of a call that was made with an idempotency key',
    tag: 'actions',
    params: outcomeParams,
    query: outcomeQuery,
    status: 200,
    answer: keptOutcomeSchema,
  },
  clearOutcome: {
    method: 'DELETE',
    path: '/connectors/{id}/outcomes/{key}',
    summary: 'Forget it, so that the key may be used for a new call',
    tag: 'actions',
    params: outcomeParams,
    query: outcomeQuery,
    status: 200,
    answer: changeResultSchema,
  },
  listPlugins: {
    method: 'GET',
    path: '/plugins',
    summary: 'What discovery found, admitted and refused, and why',
    tag: 'plugins',
    status: 200,
    answer: pluginReportSchema,
  },
  rescanPlugins: {
    method: 'POST',
    path: '/plugins/rescan',
    summary: 'Scan again; new kinds can be used at once',
    tag: 'plugins',
    headers: waitHeaders,
    status: 200,
    answer: pluginReportSchema,
  },
  describeKind: {
    method: 'GET',
    path: '/kinds/{kind}',
    summary: 'What connectors of a kind can do and are configured with, whether there is one or not',
    tag: 'plugins',
    params: z.object({ kind: z.string().meta({ description: "The kind's name" }) }),
    headers: waitHeaders,
    status: 200,
    answer: connectorDescriptionSchema,
  },
  listSecrets: {
    method: 'GET',
    path: '/secrets',
    summary: 'The secrets of the store and who uses them; never a value',
    tag: 'secrets',
    status: 200,
    answer: secretListSchema,
  },
  setSecret: {
    method: 'PUT',
    path: '/secrets/{namespace}/{name}',
    summary: 'Add a version of a secret, and the secret where there is none',
    tag: 'secrets',
    params: secretParams,
    headers: waitHeaders,
    body: z.strictObject({ value: z.string().meta({ description: 'At most 64 KiB', writeOnly: true }) }),
    status: 200,
    answer: secretChangeSchema,
  },
  removeSecret: {
    method: 'DELETE',
    path: '/secrets/{namespace}/{name}',
    summary: 'Remove a secret, or one version of it; what is in use only with `force=true`',
    tag: 'secrets',
    params: secretParams,
    query: z.strictObject({ version: z.string().optional(), force: flag.optional() }),
    status: 200,
    answer: secretChangeSchema,
  },
  listProfiles: {
    method: 'GET',
    path: '/profiles',
    summary: 'The connection profiles, those of the file among them, and who uses them; never the value of a secret',
    tag: 'profiles',
    status: 200,
    answer: profileListSchema,
  },
  setProfile: {
    method: 'PUT',
    path: '/profiles/{name}',
    summary: 'Add a profile, or replace one whole; connectors that use it run with it from then on',
    tag: 'profiles',
    params: profileParams,
    headers: waitHeaders,
    body: profileBody,
    status: 200,
    answer: profileChangeSchema,
  },
  removeProfile: {
    method: 'DELETE',
    path: '/profiles/{name}',
    summary: 'Remove a profile that was set, and that no connector uses',
    tag: 'profiles',
    params: profileParams,
    status: 200,
    answer: profileChangeSchema,
  },
  getStats: {
    method: 'GET',
    path: '/stats',
    summary: 'How each connector does now and did in the last minute, and what its worker uses',
    tag: 'host',
    query: z.strictObject({ host: hostQuery }),
    status: 200,
    answer: statsSchema,
  },
  blame: {
    method: 'GET',
    path: '/blame',
    summary: 'Which connectors make trouble, in which version, since when, and who must act',
    tag: 'host',
    query: z.strictObject({ host: hostQuery }),
    status: 200,
    answer: blameSchema,
  },
  listAudit: {
    method: 'GET',
    path: '/audit',
    summary: 'What was done with the host, by whom; a page at a time',
    tag: 'audit',
    query: z.strictObject({
      since: z.string().optional().meta({ description: 'From this moment on, as ISO 8601' }),
      until: z.string().optional().meta({ description: 'Before this moment' }),
      principal: z.string().optional(),
      connector: z.string().optional(),
      action: z.string().optional(),
      operation: z.string().optional(),
      code: z.string().optional().meta({ description: '`OK`, `BEGUN` or the code of an error' }),
      order: z.string().optional().meta({ description: '`newest`, the default, or `oldest` first' }),
      cursor: z.string().optional().meta({ description: '`next` of the page before' }),
      limit: z.string().optional().meta({ description: 'From 1 to 1000; default 100' }),
      host: z.string().optional().meta({
        description: 'The id of a host, or `all`: those of all that share a store; absent: of the one that is asked',
      }),
    }),
    status: 200,
    answer: auditPageSchema,
  },
  verifyAudit: {
    method: 'GET',
    path: '/audit/verify',
    summary: 'Read all records and say whether one was changed, removed, put in or moved',
    tag: 'audit',
    query: z.strictObject({
      seq: z.string().optional().meta({ description: 'A record that must be there' }),
      hash: z.string().optional().meta({ description: 'And its hash, as somebody noted it down elsewhere' }),
      host: z.string().optional().meta({ description: 'The id of a host that lives; absent: the one that is asked' }),
    }),
    headers: waitHeaders,
    status: 200,
    answer: auditVerdictSchema,
  },
  listTokens: {
    method: 'GET',
    path: '/tokens',
    summary: 'All tokens, the oldest first, with those that count no longer',
    tag: 'access',
    status: 200,
    answer: tokenListSchema,
  },
  createToken: {
    method: 'POST',
    path: '/tokens',
    summary: 'Make a token; the answer shows it, this once',
    tag: 'access',
    body: tokenBody,
    status: 201,
    answer: createdTokenSchema,
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Let a token count no longer, at once',
    tag: 'access',
    params: z.object({ id: z.string().meta({ description: "The token's id" }) }),
    status: 200,
    answer: changeResultSchema,
  },
  pauseConnector: {
    method: 'POST',
    path: '/connectors/{id}/pause',
    summary: 'Take no more calls of a connector, which stays connected; outlives a restart of the host',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: connectorInfoSchema,
  },
  resumeConnector: {
    method: 'POST',
    path: '/connectors/{id}/resume',
    summary: 'Take its calls again',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: connectorInfoSchema,
  },
  restartConnector: {
    method: 'POST',
    path: '/connectors/{id}/restart',
    summary: 'Start a connector anew, with its secrets as they are now',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: connectorInfoSchema,
  },
  enableConnector: {
    method: 'POST',
    path: '/connectors/{id}/enable',
    summary: 'Let a connector run, also against its configuration',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: connectorInfoSchema,
  },
  disableConnector: {
    method: 'POST',
    path: '/connectors/{id}/disable',
    summary: 'End a connector and take no calls of it, also against its configuration',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    status: 200,
    answer: connectorInfoSchema,
  },
  getStatus: {
    method: 'GET',
    path: '/status',
    summary: 'Which host this is, since when it runs, where it is reached, and how its connectors are, as known',
    tag: 'host',
    status: 200,
    answer: hostStatusSchema,
  },
  listHosts: {
    method: 'GET',
    path: '/hosts',
    summary: 'The hosts that share a store and live, as the one that is asked knows them',
    tag: 'host',
    status: 200,
    answer: hostListSchema,
  },
  drainHost: {
    method: 'POST',
    path: '/hosts/{id}/drain',
    summary:
      'Have a host take no connectors any more, and give those that it holds to others, until it is undrained or started again',
    tag: 'host',
    params: hostParams,
    status: 200,
    answer: hostSchema,
  },
  undrainHost: {
    method: 'POST',
    path: '/hosts/{id}/undrain',
    summary: 'Have a host take connectors again',
    tag: 'host',
    params: hostParams,
    status: 200,
    answer: hostSchema,
  },
  listHealthHistory: {
    method: 'GET',
    path: '/connectors/{id}/health/history',
    summary: "The last findings of a connector's health, the oldest first",
    tag: 'health',
    params: idParams,
    status: 200,
    answer: healthHistorySchema,
  },
  readLogs: {
    method: 'GET',
    path: '/logs',
    summary: 'Lines of the log, the oldest first; with `follow=true` as they are written',
    tag: 'host',
    query: logQuery,
    headers: logHeaders,
    status: 200,
    answer: logLinesSchema,
    stream: 'text/event-stream',
  },
  readConnectorLogs: {
    method: 'GET',
    path: '/connectors/{id}/logs',
    summary: 'Lines of the log about a connector, the oldest first; with `follow=true` as they are written',
    tag: 'connectors',
    params: idParams,
    query: logQuery,
    headers: logHeaders,
    status: 200,
    answer: logLinesSchema,
    stream: 'text/event-stream',
  },
  setLogLevel: {
    method: 'PUT',
    path: '/connectors/{id}/log-level',
    summary: 'From which level on lines about a connector are written, from now on',
    tag: 'connectors',
    params: idParams,
    headers: waitHeaders,
    body: z.strictObject({ level: z.enum([...LINE_LEVELS, 'default']) }).meta({ id: 'LogLevel' }),
    status: 200,
    answer: connectorInfoSchema,
  },
  listCalls: {
    method: 'GET',
    path: '/connectors/{id}/calls',
    summary: 'The last calls of a connector, the newest first; no payloads',
    tag: 'actions',
    params: idParams,
    query: z.strictObject({
      limit: z.string().optional().meta({ description: 'From 1 to 100; default 100' }),
      host: hostQuery,
    }),
    status: 200,
    answer: recentCallsSchema,
  },
  planConfig: {
    method: 'POST',
    path: '/plan',
    summary: 'Compare a configuration with what runs and try out what would be new; changes nothing',
    tag: 'host',
    headers: waitHeaders,
    body: configTextBody,
    status: 200,
    answer: configPlanSchema,
  },
  applyConfig: {
    method: 'POST',
    path: '/apply',
    summary: "The same, and put it to work and in the place of the host's file, all or nothing",
    tag: 'host',
    headers: waitHeaders,
    body: configTextBody,
    status: 200,
    answer: configPlanSchema,
  },
  exportConfig: {
    method: 'GET',
    path: '/export',
    summary: 'Connectors and profiles that were set over the API, as a configuration file has them',
    tag: 'host',
    status: 200,
    answer: exportedConfigSchema,
  },
  listExecutions: {
    method: 'GET',
    path: '/executions',
    summary: "The caller's own executions, the newest first, without results; for an admin those of all",
    tag: 'executions',
    query: z.strictObject({
      connector: z.string().optional(),
      status: z
        .string()
        .optional()
        .meta({
          description: `Of these alone, between commas: ${EXECUTION_STATUSES.join(', ')}`,
          examples: ['failed,unknown'],
        }),
      dead_letters: flag.optional().meta({
        description: '`true`: only those that failed or are unknown, and were not run again',
      }),
      principal: z.string().optional().meta({
        description: "Name of who started it; others' need the scope admin",
      }),
      limit: z.string().optional().meta({ description: 'From 1 to 1000; default 100' }),
      after: z.string().optional().meta({ description: '`next` of the page before' }),
    }),
    status: 200,
    answer: executionPageSchema,
  },
  getExecution: {
    method: 'GET',
    path: '/executions/{id}',
    summary: 'How an execution stands, and what came of it',
    tag: 'executions',
    params: executionParams,
    status: 200,
    answer: executionSchema,
  },
  watchExecution: {
    method: 'GET',
    path: '/executions/{id}/events',
    summary: 'Server-sent events: how it stands, and then each change, until it has ended',
    tag: 'executions',
    params: executionParams,
    status: 200,
    answer: executionSchema,
    media: 'text/event-stream',
  },
  cancelExecution: {
    method: 'POST',
    path: '/executions/{id}/cancel',
    summary: 'End it: one that waits never runs, the call of one that runs is cancelled',
    tag: 'executions',
    params: executionParams,
    headers: waitHeaders,
    status: 200,
    answer: executionSchema,
  },
  rerunExecution: {
    method: 'POST',
    path: '/executions/{id}/rerun',
    summary: 'Start the same call again, of one that failed, was cancelled or is unknown, as a new execution',
    tag: 'executions',
    params: executionParams,
    headers: waitHeaders,
    status: 202,
    answer: executionSchema,
  },
  listSchedules: {
    method: 'GET',
    path: '/schedules',
    summary: "The caller's own schedules, in order of name; for an admin those of all",
    tag: 'executions',
    status: 200,
    answer: scheduleListSchema,
  },
  setSchedule: {
    method: 'PUT',
    path: '/schedules/{name}',
    summary: "Add a schedule that starts an execution at its times, or replace one's own whole",
    tag: 'executions',
    params: scheduleParams,
    headers: waitHeaders,
    body: scheduleBody,
    status: 200,
    answer: scheduleSchema,
  },
  pauseSchedule: {
    method: 'POST',
    path: '/schedules/{name}/pause',
    summary: 'Start nothing until it is resumed',
    tag: 'executions',
    params: scheduleParams,
    headers: waitHeaders,
    status: 200,
    answer: scheduleSchema,
  },
  resumeSchedule: {
    method: 'POST',
    path: '/schedules/{name}/resume',
    summary: 'Start executions again',
    tag: 'executions',
    params: scheduleParams,
    headers: waitHeaders,
    status: 200,
    answer: scheduleSchema,
  },
  removeSchedule: {
    method: 'DELETE',
    path: '/schedules/{name}',
    summary: 'Remove a schedule; the executions that it started stay',
    tag: 'executions',
    params: scheduleParams,
    status: 200,
    answer: scheduleChangeSchema,
  },
} as const satisfies Record<string, HttpRoute>;

export type OperationId = keyof typeof HTTP_ROUTES;
