import {
  buildEndpoint,
  ConfigInvalidError,
  ConnectorInternalError,
  describeProblem,
  TimeoutError,
  TransientNetworkError,
  UnavailableError,
  until,
} from '@automate/contract';
import type { CallProgress, ConnectorDescription, Problem } from '@automate/contract';
import type { CallContext, ConnectorAdapter, ConnectorContext, Logger } from '@automate/sdk';
import type { FilesPolicy, WebhookJudgement } from '@automate/sdk/runtime';
import {
  attachContext,
  checkHealth,
  createCallContext,
  createConnectorContext,
  discoverActions,
  grantPaths,
  judgeWebhook,
  OPEN_FILES,
  rateLimitClassOf,
  renewConnectorContext,
  requireGranted,
  validateSettings,
} from '@automate/sdk/runtime';
import type { CallExtras, CallMessage } from '../messages.ts';
import type { ConfigCheck, WorkerConfig, WorkerWebhook } from '../runtime.ts';
import { natives } from './natives.ts';
import type { NetworkGate } from './network/network-gate.ts';
import { parsePayload } from './parse-payload.ts';

/** One call as the adapter's side sees it. */
export type AdapterCall = Omit<CallMessage, 'id'> & { readonly extras: CallExtras | undefined };

export interface AdapterRunnerOptions {
  readonly adapter: ConnectorAdapter;
  readonly description: ConnectorDescription;
  readonly id: string;
  readonly logger: Logger;
  /** Told of secrets that the adapter obtained, before it can do anything with them. */
  readonly onSecrets: (values: readonly string[]) => void;
  /** Told that the remote system offers other actions. */
  readonly onActionsChanged: () => void;
  /** Absent: it may connect anywhere. */
  readonly network: NetworkGate | undefined;
}

/** Drives one adapter through its life: settings checked, initialized, called, closed. */
export class AdapterRunner {
  readonly adapter: ConnectorAdapter;
  readonly #configSchema: ConnectorDescription['configSchema'];
  readonly #id: string;
  readonly #logger: Logger;
  readonly #onSecrets: AdapterRunnerOptions['onSecrets'];
  readonly #onActionsChanged: () => void;
  readonly #network: NetworkGate | undefined;
  readonly #closing = new AbortController();
  #context: ConnectorContext | undefined;

  constructor(options: AdapterRunnerOptions) {
    this.adapter = options.adapter;
    this.#configSchema = options.description.configSchema;
    this.#id = options.id;
    this.#logger = options.logger;
    this.#onSecrets = options.onSecrets;
    this.#onActionsChanged = options.onActionsChanged;
    this.#network = options.network;
  }

  /**
   * Runs one call; `signal` makes its signal when that is asked for. Gives a value or a promise of
   * one, for `boundedEncode`; throws or rejects with whatever the connector's code throws.
   */
  perform(call: AdapterCall, signal: () => AbortSignal, onProgress?: (now: CallProgress) => void): unknown {
    switch (call.op) {
      case 'execute':
        // Not awaited here: of all operations this one is counted in microseconds.
        return this.adapter.execute(
          call.action,
          parsePayload(call.payload),
          this.#callContext(call, call.action, { signal, onProgress }),
        );
      case 'health':
        return checkHealth(this.adapter, this.#callContext(call, 'health', { signal }));
      case 'connect':
        return this.#connect();
      case 'validate':
        return this.#validate(parsePayload(call.payload) as unknown as ConfigCheck);
      case 'renew':
        return this.#renew(natives.parse(call.payload) as WorkerConfig, call.deadline);
      case 'initialize':
        return this.#initialize(natives.parse(call.payload) as WorkerConfig);
      case 'discover':
        return discoverActions(this.adapter, this.#callContext(call, 'discover', { signal }));
      case 'webhook':
        return this.#judge(natives.parse(call.payload) as WorkerWebhook, call.deadline);
      case 'close':
        this.#closing.abort();
        return this.adapter.close();
      default:
        return call.op satisfies never;
    }
  }

  /** Nobody listens any more: what still runs is told to end. */
  abandon(): void {
    this.#closing.abort();
  }

  /** Paths in settings are looked at only where those are of the right shape. */
  async #validate({ settings, tls, files = OPEN_FILES }: ConfigCheck): Promise<readonly Problem[]> {
    const problems = await validateSettings(this.adapter, settings);
    const sound = problems.length > 0 ? {} : settings;
    return [...problems, ...grantPaths(this.#configSchema, { settings: sound, tls }, files).problems];
  }

  /** Gives whether the adapter takes other secrets later without a new start. */
  async #initialize({ config: given, settings, profile, proxies, files = OPEN_FILES }: WorkerConfig): Promise<boolean> {
    const granted = await this.#grant({ config: given, settings, files });
    const { tls: _written, ...config } = given;
    const context = createConnectorContext({
      id: this.#id,
      config: granted.tls === undefined ? config : { ...config, tls: granted.tls },
      settings: granted.settings,
      files,
      ...(profile === undefined ? {} : { profile }),
      ...(proxies === undefined ? {} : { proxies }),
      ...(this.#network === undefined ? {} : { checkTarget: this.#network.checkTarget }),
      logger: this.#logger,
      signal: this.#closing.signal,
      onSecrets: this.#onSecrets,
      onActionsChanged: this.#onActionsChanged,
    });
    attachContext(this.adapter, context);
    await this.adapter.initialize(context);
    this.#context = context;
    return typeof this.adapter.onSecretsChanged === 'function';
  }

  /** Gives the adapter other secrets, and tells it which places differ. Rejects where it does not take them in time. */
  async #renew({ config, settings, profile, files = OPEN_FILES }: WorkerConfig, deadline: number): Promise<true> {
    const context = this.#ready();
    const granted = await this.#grant({ config, settings, files });
    const names = renewConnectorContext(context, {
      config,
      settings: granted.settings,
      ...(profile === undefined ? {} : { profile }),
    });
    if (names.length === 0) return true;
    const error = (): TimeoutError =>
      new TimeoutError(`onSecretsChanged() of "${this.adapter.name}" did not end within the time of a start`);
    await until({ deadline: innerDeadline(deadline), error }, async () => this.adapter.onSecretsChanged?.({ names }));
    return true;
  }

  /** Settings as the adapter is given them. Throws where the kind does not take them, or they name what was not granted. */
  async #grant({
    config,
    settings,
    files,
  }: Pick<WorkerConfig, 'config' | 'settings'> & { readonly files: FilesPolicy }) {
    const problems = await validateSettings(this.adapter, settings);
    if (problems.length > 0) {
      throw new ConfigInvalidError(
        `the settings of connector "${this.#id}" are not what the kind "${this.adapter.name}" takes: ${problems.map(describeProblem).join('; ')}`,
        { problems, details: { reason: 'settings_invalid' } },
      );
    }
    this.#network?.setRoots(socketRoots(files));
    const granted = grantPaths(this.#configSchema, { settings, tls: config.tls }, files);
    requireGranted(this.#id, granted, this.#logger);
    return granted;
  }

  async #connect(): Promise<true> {
    const { config } = this.#ready();
    const answer: unknown = await this.adapter.connect();
    if (answer === true) return true;
    const endpoint = buildEndpoint(config);
    const where = endpoint === '' ? '' : ` at ${endpoint}`;
    if (answer === false) {
      throw new TransientNetworkError(`"${this.adapter.name}" could not connect${where}: connect() answered false`, {
        effect: 'none',
        details: { reason: 'connect_false' },
      });
    }
    throw new ConnectorInternalError(
      `connect() of "${this.adapter.name}" must answer true or false, or throw; it answered ${answer === null ? 'null' : typeof answer}; the plugin's author must act`,
      { effect: 'none', details: { reason: 'bad_connect_answer' } },
    );
  }

  #judge({ headers, body }: WorkerWebhook, deadline: number): Promise<WebhookJudgement> {
    this.#ready();
    const error = (): TimeoutError =>
      new TimeoutError(`verifyWebhook() of "${this.adapter.name}" gave no answer in time`);
    return until({ deadline: innerDeadline(deadline), error }, () =>
      judgeWebhook(this.adapter, headers, Buffer.from(body, 'base64')),
    );
  }

  #callContext(
    { deadline, extras }: AdapterCall,
    action: string,
    {
      signal,
      onProgress,
    }: { readonly signal: () => AbortSignal; readonly onProgress?: ((now: CallProgress) => void) | undefined },
  ): CallContext {
    const rateLimitClass = rateLimitClassOf(this.adapter, action);
    const required = { action, deadline: innerDeadline(deadline), signal, rateLimitClass, onProgress };
    return createCallContext(this.#ready(), extras === undefined ? required : { ...required, ...extras });
  }

  #ready(): ConnectorContext {
    if (this.#context !== undefined) return this.#context;
    throw new UnavailableError(`connector "${this.#id}" is not initialized`, {
      details: { reason: 'not_initialized' },
    });
  }
}

/** Where sockets in the file system may lie: within the roots, and where its profile says, which the operator wrote. */
function socketRoots({ roots, lenient, ofProfile = {} }: FilesPolicy): readonly string[] | undefined {
  if (roots === undefined || lenient === true) return undefined;
  return [
    ...roots,
    ...Object.values(ofProfile).filter((value) => typeof value === 'string' && value.startsWith('/')),
  ] as string[];
}

/** A little before the host's deadline (5 % of the time, at most 50 ms), so that the adapter's own error is the answer. */
function innerDeadline(deadline: number): number {
  const leftMs = Math.max(0, deadline - natives.now());
  return Math.floor(deadline - Math.min(50, leftMs / 20));
}
