// Long, as the views of all answers stand together, as their schemas do.
import type { z } from 'zod';
import type { AuditPage, AuditRecord, AuditVerdict } from '../audit-operations.ts';
import type { ConfigPlan, ExportedConfig } from '../config-operations.ts';
import type { ConnectorDetails } from '../config-types.ts';
import type { ActionDescription, ActionDiscovery, ConnectorDescription, ConnectorInfo } from '../connector.ts';
import type { ChangeResult } from '../change-result.ts';
import type { ConnectorEvent, ExecuteTextResult } from '../connector-service.ts';
import type { HealthReport, TestReport } from '../health.ts';
import type { FromHosts, HostInfo, MissingHost } from '../host-operations.ts';
import type { JsonObject } from '../json.ts';
import { ConnectorError } from '../connector-error.ts';
import type { LogLine } from '../log-operations.ts';
import type { KeptOutcome } from '../outcome-operations.ts';
import type { PluginReport } from '../plugin-report.ts';
import type { ProfileChange, ProfileInfo } from '../profile-operations.ts';
import type { RecentCall } from '../recent-call-operations.ts';
import type { SecretChange, SecretInfo } from '../secret-operations.ts';
import type { HealthFinding, HostStatus } from '../status-operations.ts';
import type { CreatedToken, TokenInfo } from '../token-operations.ts';
import type {
  auditPageSchema,
  auditVerdictSchema,
  changeResultSchema,
  configPlanSchema,
  connectorDescriptionSchema,
  connectorDetailsSchema,
  connectorEventSchema,
  connectorInfoSchema,
  connectorListSchema,
  createdTokenSchema,
  exportedConfigSchema,
  healthHistorySchema,
  healthReportSchema,
  healthReportsSchema,
  hostListSchema,
  hostSchema,
  hostStatusSchema,
  keptOutcomeSchema,
  logLineSchema,
  logLinesSchema,
  pluginReportSchema,
  profileChangeSchema,
  profileListSchema,
  recentCallsSchema,
  secretChangeSchema,
  secretListSchema,
  testReportSchema,
  tokenListSchema,
  tokenSchema,
} from './answers.ts';
import { toProblemDocument } from './problem.ts';

/** What an answer's schema lets through: a view that misses or misspells a field does not compile. */
export type View<T extends z.ZodType> = z.output<T>;

export function connectorInfoView(info: ConnectorInfo): View<typeof connectorInfoSchema> {
  return {
    id: info.id,
    name: info.name,
    type: info.type,
    kind: info.kind,
    description: info.description,
    endpoint: info.endpoint,
    enabled: info.enabled,
    status: info.status,
    mode: info.mode,
    metadata: info.metadata,
    tags: [...info.tags],
    owner: info.owner,
    isolation: info.isolation,
    last_error: info.lastError,
    ...(info.heldBack === undefined ? {} : { held_back: info.heldBack }),
    ...(info.pausedSince === undefined ? {} : { paused_since: info.pausedSince }),
    ...(info.override === undefined ? {} : { override: info.override }),
    ...(info.logLevel === undefined ? {} : { log_level: info.logLevel }),
    ...(info.host === undefined ? {} : { host: info.host }),
  };
}

export function connectorListView(infos: readonly ConnectorInfo[]): View<typeof connectorListSchema> {
  return { connectors: infos.map(connectorInfoView), count: infos.length };
}

/** `config` is the configuration in the YAML's shape: see `toWireConfig` of `@automate/contract/schemas`. */
export function connectorDetailsView(
  details: ConnectorDetails,
  config: JsonObject,
): View<typeof connectorDetailsSchema> {
  const { network } = details;
  return { ...connectorInfoView(details.connector), config, ...(network === undefined ? {} : { network }) };
}

export function connectorEventView(event: ConnectorEvent): View<typeof connectorEventSchema> {
  if ('connector' in event) return { ...event, connector: connectorInfoView(event.connector) };
  if (event.kind !== 'webhook') return { ...event };
  const { receivedAt, ...delivery } = event.delivery;
  return { ...event, delivery: { ...delivery, received_at: receivedAt } };
}

export function changeResultView(result: ChangeResult): View<typeof changeResultSchema> {
  return { id: result.id, message: result.message };
}

export function healthReportView(report: HealthReport): View<typeof healthReportSchema> {
  return {
    id: report.id,
    status: report.status,
    healthy: report.healthy,
    message: report.message,
    ...(report.blame === undefined ? {} : { blame: report.blame }),
    response_time_ms: report.responseTimeMs,
    ...(report.checkedAt === undefined ? {} : { checked_at: report.checkedAt }),
    ...(report.lastSuccessAt === undefined ? {} : { last_success_at: report.lastSuccessAt }),
    consecutive_failures: report.consecutiveFailures,
    ...(report.circuit === undefined ? {} : { circuit: report.circuit }),
    ...(report.rateQueued === undefined ? {} : { rate_queued: report.rateQueued }),
    ...(report.paused && { paused: true as const }),
  };
}

export function healthReportsView(reports: Readonly<Record<string, HealthReport>>): View<typeof healthReportsSchema> {
  const entries = Object.entries(reports).map(([id, report]) => [id, healthReportView(report)] as const);
  return { results: Object.fromEntries(entries) };
}

export function testReportView(report: TestReport): View<typeof testReportSchema> {
  return {
    id: report.id,
    status: report.status,
    endpoint: report.endpoint,
    success: report.success,
    ...(report.error === undefined ? {} : { error: report.error }),
  };
}

export function connectorDescriptionView(description: ConnectorDescription): View<typeof connectorDescriptionSchema> {
  const { capabilities } = description;
  return {
    kind: description.kind,
    name: description.name,
    version: description.version,
    ...(description.title === undefined ? {} : { title: description.title }),
    ...(description.description === undefined ? {} : { description: description.description }),
    ...(description.package === undefined ? {} : { package: { ...description.package } }),
    capabilities: {
      webhooks: capabilities.webhooks,
      polling: capabilities.polling,
      batch: capabilities.batch,
      idempotency_key: capabilities.idempotencyKey,
      oauth: capabilities.oauth,
      rate_limit_headers: capabilities.rateLimitHeaders,
    },
    ...(description.configSchema === undefined ? {} : { config_schema: description.configSchema }),
    open: description.open,
    actions: description.actions.map(actionView),
    ...(description.discovery === undefined ? {} : { discovery: discoveryView(description.discovery) }),
    ...(description.paused && { paused: true as const }),
  };
}

function discoveryView({ revision, error, leftOut }: ActionDiscovery) {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(error === undefined ? {} : { error }),
    ...(leftOut === undefined ? {} : { left_out: leftOut.map((each) => ({ ...each })) }),
  };
}

function actionView(action: ActionDescription) {
  return {
    name: action.name,
    description: action.description,
    input: action.input,
    ...(action.output === undefined ? {} : { output: action.output }),
    side_effects: action.sideEffects,
    idempotent: action.idempotent,
    ...(action.idempotencyKey === undefined ? {} : { idempotency_key: false as const }),
    ...(action.rateLimitClass === undefined ? {} : { rate_limit_class: action.rateLimitClass }),
    ...(action.timeoutMs === undefined ? {} : { timeout_ms: action.timeoutMs }),
  };
}

/** The answer of an action as JSON text. The result is JSON text already and goes in as it is. */
export function executeResultText(result: ExecuteTextResult): string {
  return `{"result":${result.result},"attempts":${result.attempts},"duration_ms":${result.durationMs},"replayed":${result.replayed}${result.resultDropped === true ? ',"result_dropped":true' : ''}}`;
}

export function outcomeView(outcome: KeptOutcome): View<typeof keptOutcomeSchema> {
  const { endedAt, expiresAt, attempts, result, resultSha256, error } = outcome;
  return {
    connector: outcome.connector,
    key: outcome.key,
    action: outcome.action,
    status: outcome.status,
    payload_sha256: outcome.payloadSha256,
    started_at: outcome.startedAt,
    ...(endedAt === undefined ? {} : { ended_at: endedAt }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(result === undefined ? {} : { result }),
    ...(resultSha256 === undefined ? {} : { result_dropped: true as const, result_sha256: resultSha256 }),
    ...(error === undefined ? {} : { error: { ...toProblemDocument(ConnectorError.fromEnvelope(error)) } }),
  };
}

export function pluginReportView(report: PluginReport): View<typeof pluginReportSchema> {
  return {
    plugins: report.plugins.map((plugin) => ({
      package: plugin.package,
      ...(plugin.version === undefined ? {} : { version: plugin.version }),
      path: plugin.path,
      kinds: [...plugin.kinds],
      status: plugin.status,
      ...(plugin.reason === undefined ? {} : { reason: plugin.reason }),
      ...(plugin.message === undefined ? {} : { message: plugin.message }),
      problems: plugin.problems.map((problem) => ({ ...problem })),
      warnings: [...plugin.warnings],
      ...(plugin.formerVersion === undefined ? {} : { former_version: plugin.formerVersion }),
      permissions: plugin.permissions.map((permission) => ({ ...permission, granted: [...permission.granted] })),
    })),
    problems: report.problems.map((problem) => ({ ...problem })),
    count: report.plugins.length,
  };
}

export function secretListView(secrets: readonly SecretInfo[]): View<typeof secretListSchema> {
  return {
    secrets: secrets.map(({ namespace, name, versions, usedBy }) => ({
      namespace,
      name,
      versions: versions.map(({ version, createdAt }) => ({ version, created_at: createdAt })),
      used_by: usedBy.map((user) => ({ ...user })),
    })),
    count: secrets.length,
  };
}

export function secretChangeView({ namespace, name, version, message }: SecretChange): View<typeof secretChangeSchema> {
  return { namespace, name, ...(version === undefined ? {} : { version }), message };
}

export function profileListView(profiles: readonly ProfileInfo[]): View<typeof profileListSchema> {
  return {
    profiles: profiles.map(({ usedBy, hidesOther, ...profile }) => ({
      ...profile,
      used_by: [...usedBy],
      ...(hidesOther === undefined ? {} : { hides_other: hidesOther }),
    })),
    count: profiles.length,
  };
}

export function profileChangeView({ name, message, heldBack }: ProfileChange): View<typeof profileChangeSchema> {
  return { name, message, held_back: heldBack.map((each) => ({ ...each })) };
}

export function auditRecordView(record: AuditRecord): View<typeof auditPageSchema>['records'][number] {
  const { durationMs, traceId, payloadSha256, hash, ...rest } = record;
  return {
    ...rest,
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    ...(traceId === undefined ? {} : { trace_id: traceId }),
    ...(payloadSha256 === undefined ? {} : { payload_sha256: payloadSha256 }),
    hash,
  };
}

export function auditPageView({ records, next }: AuditPage): View<typeof auditPageSchema> {
  return { records: records.map(auditRecordView), ...(next === undefined ? {} : { next }) };
}

export function auditVerdictView({ fault, unprovenEnd, ...verdict }: AuditVerdict): View<typeof auditVerdictSchema> {
  const end = unprovenEnd === undefined ? {} : { unproven_end: unprovenEnd };
  return { ...verdict, ...end, ...(fault === undefined ? {} : { fault: { ...fault } }) };
}

export function tokenView({ id, name, scopes, createdAt, expiresAt, revokedAt }: TokenInfo): View<typeof tokenSchema> {
  return {
    id,
    name,
    scopes: [...scopes],
    created_at: createdAt,
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(revokedAt === undefined ? {} : { revoked_at: revokedAt }),
  };
}

export function createdTokenView(created: CreatedToken): View<typeof createdTokenSchema> {
  return { ...tokenView(created), token: created.token };
}

export function tokenListView(tokens: readonly TokenInfo[]): View<typeof tokenListSchema> {
  return { tokens: tokens.map(tokenView), count: tokens.length };
}

export function hostStatusView({ dataDir, doors, connectors, ...status }: HostStatus): View<typeof hostStatusSchema> {
  const { heldBack, ...counts } = connectors;
  return {
    ...status,
    data_dir: dataDir,
    doors: doors.map((door) => ({ ...door })),
    connectors: { ...counts, held_back: heldBack },
  };
}

export function hostView({
  labels,
  lastBeatAt,
  memoryBytes,
  drift,
  configDrift,
  ...host
}: HostInfo): View<typeof hostSchema> {
  return {
    ...host,
    labels: [...labels],
    last_beat_at: lastBeatAt,
    memory_bytes: memoryBytes,
    drift: drift.map((each) => ({ ...each })),
    config_drift: configDrift.map((each) => ({ ...each })),
  };
}

export function hostListView(hosts: readonly HostInfo[]): View<typeof hostListSchema> {
  return { hosts: hosts.map(hostView), count: hosts.length };
}

export function healthHistoryView(findings: readonly HealthFinding[]): View<typeof healthHistorySchema> {
  return {
    findings: findings.map(({ responseTimeMs, ...finding }) => ({ ...finding, response_time_ms: responseTimeMs })),
    count: findings.length,
  };
}

export function logLineView({ fields, ...line }: LogLine): View<typeof logLineSchema> {
  return { ...line, ...(fields === undefined ? {} : { fields }) };
}

export function logLinesView(lines: FromHosts<LogLine>): View<typeof logLinesSchema> {
  return { lines: lines.map(logLineView), ...missingView(lines.missing), count: lines.length };
}

/** What an answer has of hosts that have not answered. */
export function missingView(missing: readonly MissingHost[] | undefined): {
  missing?: { host: string; why: string }[];
} {
  return missing === undefined ? {} : { missing: missing.map(({ host, why }) => ({ host, why })) };
}

export function recentCallsView(calls: FromHosts<RecentCall>): View<typeof recentCallsSchema> {
  return {
    calls: calls.map(({ durationMs, traceId, ...call }) => ({
      ...call,
      duration_ms: durationMs,
      ...(traceId === undefined ? {} : { trace_id: traceId }),
    })),
    ...missingView(calls.missing),
    count: calls.length,
  };
}

export function configPlanView(plan: ConfigPlan): View<typeof configPlanSchema> {
  return {
    connectors: plan.connectors.map(({ id, change, keys, trial }) => ({
      id,
      change,
      keys: [...keys],
      ...(trial === undefined ? {} : { trial: { ...trial } }),
    })),
    unchanged: plan.unchanged,
    sections: [...plan.sections],
    problems: plan.problems.map((problem) => ({ ...problem })),
    warnings: [...plan.warnings],
  };
}

export function exportedConfigView(exported: ExportedConfig): View<typeof exportedConfigSchema> {
  return { yaml: exported.yaml, connectors: [...exported.connectors], profiles: [...exported.profiles] };
}
