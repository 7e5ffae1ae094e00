import type { ConnectorDescription, JsonObject, Outcome, Problem } from '@automate/contract';
import { ConnectorError, ConnectorInternalError, UnavailableError } from '@automate/contract';
import type { Logger, LogLevel } from '@automate/sdk';
import { describeAdapter, isAdapterClass } from '@automate/sdk/runtime';
import type { InlineCall } from './inline-call.ts';
import { performInline } from './inline-call.ts';
import type {
  ConnectorWorker,
  InspectSpec,
  SecretFilter,
  WorkerCall,
  WorkerEvents,
  WorkerLevel,
  WorkerSpec,
  WorkerState,
  WorkerStats,
} from './runtime.ts';
import { notSent, waitForStart } from './wait-for-start.ts';
import type { AdapterRunnerOptions } from './worker/adapter-runner.ts';
import { AdapterRunner } from './worker/adapter-runner.ts';

export interface InlineWorkerOptions {
  readonly spec: WorkerSpec;
  /** A subclass of `ConnectorAdapter`; anything else fails the start with reason `no_adapter`. */
  readonly adapterClass: new () => unknown;
  readonly events: WorkerEvents;
  readonly secrets: SecretFilter;
}

/**
 * Runs an adapter class that was handed over in process, which cannot enter a thread: in the host itself, not isolated.
 * Calls, outcomes and deadlines are those of a thread; but what blocks or crashes blocks or crashes the host.
 */
export function createInlineWorker(options: InlineWorkerOptions): ConnectorWorker {
  return new InlineWorker(options);
}

/** Describes an adapter class and checks settings against it, without keeping it. */
export async function inspectInline(options: {
  readonly spec: InspectSpec;
  readonly adapterClass: new () => unknown;
  readonly secrets: SecretFilter;
}): Promise<{ readonly description: ConnectorDescription; readonly problems: readonly Problem[] }> {
  const { spec, secrets } = options;
  const { check, kind } = spec;
  const { runner, description } = construct(spec, options.adapterClass, { id: kind, logger: silent() });
  if (check === undefined) return { description, problems: [] };
  spec.onDescribed?.(description);
  const deadline = Date.now() + spec.startTimeoutMs;
  const outcome = await performInline(
    { runner, secrets },
    { op: 'validate', action: '', payload: JSON.stringify(check), deadline },
    kind,
  );
  if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
  return { description, problems: JSON.parse(outcome.value) as Problem[] };
}

const LEVELS: readonly WorkerLevel[] = ['described', 'initialized', 'ready'];

class InlineWorker implements ConnectorWorker {
  readonly #options: InlineWorkerOptions;
  #state: WorkerState = { phase: 'idle' };
  #runner: AdapterRunner | undefined;
  #description: ConnectorDescription | undefined;
  #step: Promise<void> | undefined;
  #starts = 0;
  #pending = 0;

  constructor(options: InlineWorkerOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.spec.id;
  }

  state(): WorkerState {
    return this.#state;
  }

  stats(): WorkerStats {
    const none = {
      crashes: 0,
      memoryBytes: 0,
      abandonedThreads: 0,
      utilization: 0,
      droppedMessages: 0,
      droppedLogLines: 0,
    };
    return { ...none, state: this.#state, starts: this.#starts, pending: this.#pending };
  }

  description(): ConnectorDescription | undefined {
    return this.#description;
  }

  async ensure(
    level: WorkerLevel,
    options: { readonly deadline: number; readonly signal?: AbortSignal },
  ): Promise<ConnectorDescription> {
    try {
      return await waitForStart(this.#reach(level), { ...options, id: this.id });
    } catch (reason) {
      throw notSent(reason, this.id);
    }
  }

  async call(call: WorkerCall): Promise<Outcome<string>> {
    const runner = this.#runner;
    if (runner === undefined) return { ok: false, error: this.#unavailable().toEnvelope() };
    this.#pending += 1;
    try {
      return await this.#perform(runner, call);
    } finally {
      this.#pending -= 1;
    }
  }

  reset(): void {
    // Nothing is ever held back here.
  }

  async stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    const runner = this.#runner;
    if (runner === undefined) return;
    this.#runner = undefined;
    this.#enter({ phase: 'stopping' });
    const deadline = Date.now() + (options.graceMs ?? 5000);
    await this.#perform(runner, { op: 'close', action: '', payload: '{}', deadline });
    this.#enter({ phase: 'idle' });
  }

  async close(options?: { readonly graceMs?: number }): Promise<void> {
    await this.stop(options);
    if (this.#state.phase !== 'closed') this.#enter({ phase: 'closed' });
  }

  async #reach(level: WorkerLevel): Promise<ConnectorDescription> {
    if (this.#state.phase === 'closed' || this.#state.phase === 'stopping') throw this.#unavailable();
    const runner = (this.#runner ??= this.#start());
    while (!this.#has(level)) {
      this.#step ??= (this.#has('initialized') ? this.#connect(runner) : this.#initialize(runner)).finally(() => {
        this.#step = undefined;
      });
      await this.#step;
    }
    return this.#description as ConnectorDescription;
  }

  #start(): AdapterRunner {
    const { spec, adapterClass, events, secrets } = this.#options;
    this.#enter({ phase: 'starting', since: Date.now() });
    this.#starts += 1;
    try {
      const { runner, description } = construct(spec, adapterClass, {
        id: spec.id,
        logger: loggerTo(events, spec.id),
        onSecrets: (values) => secrets.learn(spec.id, values),
      });
      this.#description = description;
      this.#rise('described');
      return runner;
    } catch (reason) {
      this.#enter({ phase: 'idle' });
      throw reason;
    }
  }

  async #initialize(runner: AdapterRunner): Promise<void> {
    const { spec } = this.#options;
    const deadline = Date.now() + spec.startTimeoutMs;
    const payload = JSON.stringify(await spec.resolveConfig(this.#description as ConnectorDescription));
    const outcome = await this.#perform(runner, { op: 'initialize', action: '', payload, deadline });
    if (outcome.ok) {
      this.#rise('initialized');
      return;
    }
    // Half initialized is nothing to build on: the next start makes a new adapter.
    this.#runner = undefined;
    this.#enter({ phase: 'idle' });
    throw ConnectorError.fromEnvelope(outcome.error);
  }

  async #connect(runner: AdapterRunner): Promise<void> {
    const deadline = Date.now() + this.#options.spec.startTimeoutMs;
    const outcome = await this.#perform(runner, { op: 'connect', action: '', payload: '{}', deadline });
    if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
    this.#rise('ready');
  }

  #perform(runner: AdapterRunner, call: InlineCall): Promise<Outcome<string>> {
    return performInline({ runner, secrets: this.#options.secrets }, call, this.id);
  }

  #has(level: WorkerLevel): boolean {
    return this.#state.phase === 'running' && LEVELS.indexOf(this.#state.level) >= LEVELS.indexOf(level);
  }

  #rise(level: WorkerLevel): void {
    this.#enter({ phase: 'running', since: this.#state.phase === 'running' ? this.#state.since : Date.now(), level });
  }

  #enter(state: WorkerState): void {
    this.#state = state;
    this.#options.events.onState(this.id, state);
  }

  #unavailable(): UnavailableError {
    const { phase } = this.#state;
    const what = phase === 'closed' || phase === 'stopping' ? 'is shutting down' : 'has not been started';
    return new UnavailableError(`connector "${this.id}" ${what}`, { connector: this.id, details: { reason: phase } });
  }
}

function construct(
  spec: Pick<WorkerSpec, 'kind' | 'type' | 'packageName' | 'packageVersion'>,
  AdapterOfKind: new () => unknown,
  options: Pick<AdapterRunnerOptions, 'id' | 'logger' | 'onSecrets'>,
): { readonly runner: AdapterRunner; readonly description: ConnectorDescription } {
  if (!isAdapterClass(AdapterOfKind)) {
    throw new ConnectorInternalError(
      `what was registered for the kind "${spec.kind}" is no subclass of ConnectorAdapter`,
      {
        effect: 'none',
        connector: options.id,
        details: { reason: 'no_adapter' },
      },
    );
  }
  try {
    const adapter = new AdapterOfKind();
    const description = describeAdapter(adapter, {
      kind: spec.kind,
      type: spec.type,
      packageName: spec.packageName,
      packageVersion: spec.packageVersion,
    });
    return { runner: new AdapterRunner({ ...options, adapter, description }), description };
  } catch (thrown) {
    throw ConnectorError.from(thrown).withConnector(options.id);
  }
}

function loggerTo(events: WorkerEvents, connector: string): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields?: JsonObject): void => {
      events.onLog({ connector, level, message, source: 'logger', ...(fields === undefined ? {} : { fields }) });
    };
  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    write: (level, message, fields) =>
      events.onRecord({ connector, level, message, source: 'logger', ...(fields === undefined ? {} : { fields }) }),
  };
}

function silent(): Logger {
  const nothing = (): void => {};
  return {
    ...{ trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing },
    write: () => Promise.resolve('below_level'),
  };
}
