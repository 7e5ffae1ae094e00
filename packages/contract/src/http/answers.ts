// Long, as the schemas of all answers stand together, which refer to each other.
import { z } from 'zod';
import { AUDIT_KINDS } from '../audit-operations.ts';
import {
  CONNECTION_MODES,
  CONNECTOR_OWNERS,
  CONNECTOR_STATUSES,
  CONNECTOR_TYPES,
  ISOLATION_LEVELS,
} from '../connector.ts';
import type { ErrorCode } from '../error-codes.ts';
import { BLAMES, ERROR_CODES } from '../error-codes.ts';
import { PLANNED_CHANGES } from '../config-operations.ts';
import { PERMISSIONS } from '../permissions.ts';
import { CIRCUIT_STATES } from '../health.ts';
import { CALLBACK_STATES, EXECUTION_STATUSES } from '../execution-operations.ts';
import { LINE_LEVELS } from '../line-level.ts';
import { OUTCOME_STATUSES } from '../outcome-operations.ts';
import { PROFILE_OWNERS } from '../profile-operations.ts';
import { FAULTS } from '../stats-operations.ts';
import { PLUGIN_REASONS, PLUGIN_STATUSES } from '../plugin-report.ts';
import { DOOR_NAMES, HEALTH_WITNESSES } from '../status-operations.ts';
import { WEBHOOK_ENCODINGS } from '../webhook-operations.ts';

/** Any JSON object, such as a payload or a JSON Schema: maps that users fill pass untouched. */
const anyObject = z.record(z.string(), z.unknown());
const milliseconds = z.number().min(0);
const count = z.int().min(0);

const infoFields = {
  id: z.string(),
  name: z.string(),
  type: z.enum(CONNECTOR_TYPES),
  kind: z.string(),
  description: z.string(),
  endpoint: z.string().meta({ description: 'Empty without a host' }),
  enabled: z.boolean(),
  status: z.enum(CONNECTOR_STATUSES),
  mode: z.enum(CONNECTION_MODES),
  metadata: z.record(z.string(), z.string()),
  tags: z.array(z.string()),
  owner: z.enum(CONNECTOR_OWNERS).meta({ description: 'Only the owner may change it' }),
  isolation: z.enum(ISOLATION_LEVELS),
  last_error: z.string().meta({ description: 'Why it is not well; empty when it is' }),
  held_back: z.string().optional().meta({
    description: 'Why a newer configuration or version does not run and the older one goes on',
  }),
  paused_since: z.string().optional().meta({ description: 'Since when it takes no calls, ISO 8601' }),
  override: z.enum(['enabled', 'disabled']).optional().meta({
    description: 'Set over the API, and counts instead of `enabled` of its configuration',
  }),
  log_level: z.enum(LINE_LEVELS).optional().meta({
    description: 'From which level on its lines are written, where that was set over the API',
  }),
  host: z.string().optional().meta({
    description:
      'Id of the host that runs it, of those that share a store; absent where none does now, or each one does',
  }),
};

export const connectorInfoSchema = z.object(infoFields).meta({ id: 'ConnectorInfo' });

export const connectorListSchema = z.object({ connectors: z.array(connectorInfoSchema), count });

export const connectorDetailsSchema = z
  .object({
    ...infoFields,
    config: anyObject.meta({ description: 'As in the YAML file, durations as text, secrets masked' }),
    network: z.string().optional().meta({ description: 'What the network policy denies it, for who may read' }),
  })
  .meta({ id: 'ConnectorDetails' });

const revision = z.int().min(0);

export const webhookDeliverySchema = z
  .object({
    id: z.string().meta({ description: 'The same for what is sent again' }),
    received_at: z.string().meta({ description: 'ISO 8601' }),
    headers: z.record(z.string(), z.string()).meta({ description: 'Those that say what it is' }),
    encoding: z.enum(WEBHOOK_ENCODINGS),
    body: z.unknown().meta({ description: 'The JSON that it is; or text; or bytes in base64' }),
  })
  .meta({ id: 'WebhookDelivery' });

export const connectorEventSchema = z
  .union([
    z.object({
      kind: z.enum(['added', 'updated', 'status', 'actions_changed']),
      revision,
      connector: connectorInfoSchema,
    }),
    z.object({ kind: z.literal('removed'), revision, id: z.string() }),
    z.object({
      kind: z.literal('webhook'),
      revision,
      id: z.string().meta({ description: 'Of the connector' }),
      delivery: webhookDeliverySchema,
    }),
    z.object({ kind: z.literal('synced'), revision }),
  ])
  .meta({ id: 'ConnectorEvent' });

export const changeResultSchema = z.object({ id: z.string(), message: z.string() }).meta({ id: 'ChangeResult' });

export const healthReportSchema = z
  .object({
    id: z.string(),
    status: z.enum(CONNECTOR_STATUSES),
    healthy: z.boolean(),
    message: z.string(),
    blame: z.enum(BLAMES).optional().meta({ description: 'Who must act for it to become healthy' }),
    response_time_ms: milliseconds,
    checked_at: z.string().optional().meta({ description: 'ISO 8601; absent when it was never probed' }),
    last_success_at: z.string().optional(),
    consecutive_failures: count,
    circuit: z.enum(CIRCUIT_STATES).optional().meta({ description: 'Where a circuit is configured' }),
    rate_queued: count.optional().meta({ description: 'Calls that wait for their turn, where a rate is limited' }),
    paused: z.literal(true).optional().meta({ description: 'It takes no calls, as somebody paused it' }),
  })
  .meta({ id: 'HealthReport' });

export const healthReportsSchema = z.object({ results: z.record(z.string(), healthReportSchema) });

export const testReportSchema = z
  .object({
    id: z.string(),
    status: z.enum(CONNECTOR_STATUSES),
    endpoint: z.string(),
    success: z.boolean(),
    error: z.string().optional(),
  })
  .meta({ id: 'TestReport' });

const actionDescriptionSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    input: anyObject.meta({ description: 'JSON Schema, draft 2020-12' }),
    output: anyObject.optional(),
    side_effects: z.boolean(),
    idempotent: z.boolean(),
    idempotency_key: z.literal(false).optional().meta({
      description: 'False where the remote system takes none for this action, although the kind passes keys on',
    }),
    rate_limit_class: z.string().optional(),
    timeout_ms: milliseconds.optional(),
  })
  .meta({ id: 'ActionDescription' });

export const connectorDescriptionSchema = z
  .object({
    kind: z.string(),
    name: z.string(),
    version: z.string(),
    title: z.string().optional(),
    description: z.string().optional(),
    package: z.object({ name: z.string(), version: z.string() }).optional(),
    capabilities: z.object({
      webhooks: z.boolean(),
      polling: z.boolean(),
      batch: z.boolean(),
      idempotency_key: z.boolean(),
      oauth: z.boolean(),
      rate_limit_headers: z.boolean(),
    }),
    config_schema: anyObject.optional().meta({ description: 'JSON Schema of `settings`' }),
    open: z.boolean().meta({ description: 'True when any action name is tried' }),
    actions: z.array(actionDescriptionSchema),
    discovery: z
      .object({
        revision: z.string().optional().meta({ description: 'Another one whenever the actions are others' }),
        error: z.string().optional().meta({ description: 'Why they could not be learned the last time' }),
        left_out: z
          .array(z.object({ name: z.string(), reason: z.string() }))
          .optional()
          .meta({ description: 'What the remote system offers and cannot be an action' }),
      })
      .optional()
      .meta({ description: 'Where actions come from the remote system' }),
    paused: z.literal(true).optional().meta({ description: 'Its actions cannot be called, as somebody paused it' }),
  })
  .meta({ id: 'ConnectorDescription' });

export const executeResultSchema = z
  .object({
    result: z.unknown(),
    attempts: z.int().min(1),
    duration_ms: milliseconds,
    replayed: z.boolean().meta({ description: 'The answer is that of an earlier call with the same key' }),
    result_dropped: z.literal(true).optional().meta({
      description: "That call's result was too large to be kept: `result` is null",
    }),
  })
  .meta({ id: 'ExecuteResult' });

const pluginProblemSchema = z
  .object({
    package: z.string().optional(),
    path: z.string(),
    expected: z.string(),
    received: z.string(),
    blame: z.enum(['plugin', 'operator']),
    remedy: z.string(),
  })
  .meta({ id: 'PluginProblem' });

const pluginPermissionSchema = z
  .object({
    kind: z.string(),
    permission: z.enum(PERMISSIONS),
    value: z.string().meta({ description: 'As the manifest has it; `true` of `child_process`' }),
    granted: z.array(z.string()).meta({ description: 'The value, or what is granted of it; empty where nothing is' }),
  })
  .meta({ id: 'PluginPermission' });

const pluginEntrySchema = z
  .object({
    package: z.string(),
    version: z.string().optional(),
    path: z.string(),
    kinds: z.array(z.string()),
    status: z.enum(PLUGIN_STATUSES),
    reason: z.enum(PLUGIN_REASONS).optional(),
    message: z.string().optional(),
    problems: z.array(pluginProblemSchema),
    warnings: z.array(z.string()),
    former_version: z
      .string()
      .optional()
      .meta({ description: 'The version that was there before it, to which a rollback returns' }),
    permissions: z.array(pluginPermissionSchema),
  })
  .meta({ id: 'PluginEntry' });

export const pluginReportSchema = z
  .object({ plugins: z.array(pluginEntrySchema), problems: z.array(pluginProblemSchema), count })
  .meta({ id: 'PluginReport' });

const versionNumber = z.int().min(1);

export const secretListSchema = z
  .object({
    secrets: z.array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        versions: z.array(
          z.object({ version: versionNumber, created_at: z.string().meta({ description: 'ISO 8601' }) }),
        ),
        used_by: z.array(
          z.object({
            kind: z.enum(['connector', 'profile', 'configuration']),
            name: z.string(),
            version: versionNumber.optional().meta({ description: 'The version that it names; absent: the latest' }),
          }),
        ),
      }),
    ),
    count,
  })
  .meta({ id: 'SecretList', description: 'Everything but the values, which no route answers' });

export const secretChangeSchema = z
  .object({ namespace: z.string(), name: z.string(), version: versionNumber.optional(), message: z.string() })
  .meta({ id: 'SecretChange' });

export const profileListSchema = z
  .object({
    profiles: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        environment: z.string(),
        enabled: z.boolean(),
        owner: z.enum(PROFILE_OWNERS),
        settings: anyObject,
        secrets: z.record(z.string(), z.string()).meta({ description: 'The reference to each secret, by field' }),
        used_by: z.array(z.string()).meta({ description: 'Ids of the connectors that name it' }),
        hides_other: z.literal(true).optional().meta({
          description:
            'One of the same name was set over the API, which counts for nothing while that of the file stands',
        }),
      }),
    ),
    count,
  })
  .meta({ id: 'ProfileList', description: 'Everything but the values of secrets, which no route answers' });

export const profileChangeSchema = z
  .object({
    name: z.string(),
    message: z.string(),
    held_back: z.array(z.object({ connector: z.string(), reason: z.string() })).meta({
      description: 'Connectors that go on as they were, as they failed with what is new when it was tried',
    }),
  })
  .meta({ id: 'ProfileChange' });

const problemSchema = z
  .object({
    path: z.string(),
    expected: z.string(),
    received: z.string(),
    message: z.string().optional(),
    file: z.string().optional(),
    line: z.int().min(1).optional(),
    column: z.int().min(1).optional(),
  })
  .meta({ id: 'Problem' });

export const problemDocumentSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
    name: z.string(),
    retryable: z.boolean(),
    effect: z.enum(['none', 'maybe']),
    blame: z.enum(BLAMES),
    retry_after_ms: milliseconds.optional(),
    connector: z.string().optional(),
    attempts: z.int().min(1).optional().meta({ description: 'How often the call was tried; absent where it was not' }),
    problems: z.array(problemSchema).optional(),
    details: anyObject.optional(),
  })
  .meta({ id: 'ProblemDocument', description: 'Every error: RFC 9457, with the code and its traits' });

export const keptOutcomeSchema = z
  .object({
    connector: z.string(),
    key: z.string(),
    action: z.string(),
    status: z.enum(OUTCOME_STATUSES),
    payload_sha256: z.string(),
    started_at: z.string().meta({ description: 'ISO 8601, like all times here' }),
    ended_at: z.string().optional(),
    expires_at: z.string().optional().meta({ description: 'Absent: it is kept until it is cleared' }),
    attempts: z.int().optional(),
    result: z.unknown().optional(),
    result_dropped: z.literal(true).optional(),
    result_sha256: z.string().optional().meta({ description: 'Of a result that was too large to be kept' }),
    error: anyObject.optional().meta({ description: 'A problem document' }),
  })
  .meta({ id: 'KeptOutcome' });

export const executionSchema = z
  .object({
    id: z.string(),
    connector: z.string(),
    action: z.string(),
    status: z.enum(EXECUTION_STATUSES).meta({
      description: '`unknown`: nobody knows whether it took effect; it is not run again by itself',
    }),
    principal: z.string().meta({ description: 'Who started it' }),
    idempotency_key: z.string().optional(),
    priority: z.int(),
    created_at: z.string().meta({ description: 'ISO 8601, like all times here' }),
    run_at: z.string().optional().meta({ description: 'Not before then' }),
    started_at: z.string().optional(),
    ended_at: z.string().optional(),
    expires_at: z.string().optional().meta({ description: 'When it is forgotten' }),
    attempts: count.meta({ description: 'Runs that came as far as the connector' }),
    progress: z
      .object({ progress: z.number(), total: z.number().optional(), message: z.string().optional() })
      .optional()
      .meta({ description: 'How far it is, as its connector told last' }),
    result: z.unknown().optional().meta({ description: 'Of one that succeeded; lists have none' }),
    result_dropped: z.literal(true).optional().meta({ description: 'The result was too large to be kept' }),
    error: anyObject.optional().meta({
      description:
        'A problem document: why it did not succeed; of one that is queued again, why its last run did not count',
    }),
    cancelling: z.literal(true).optional().meta({ description: 'It was cancelled, and its run has not ended yet' }),
    rerun_of: z.string().optional().meta({ description: 'Id of the one that it repeats' }),
    rerun_as: z.string().optional().meta({ description: 'Id of the one that repeats it' }),
    schedule: z.string().optional().meta({ description: 'Name of the schedule that started it' }),
    callback_url: z.string().optional().meta({ description: 'Where its end is told' }),
    callback: z.enum(CALLBACK_STATES).optional().meta({ description: 'What became of that' }),
    replayed: z.literal(true).optional().meta({ description: 'It was there already, under the same key' }),
  })
  .meta({
    id: 'Execution',
    examples: [
      {
        id: '8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11',
        connector: 'slack',
        action: 'send_message',
        status: 'running',
        principal: 'ci',
        priority: 0,
        created_at: '2026-01-31T09:00:00.000Z',
        started_at: '2026-01-31T09:00:00.004Z',
        attempts: 1,
        progress: { progress: 40, total: 100, message: 'uploading' },
      },
    ],
  });

export const executionPageSchema = z
  .object({
    executions: z.array(executionSchema).meta({ description: 'The newest first, without their results' }),
    count,
    next: z.string().optional().meta({ description: '`after` of the next page; absent on the last' }),
  })
  .meta({ id: 'ExecutionPage' });

export const scheduleSchema = z
  .object({
    name: z.string(),
    connector: z.string(),
    action: z.string(),
    cron: z.string(),
    time_zone: z.string(),
    priority: z.int(),
    run_timeout_ms: milliseconds.optional(),
    principal: z.string().meta({ description: 'Who set it, whose executions it starts' }),
    created_at: z.string().meta({ description: 'ISO 8601, like all times here' }),
    paused_since: z.string().optional(),
    next_at: z.string().optional().meta({ description: 'Absent while it is paused' }),
    last_at: z.string().optional().meta({ description: 'For which time it started the last one' }),
    last_execution: z.string().optional().meta({ description: 'Id of that execution' }),
    callback_url: z.string().optional().meta({ description: 'Where the end of each is told' }),
  })
  .meta({ id: 'Schedule' });

export const scheduleChangeSchema = z.object({ name: z.string(), message: z.string() }).meta({ id: 'ScheduleChange' });

export const scheduleListSchema = z.object({ schedules: z.array(scheduleSchema), count });

const auditRecordSchema = z
  .object({
    seq: z.int().min(1),
    at: z.string().meta({ description: 'When it ended, in UTC, as ISO 8601' }),
    kind: z.enum(AUDIT_KINDS),
    operation: z.string(),
    principal: z.string(),
    door: z.string(),
    connector: z.string().optional(),
    action: z.string().optional(),
    subject: z.string().optional(),
    code: z
      .string()
      .meta({ description: '`OK`, the code of an error, or `BEGUN` of a change that was about to be made' }),
    duration_ms: milliseconds.optional(),
    attempts: count.optional(),
    key: z.string().optional(),
    trace_id: z.string().optional(),
    payload_sha256: z.string().optional(),
    begun: z.int().min(1).optional().meta({ description: 'The record of the beginning of this change' }),
    hash: z.string(),
    host: z
      .string()
      .optional()
      .meta({ description: 'The id of the host in whose chain it is, where several were asked for' }),
  })
  .meta({ id: 'AuditRecord' });

export const auditPageSchema = z
  .object({
    records: z.array(auditRecordSchema),
    next: z
      .union([z.int().min(1), z.string()])
      .optional()
      .meta({
        description: 'The cursor of the next page, a text where the records are of several hosts; absent on the last',
      }),
  })
  .meta({ id: 'AuditPage' });

export const auditVerdictSchema = z
  .object({
    ok: z.boolean(),
    host: z.string(),
    records: count,
    first: count,
    last: count,
    hash: z.string(),
    unsealed: count,
    unproven_end: z.literal(true).optional(),
    fault: z.object({ seq: z.int().optional(), message: z.string() }).optional(),
  })
  .meta({ id: 'AuditVerdict' });

const tokenFields = {
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  created_at: z.string().meta({ description: 'ISO 8601, like all times here' }),
  expires_at: z.string().optional().meta({ description: 'Absent: it does not expire' }),
  revoked_at: z.string().optional(),
};

export const tokenSchema = z.object(tokenFields).meta({ id: 'Token' });

export const createdTokenSchema = z
  .object({ ...tokenFields, token: z.string().meta({ description: 'Shown this once' }) })
  .meta({ id: 'CreatedToken' });

export const tokenListSchema = z.object({ tokens: z.array(tokenSchema), count });

export const hostStatusSchema = z
  .object({
    version: z.string(),
    pid: count.optional().meta({ description: 'Of its process, where that is told' }),
    since: z.string().meta({ description: 'When it had started, ISO 8601' }),
    node: z.string().meta({ description: "The machine's name" }),
    data_dir: z.string().meta({ description: 'Name of the directory that it keeps its data in' }),
    doors: z.array(z.object({ name: z.enum(DOOR_NAMES), address: z.string() })),
    connectors: z.object({
      total: count,
      healthy: count,
      unhealthy: count,
      unavailable: count.meta({ description: 'Disabled' }),
      unknown: count.meta({ description: 'Not checked yet' }),
      paused: count,
      held_back: count,
    }),
  })
  .meta({ id: 'HostStatus' });

export const hostSchema = z
  .object({
    id: z.string().meta({ description: 'Of its data directory' }),
    name: z.string().meta({ description: "The machine's" }),
    version: z.string(),
    address: z.string().optional().meta({ description: 'Where other hosts reach its door of gRPC' }),
    labels: z.array(z.string()),
    since: z.string().meta({ description: 'When it had started, ISO 8601' }),
    last_beat_at: z.string().meta({ description: 'When it last said that it lives, ISO 8601' }),
    held: count.meta({ description: 'Connectors that it alone runs; of a host that shares none, all that can run' }),
    draining: z.boolean().meta({ description: 'It takes no connectors, and gives away those that it holds' }),
    memory_bytes: count.meta({ description: 'Of its process; 0 where that is not told' }),
    drift: z
      .array(
        z.object({
          package: z.string(),
          version: z.string().optional().meta({ description: 'Absent: it has none that it could run' }),
          integrity: z.string().optional().meta({ description: 'Of what was downloaded, where its lock says' }),
        }),
      )
      .meta({ description: 'What it has of packages that are not the same at all hosts' }),
    config_drift: z
      .array(
        z.object({
          part: z.string().meta({ description: 'connectors.ID, profiles.NAME, or the name of another section' }),
          form: z.string().optional().meta({
            description: 'The same for hosts whose files say the same of it; absent: its file says nothing of it',
          }),
        }),
      )
      .meta({
        description: 'What its configuration file says of parts that not all files say alike; a hundred at most',
      }),
  })
  .meta({ id: 'Host' });

/** What an answer of several hosts has beside its rows. */
const missing = z
  .array(z.object({ host: z.string(), why: z.string() }))
  .optional()
  .meta({ description: 'Hosts that were asked and have not answered, by their ids; absent where all have' });
const rowHost = z
  .string()
  .optional()
  .meta({ description: 'The id of the host that it is of; absent where only one was asked' });

export const hostListSchema = z.object({ hosts: z.array(hostSchema), count });

const healthFindingSchema = z
  .object({
    at: z.string().meta({ description: 'ISO 8601' }),
    status: z.enum(['healthy', 'unhealthy']),
    message: z.string(),
    blame: z.enum(BLAMES).optional().meta({ description: 'Who must act; absent where it was healthy' }),
    response_time_ms: milliseconds,
    by: z.enum(HEALTH_WITNESSES).meta({ description: 'What found it' }),
    host: rowHost,
  })
  .meta({ id: 'HealthFinding' });

export const healthHistorySchema = z.object({
  findings: z.array(healthFindingSchema).meta({ description: 'The oldest first' }),
  count,
});
const bytes = z.int().min(0);
const share = z.number().min(0).meta({ description: 'Processors, on average over the window: 0.2 is a fifth of one' });

const connectorStatsSchema = z
  .object({
    id: z.string(),
    kind: z.string(),
    package: z.string().optional(),
    version: z.string().optional(),
    isolation: z.enum(ISOLATION_LEVELS),
    status: z.enum(CONNECTOR_STATUSES),
    calls: count.meta({ description: 'Those that ended in the window' }),
    calls_per_second: z.number().min(0),
    errors: z.record(z.string(), count).meta({ description: 'How many of them failed, by code' }),
    p50_ms: milliseconds.optional().meta({ description: 'Half of them took at most so long; absent without calls' }),
    p99_ms: milliseconds.optional().meta({ description: '99 in 100 did' }),
    in_flight: count,
    queued: count,
    restarts: count,
    crashes: count,
    circuit: z.enum(CIRCUIT_STATES).optional().meta({ description: 'Absent where none is configured' }),
    worker: z
      .object({
        since: z.string(),
        memory_bytes: bytes,
        memory_limit_bytes: bytes,
        cpu_share: share.optional(),
        loop_utilization: z.number().min(0).max(1),
        loop_lag_ms: milliseconds.optional(),
      })
      .optional()
      .meta({ description: 'Absent while no worker of its own runs' }),
    host: rowHost,
  })
  .meta({ id: 'ConnectorStats' });

const hostLoadSchema = z.object({
  version: z.string(),
  since: z.string(),
  memory_bytes: bytes.optional(),
  cpu_share: share.optional(),
  loop_lag_ms: milliseconds.optional(),
});

export const statsSchema = z
  .object({
    at: z.string(),
    window_ms: milliseconds.meta({ description: 'What is counted was counted over so long, up to then' }),
    host: hostLoadSchema,
    connectors: z.array(connectorStatsSchema),
    hosts: z
      .array(hostLoadSchema.extend({ host: z.string() }))
      .optional()
      .meta({ description: 'Each that has answered; absent where only one was asked' }),
    missing,
    count,
  })
  .meta({ id: 'Stats' });

export const blameSchema = z
  .object({
    at: z.string(),
    window_ms: milliseconds,
    entries: z
      .array(
        z.object({
          connector: z.string(),
          kind: z.string(),
          package: z.string().optional(),
          version: z.string().optional(),
          fault: z.enum(FAULTS),
          blame: z.enum(BLAMES).meta({ description: 'Who must act for it to end' }),
          since: z.string(),
          amount: z.number().meta({
            description: 'Crashes; bytes a minute; share of time or processors; threads; failed checks; calls',
          }),
          message: z.string(),
          host: rowHost,
        }),
      )
      .meta({ description: 'The gravest first' }),
    missing,
    count,
  })
  .meta({ id: 'BlameReport' });

export const logLineSchema = z
  .object({
    seq: count.meta({ description: 'Grows with each line of the host, by more than one' }),
    at: z.string().meta({ description: 'ISO 8601' }),
    level: z.enum(LINE_LEVELS),
    connector: z.string().optional().meta({ description: 'Absent where the host speaks of itself' }),
    source: z.string().optional().meta({ description: '`logger`, `stdout`, `stderr` or `host`' }),
    message: z.string(),
    fields: anyObject.optional(),
    host: rowHost,
  })
  .meta({ id: 'LogLine' });

export const logLinesSchema = z.object({
  lines: z.array(logLineSchema).meta({ description: 'The oldest first' }),
  missing,
  count,
});

const recentCallSchema = z
  .object({
    at: z.string().meta({ description: 'When it ended, ISO 8601' }),
    action: z.string(),
    code: z.enum(['OK', ...(Object.keys(ERROR_CODES) as ErrorCode[])]),
    blame: z.enum(BLAMES).optional().meta({ description: 'Who must act; absent with `OK`' }),
    duration_ms: milliseconds,
    attempts: count,
    door: z.string(),
    principal: z.string(),
    trace_id: z.string().optional(),
    keyed: z.boolean().meta({ description: 'Whether it had an idempotency key' }),
    host: rowHost,
  })
  .meta({ id: 'RecentCall' });

export const recentCallsSchema = z.object({
  calls: z.array(recentCallSchema).meta({ description: 'The newest first' }),
  missing,
  count,
});

export const configPlanSchema = z
  .object({
    connectors: z.array(
      z.object({
        id: z.string(),
        change: z.enum(PLANNED_CHANGES),
        keys: z.array(z.string()).meta({ description: 'Which keys differ, as paths' }),
        trial: z
          .object({
            status: z.enum(['healthy', 'unhealthy']),
            message: z.string(),
            blame: z.enum(BLAMES).optional().meta({ description: 'Who must act' }),
          })
          .optional()
          .meta({ description: 'How it was found when it was tried out' }),
      }),
    ),
    unchanged: count,
    sections: z.array(z.string()).meta({ description: 'Sections beside `connectors` that differ' }),
    problems: z.array(problemSchema).meta({ description: 'With any of them it is not applied' }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'ConfigPlan' });

export const exportedConfigSchema = z
  .object({
    yaml: z.string(),
    connectors: z.array(z.string()).meta({ description: 'Ids of the connectors in it' }),
    profiles: z.array(z.string()).meta({ description: 'Names of the profiles in it' }),
  })
  .meta({ id: 'ExportedConfig' });
