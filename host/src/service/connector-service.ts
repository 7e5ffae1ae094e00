// Long, as the one implementation of the port has every operation of it.
import type {
  AuditExpectation,
  AuditFilter,
  AuditPage,
  AuditVerdict,
  BlameReport,
  CallOptions,
  ChangeResult,
  ConfigPlan,
  ConfigText,
  ConnectorConfigInput,
  ConnectorDescription,
  ConnectorDetails,
  ConnectorEvent,
  ConnectorInfo,
  ConnectorService,
  CreatedToken,
  CreateTokenRequest,
  Execution,
  ExecutionFilter,
  ExecutionOperations,
  ExecutionPage,
  ExportedConfig,
  ExecuteRequest,
  ExecuteResult,
  ExecuteTextRequest,
  ExecuteTextResult,
  HealthFilter,
  HealthFinding,
  HealthReport,
  FromHosts,
  HostCallOptions,
  HostFilter,
  HostInfo,
  HostStatus,
  HostStats,
  JsonValue,
  FollowFilter,
  KeptOutcome,
  LineLevel,
  LogEvent,
  LogFilter,
  LogLine,
  ListFilter,
  OutcomeKey,
  PluginReport,
  ProfileChange,
  ProfileInfo,
  RecentCall,
  RemoveSecretRequest,
  SecretChange,
  SecretInfo,
  Schedule,
  ScheduleChange,
  ScheduleOperations,
  SecretOperations,
  SetProfileRequest,
  SetScheduleRequest,
  SetSecretRequest,
  StartExecutionRequest,
  StatsOperations,
  TestReport,
  TokenInfo,
  WebhookOperations,
  WebhookReceipt,
  WebhookRequest,
} from '@automate/contract';
import { ConnectorError, hasScope, LOCAL_PRINCIPAL, UnavailableError } from '@automate/contract';
import { encodePayload, payloadText } from '@automate/contract/json-text';
import {
  requireAuditExpectation,
  requireAuditFilter,
  requireCall,
  requireCallOptions,
  requireConfig,
  requireConfigText,
  requireExecutionFilter,
  requireExecutionId,
  requireFilter,
  requireHostId,
  requireOneHost,
  requireId,
  requireHost,
  requireKindName,
  requireLimit,
  requireLogFilter,
  requireLogLevel,
  requireOutcomeKey,
  requireProfile,
  requireProfileName,
  requireSchedule,
  requireScheduleName,
  requireStart,
  requireWebhook,
  hostEnding,
  serviceClosed,
  unknownHost,
} from '@automate/contract/service';
import type { KeptOutcomes } from '../execution/kept-outcomes.ts';
import type { Access } from '../access/access.ts';
import type { Execute } from '../execution/pipeline.ts';
import { waitWithin } from '../execution/wait-within.ts';
import { findingOf } from '../connectors/probe.ts';
import type { ConnectorEntry } from '../connectors/connector-state.ts';
import { kindOf } from '../connectors/connector-state.ts';
import type { Registry } from '../connectors/registry.ts';
import type { ConnectorViews } from '../connectors/connector-views.ts';
import type { ConfigTrialOptions } from '../connectors/config-trial.ts';
import { tryConfig } from '../connectors/config-trial.ts';
import { endpointOf } from '../connectors/connector-views.ts';
import { describeKind } from '../connectors/describe-kind.ts';
import type { Descriptions } from '../connectors/descriptions.ts';
import type { EventHub } from '../events/event-hub.ts';
import type { LogTail } from '../log/log-tail.ts';
import type { RecentCalls } from '../execution/recent-calls.ts';
import type { HealthHistories } from '../connectors/health-histories.ts';
import type { LiveConnectors } from '../connectors/live-connectors.ts';
import { maskConfig } from '../connectors/mask-config.ts';
import type { Controls, LogControl } from '../connectors/controls.ts';
import type { Profiles } from '../connectors/profiles.ts';
import type { NetworkPolicies } from '../connectors/network-policies.ts';
import { describeNetwork } from '../connectors/network-policies.ts';
import type { Registrations } from '../connectors/registrations.ts';
import { countConnectors } from './count-connectors.ts';

export interface ServiceOptions {
  readonly registry: Registry;
  readonly live: LiveConnectors;
  readonly health: Pick<HealthHistories, 'list'>;
  readonly views: ConnectorViews;
  readonly registrations: Registrations;
  createWorker: ConfigTrialOptions['createWorker'];
  /** Where a connector may connect to. */
  networkOf: NetworkPolicies['of'];
  readonly descriptions: Descriptions;
  readonly hub: EventHub;
  readonly execute: Execute;
  readonly outcomes: KeptOutcomes;
  readonly profiles: Profiles;
  readonly controls: Controls & LogControl;
  readonly logs: Pick<LogTail, 'read' | 'follow'>;
  readonly recentCalls: Pick<RecentCalls, 'list'>;
  readonly secrets: SecretOperations;
  readonly tokens: Access;
  /** What the host knows of itself. */
  facts(): Omit<HostStatus, 'connectors'>;
  /** The hosts that share a store with this one, and itself, as known. */
  hosts(): readonly HostInfo[];
  /** Has this host take no connectors and give away those that it holds, or take them again. */
  setDrained(isDrained: boolean): Promise<void>;
  /** The report of the last scan, made whole if that one read only direct dependencies. */
  plugins(): PluginReport;
  rescan(): Promise<PluginReport>;
  readonly configs: {
    plan(text: ConfigText, call: CallOptions): Promise<ConfigPlan>;
    apply(text: ConfigText, call: CallOptions): Promise<ConfigPlan>;
    export(): Promise<ExportedConfig>;
  };
  readonly audit: {
    list(filter: AuditFilter): Promise<AuditPage>;
    verify(expected?: AuditExpectation, host?: string): Promise<AuditVerdict>;
  };
  readonly stats: StatsOperations;
  readonly executions: ExecutionOperations;
  readonly schedules: ScheduleOperations;
  readonly webhooks: WebhookOperations;
  /** Called by each `close`; gives the same promise every time. */
  onClose(): Promise<void>;
}

/** The one implementation of the port. Every door translates to it; it knows none of them. */
export class HostConnectorService implements ConnectorService {
  readonly #options: ServiceOptions;
  #draining = false;
  #closed = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  async list(filter: ListFilter = {}, options: CallOptions = {}): Promise<readonly ConnectorInfo[]> {
    this.#admit(options);
    requireFilter(filter);
    return this.#options.registry
      .all()
      .map((entry) => this.#view(entry))
      .filter(
        (info) =>
          (filter.type === undefined || info.type === filter.type) &&
          (filter.enabledOnly !== true || info.enabled) &&
          (filter.tag === undefined || info.tags.includes(filter.tag)),
      );
  }

  async get(id: string, given: CallOptions = {}): Promise<ConnectorDetails> {
    const options = this.#admit(given);
    const entry = this.#options.registry.get(requireId(id), options.principal);
    const { principal = LOCAL_PRINCIPAL } = options;
    const kind = kindOf(entry);
    const description = this.#options.descriptions.find(entry);
    return {
      connector: this.#view(entry),
      config: maskConfig(entry.written, description?.configSchema, description !== undefined),
      ...(kind === undefined || !hasScope(principal, 'read')
        ? {}
        : { network: describeNetwork(this.#options.networkOf(entry, kind)) }),
    };
  }

  async describe(id: string, given: CallOptions = {}): Promise<ConnectorDescription> {
    const options = this.#admit(given);
    const entry = this.#options.registry.get(requireId(id), options.principal);
    const description = await waitWithin(this.#options.descriptions.describe(entry), options).catch(
      (reason: unknown) => {
        throw ConnectorError.from(reason).withConnector(id);
      },
    );
    return entry.overlay?.pausedSince === undefined ? description : { ...description, paused: true };
  }

  async register(config: ConnectorConfigInput, given: CallOptions = {}): Promise<ChangeResult> {
    const options = this.#admit(given);
    requireConfig(config);
    return waitWithin(this.#options.registrations.register(config, options.principal), options);
  }

  async update(config: ConnectorConfigInput, given: CallOptions = {}): Promise<ChangeResult> {
    const options = this.#admit(given);
    requireConfig(config);
    return waitWithin(this.#options.registrations.update(config, options.principal), options);
  }

  async remove(id: string, given: CallOptions = {}): Promise<ChangeResult> {
    const options = this.#admit(given);
    return waitWithin(this.#options.registrations.remove(requireId(id), options.principal), options);
  }

  async healthCheck(id: string, given: CallOptions = {}): Promise<HealthReport> {
    const options = this.#admit(given);
    return this.#options.live.check(requireId(id), options);
  }

  async healthCheckAll(
    filter: HealthFilter = {},
    given: CallOptions = {},
  ): Promise<Readonly<Record<string, HealthReport>>> {
    const options = this.#admit(given);
    requireFilter(filter);
    const entries = this.#options.registry
      .all()
      .filter((entry) => filter.type === undefined || this.#view(entry).type === filter.type);
    const { live } = this.#options;
    const reports =
      filter.cached === true
        ? entries.map((entry) => live.report(entry))
        : await Promise.all(entries.map(({ id }) => live.check(id, options)));
    return Object.fromEntries(reports.map((report) => [report.id, report]));
  }

  async test(target: string | ConnectorConfigInput, given: CallOptions = {}): Promise<TestReport> {
    const options = this.#admit(given);
    if (typeof target === 'object') {
      requireConfig(target);
      return waitWithin(tryConfig(this.#options, target, options.principal), options);
    }
    const id = target;
    const entry = this.#options.registry.get(requireId(id), options.principal);
    const facts = { id, endpoint: endpointOf(entry) };
    if (entry.state.phase !== 'usable') {
      const { status, message } = this.#options.live.report(entry);
      return { ...facts, status, success: false, error: message };
    }
    try {
      await waitWithin(this.#options.live.target(id).test(), options);
      return { ...facts, status: 'healthy', success: true };
    } catch (reason) {
      const error = ConnectorError.from(reason);
      if (options.signal?.aborted === true) throw error;
      return {
        ...facts,
        status: 'unhealthy',
        success: false,
        error: findingOf(error.toEnvelope()).message,
      };
    }
  }

  async execute(request: ExecuteRequest, given?: CallOptions): Promise<ExecuteResult> {
    const options = this.#admit(given);
    const text: ExecuteTextRequest = { ...request, payload: encodePayload(request?.payload) };
    requireCall(text);
    const { result, ...rest } = await this.#options.execute(text, options);
    return { ...rest, result: JSON.parse(result) as JsonValue };
  }

  /** Not async: every further promise costs a tenth of the whole call. */
  executeText(request: ExecuteTextRequest, given?: CallOptions): Promise<ExecuteTextResult> {
    try {
      const options = this.#admit(given);
      requireCall(request);
      return this.#options.execute(request, options);
    } catch (reason) {
      return Promise.reject(ConnectorError.from(reason));
    }
  }

  async getOutcome(id: string, key: OutcomeKey, given?: CallOptions): Promise<KeptOutcome> {
    return this.#options.outcomes.get(requireId(id), requireOutcomeKey(key), this.#admit(given));
  }

  async clearOutcome(id: string, key: OutcomeKey, given?: CallOptions): Promise<ChangeResult> {
    return this.#options.outcomes.clear(requireId(id), requireOutcomeKey(key), this.#admit(given));
  }

  async startExecution(request: StartExecutionRequest, given?: CallOptions): Promise<Execution> {
    const options = this.#admit(given);
    const text = { ...request, payload: payloadText(request?.payload) };
    return waitWithin(this.#options.executions.startExecution(requireStart(text), options), options);
  }

  async getExecution(id: string, given?: CallOptions): Promise<Execution> {
    const options = this.#admit(given);
    return waitWithin(this.#options.executions.getExecution(requireExecutionId(id), options), options);
  }

  async listExecutions(filter: ExecutionFilter = {}, given?: CallOptions): Promise<ExecutionPage> {
    const options = this.#admit(given);
    return waitWithin(this.#options.executions.listExecutions(requireExecutionFilter(filter), options), options);
  }

  async cancelExecution(id: string, given?: CallOptions): Promise<Execution> {
    const options = this.#admit(given);
    return waitWithin(this.#options.executions.cancelExecution(requireExecutionId(id), options), options);
  }

  async *watchExecution(id: string, given: CallOptions = {}): AsyncGenerator<Execution, void> {
    if (given?.signal?.aborted === true) return;
    const options = this.#admit(given);
    yield* this.#options.executions.watchExecution(requireExecutionId(id), options);
  }

  async rerunExecution(id: string, given?: CallOptions): Promise<Execution> {
    const options = this.#admit(given);
    return waitWithin(this.#options.executions.rerunExecution(requireExecutionId(id), options), options);
  }

  async setSchedule(request: SetScheduleRequest, given?: CallOptions): Promise<Schedule> {
    const options = this.#admit(given);
    const schedule = requireSchedule({ ...request, payload: payloadText(request?.payload) });
    return waitWithin(this.#options.schedules.setSchedule(schedule, options), options);
  }

  async listSchedules(given?: CallOptions): Promise<readonly Schedule[]> {
    const options = this.#admit(given);
    return waitWithin(this.#options.schedules.listSchedules(options), options);
  }

  async pauseSchedule(name: string, given?: CallOptions): Promise<Schedule> {
    const options = this.#admit(given);
    return waitWithin(this.#options.schedules.pauseSchedule(requireScheduleName(name), options), options);
  }

  async resumeSchedule(name: string, given?: CallOptions): Promise<Schedule> {
    const options = this.#admit(given);
    return waitWithin(this.#options.schedules.resumeSchedule(requireScheduleName(name), options), options);
  }

  async removeSchedule(name: string, given?: CallOptions): Promise<ScheduleChange> {
    const options = this.#admit(given);
    return waitWithin(this.#options.schedules.removeSchedule(requireScheduleName(name), options), options);
  }

  async receiveWebhook(id: string, request: WebhookRequest, given?: CallOptions): Promise<WebhookReceipt> {
    const options = this.#admit(given);
    return waitWithin(this.#options.webhooks.receiveWebhook(requireId(id), requireWebhook(request), options), options);
  }

  async *watch(given: CallOptions = {}): AsyncGenerator<ConnectorEvent, void> {
    if (given?.signal?.aborted === true) return;
    const options = this.#admit(given);
    const present = this.#options.registry.all().map((entry) => this.#view(entry));
    yield* this.#options.hub.watch(present, options);
  }

  async plugins(given: CallOptions = {}): Promise<PluginReport> {
    this.#admit(given);
    return this.#options.plugins();
  }

  async rescanPlugins(given: CallOptions = {}): Promise<PluginReport> {
    const options = this.#admit(given);
    return waitWithin(this.#options.rescan(), options);
  }

  async describeKind(kind: string, given: CallOptions = {}): Promise<ConnectorDescription> {
    const options = this.#admit(given);
    return waitWithin(describeKind(this.#options, requireKindName(kind)), options);
  }

  async listSecrets(given: CallOptions = {}): Promise<readonly SecretInfo[]> {
    const options = this.#admit(given);
    return waitWithin(this.#options.secrets.listSecrets(options), options);
  }

  async setSecret(request: SetSecretRequest, given: CallOptions = {}): Promise<SecretChange> {
    const options = this.#admit(given);
    return waitWithin(this.#options.secrets.setSecret(request, options), options);
  }

  async removeSecret(request: RemoveSecretRequest, given: CallOptions = {}): Promise<SecretChange> {
    const options = this.#admit(given);
    return waitWithin(this.#options.secrets.removeSecret(request, options), options);
  }

  async listProfiles(given: CallOptions = {}): Promise<readonly ProfileInfo[]> {
    this.#admit(given);
    return this.#options.profiles.list();
  }

  async setProfile(request: SetProfileRequest, given: CallOptions = {}): Promise<ProfileChange> {
    const options = this.#admit(given);
    requireProfile(request);
    return waitWithin(this.#options.profiles.set(request, options.principal), options);
  }

  async removeProfile(name: string, given: CallOptions = {}): Promise<ProfileChange> {
    const options = this.#admit(given);
    return waitWithin(this.#options.profiles.remove(requireProfileName(name)), options);
  }

  async listAudit(filter: AuditFilter = {}, given: CallOptions = {}): Promise<AuditPage> {
    const options = this.#admit(given);
    return waitWithin(this.#options.audit.list(requireAuditFilter(filter)), options);
  }

  async verifyAudit(expected?: AuditExpectation, given: HostCallOptions = {}): Promise<AuditVerdict> {
    const options = this.#admit(given);
    const host = requireHostId(given.host);
    return waitWithin(this.#options.audit.verify(requireAuditExpectation(expected), host), options);
  }

  pause(id: string, given?: CallOptions): Promise<ConnectorInfo> {
    return this.#control('pause', id, given);
  }

  resume(id: string, given?: CallOptions): Promise<ConnectorInfo> {
    return this.#control('resume', id, given);
  }

  restart(id: string, given?: CallOptions): Promise<ConnectorInfo> {
    return this.#control('restart', id, given);
  }

  enable(id: string, given?: CallOptions): Promise<ConnectorInfo> {
    return this.#control('enable', id, given);
  }

  disable(id: string, given?: CallOptions): Promise<ConnectorInfo> {
    return this.#control('disable', id, given);
  }

  async getStatus(given: CallOptions = {}): Promise<HostStatus> {
    this.#admit(given);
    const infos = this.#options.registry.all().map((entry) => this.#view(entry));
    return { ...this.#options.facts(), connectors: countConnectors(infos) };
  }

  async listHosts(given: CallOptions = {}): Promise<readonly HostInfo[]> {
    this.#admit(given);
    return this.#options.hosts();
  }

  drainHost(id: string, given: CallOptions = {}): Promise<HostInfo> {
    return this.#setDraining(id, true, given);
  }

  undrainHost(id: string, given: CallOptions = {}): Promise<HostInfo> {
    return this.#setDraining(id, false, given);
  }

  async #setDraining(given: string, isDrained: boolean, call: CallOptions): Promise<HostInfo> {
    const options = this.#admit(call);
    const { hosts, setDrained } = this.#options;
    const id = requireHost(given);
    const find = (): HostInfo => {
      const found = hosts().find((host) => host.id === id);
      if (found === undefined) throw unknownHost(id, hosts());
      return found;
    };
    find();
    if (isDrained && !hosts().some((host) => host.id !== id && !host.draining)) throw nobodyTakes(id);
    await waitWithin(setDrained(isDrained), options);
    return find();
  }

  async listHealthHistory(id: string, given: CallOptions = {}): Promise<readonly HealthFinding[]> {
    const options = this.#admit(given);
    this.#options.registry.get(requireId(id), options.principal);
    return waitWithin(this.#options.health.list(id), options);
  }

  async getStats(given: HostCallOptions = {}): Promise<HostStats> {
    const options = this.#admit(given);
    this.#requireHost(given);
    return this.#options.stats.getStats(options);
  }

  async blame(given: HostCallOptions = {}): Promise<BlameReport> {
    const options = this.#admit(given);
    this.#requireHost(given);
    return this.#options.stats.blame(options);
  }

  async readLogs(filter: LogFilter = {}, given: CallOptions = {}): Promise<FromHosts<LogLine>> {
    this.#requireLogged(filter, this.#admit(given));
    return this.#options.logs.read(filter);
  }

  async *followLogs(filter: FollowFilter = {}, given: CallOptions = {}): AsyncGenerator<LogEvent, void> {
    if (given?.signal?.aborted === true) return;
    const options = this.#admit(given);
    this.#requireLogged(filter, options);
    const { after, ...rest } = filter;
    const [own] = this.#options.hosts();
    const seq = typeof after === 'object' ? after[own?.id ?? ''] : after;
    yield* this.#options.logs.follow({ ...rest, ...(seq === undefined ? {} : { after: seq }) }, options);
  }

  async setLogLevel(id: string, level: LineLevel | 'default', given: CallOptions = {}): Promise<ConnectorInfo> {
    const options = this.#admit(given);
    return this.#view(await this.#options.controls.setLogLevel(requireId(id), requireLogLevel(level), options));
  }

  async listCalls(
    id: string,
    filter: HostFilter & { readonly limit?: number } = {},
    given: CallOptions = {},
  ): Promise<FromHosts<RecentCall>> {
    const options = this.#admit(given);
    this.#options.registry.get(requireId(id), options.principal);
    this.#requireHost(filter);
    return this.#options.recentCalls.list(id, requireLimit(filter.limit, 100));
  }

  async planConfig(config: ConfigText = {}, given: CallOptions = {}): Promise<ConfigPlan> {
    const options = this.#admit(given);
    return waitWithin(this.#options.configs.plan(requireConfigText(config), options), options);
  }

  async applyConfig(config: ConfigText = {}, given: CallOptions = {}): Promise<ConfigPlan> {
    const options = this.#admit(given);
    return waitWithin(this.#options.configs.apply(requireConfigText(config), options), options);
  }

  async exportConfig(given: CallOptions = {}): Promise<ExportedConfig> {
    const options = this.#admit(given);
    return waitWithin(this.#options.configs.export(), options);
  }

  async createToken(request: CreateTokenRequest, given: CallOptions = {}): Promise<CreatedToken> {
    this.#admit(given);
    return this.#options.tokens.createToken(request);
  }

  async listTokens(given: CallOptions = {}): Promise<readonly TokenInfo[]> {
    this.#admit(given);
    return this.#options.tokens.listTokens();
  }

  async revokeToken(id: string, given: CallOptions = {}): Promise<ChangeResult> {
    this.#admit(given);
    return this.#options.tokens.revokeToken(id);
  }

  /** Takes no more calls, while those under way end. */
  drain(): void {
    this.#draining = true;
  }

  /** Tells from now on that it is closed. */
  end(): void {
    this.#closed = true;
  }

  close(): Promise<void> {
    return this.#options.onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #control(verb: keyof Controls, id: string, given: CallOptions = {}): Promise<ConnectorInfo> {
    const options = this.#admit(given);
    return this.#view(await this.#options.controls[verb](requireId(id), options));
  }

  /** Throws for a filter that is none, or that names nobody. */
  #requireLogged(filter: FollowFilter, { principal }: CallOptions): void {
    const { connector } = requireLogFilter(filter);
    this.#requireHost(filter);
    if (connector !== undefined) this.#options.registry.get(connector, principal);
  }

  /** Throws for a filter that names a host that does not live. */
  #requireHost({ host }: HostFilter): void {
    const id = requireOneHost(host);
    const hosts = this.#options.hosts();
    if (id !== undefined && !hosts.some((each) => each.id === id)) throw unknownHost(id, hosts);
  }

  /** What holds before every call, through whichever door it came. Gives the options to go on with. */
  #admit(options: CallOptions = {}): CallOptions {
    if (this.#closed) throw serviceClosed();
    if (this.#draining) throw hostEnding();
    return requireCallOptions(options);
  }

  /** The connector as everyone may see it now. */
  #view(entry: ConnectorEntry): ConnectorInfo {
    return this.#options.views.of(entry);
  }
}

function nobodyTakes(id: string): UnavailableError {
  return new UnavailableError(
    `the host ${id} was not drained: no other host lives that takes connectors, so that nobody could run what it does; start another one with the same STORE_URL, or undrain one`,
    { blame: 'operator', retryable: false, effect: 'none', details: { reason: 'no_host' } },
  );
}
