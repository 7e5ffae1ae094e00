import { tmpdir } from 'node:os';
import type { ConnectorConfig, ErrorEnvelope, JsonObject, Outcome } from '@automate/contract';
import type {
  ConnectorWorker,
  Runtime,
  WorkerCall,
  WorkerLogRecord,
  WorkerSpec,
  WorkerState,
} from '../../dist/runtime/runtime.js';
import type { WorkerRuntimeOptions } from '../../dist/runtime/worker-runtime.js';
import { NO_REACH } from '../../dist/runtime/runtime.js';
import { createWorkerRuntime } from '../../dist/runtime/worker-runtime.js';

/** The bodies that a connector's code can have, by isolation level: what tests of this folder say holds for each. */
export const BODIES = ['thread', 'process', 'restricted', 'none'] as const;
/** Those that stand between a connector and the host. */
export const ISOLATED = ['thread', 'process', 'restricted'] as const;
export type BodyName = (typeof BODIES)[number];

/** What can run without isolation and leave the tests standing: none of these ends, blocks or fills what runs it unasked. */
const RUN_INLINE = ['counting', 'echo', 'hanging', 'leaking', 'results', 'stepwise', 'throwing', 'unsteady'] as const;

/** A runtime on real threads with a good neighbour beside the connector under test, and all that it says recorded. */
export interface Bench extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly logs: WorkerLogRecord[];
  readonly crashes: { readonly id: string; readonly error: ErrorEnvelope }[];
  readonly states: { readonly id: string; readonly state: WorkerState }[];
  /** A worker of the fixture `<name>.mjs`, whose kind is the same name with underscores. */
  worker(fixture: string, spec?: Partial<WorkerSpec>): ConnectorWorker;
  /** The neighbour's failures so far; it is called all the time. */
  readonly neighbourFailures: ErrorEnvelope[];
  neighbourCalls(): number;
}

/** @param options `body`: how the fixtures are run. Default `thread`; the neighbour always has a thread. */
export async function openBench({
  body = 'thread',
  ...options
}: Partial<WorkerRuntimeOptions> & { readonly body?: BodyName } = {}): Promise<Bench> {
  const classes = body === 'none' ? await loadFixtures() : {};
  const logs: WorkerLogRecord[] = [];
  const crashes: Bench['crashes'] = [];
  const states: Bench['states'] = [];
  const runtime = createWorkerRuntime({
    events: {
      onLog: (record) => void logs.push(record),
      onRecord: (record: WorkerLogRecord) => Promise.resolve<'written'>((logs.push(record), 'written')),
      onCrash: (id, error) => void crashes.push({ id, error }),
      onFault: (fault) => {
        throw fault;
      },
      onState: (id, state) => void states.push({ id, state }),
    },
    // Two noisy cores: a thread that is merely slow must not count as stuck.
    ackMs: 400,
    ...options,
  });
  const worker = (fixture: string, spec: Partial<WorkerSpec> = {}): ConnectorWorker =>
    runtime.create({
      ...specOf(fixture),
      isolation: body,
      ...(body === 'none' && { code: classOf(fixture) }),
      ...spec,
    });
  const classOf = (fixture: string): new () => unknown => {
    const found = classes[fixture];
    if (found === undefined) throw new Error(`the fixture ${fixture} is not among those that may run inline`);
    return found;
  };
  const neighbour = runtime.create({ ...specOf('echo'), id: 'neighbour' });
  await neighbour.ensure('ready', { deadline: Date.now() + 20_000 });
  const neighbourFailures: ErrorEnvelope[] = [];
  let calls = 0;
  let polling = true;
  const poll = (async () => {
    while (polling) {
      const outcome = await execute(neighbour, 'ping');
      calls += 1;
      if (!outcome.ok) neighbourFailures.push(outcome.error);
      await delay(20);
    }
  })();
  return {
    runtime,
    logs,
    crashes,
    states,
    worker,
    neighbourFailures,
    neighbourCalls: () => calls,
    async [Symbol.asyncDispose]() {
      polling = false;
      await poll;
      await runtime.close({ graceMs: 200 });
    },
  };
}

async function loadFixtures(): Promise<Readonly<Record<string, new () => unknown>>> {
  const loaded = RUN_INLINE.map(async (fixture) => {
    const module = (await import(fixtureUrl(fixture))) as { readonly default: new () => unknown };
    return [fixture, module.default] as const;
  });
  return Object.fromEntries(await Promise.all(loaded));
}

export function fixtureUrl(fixture: string): string {
  return new URL(`./fixtures/${fixture}.mjs`, import.meta.url).href;
}

export function specOf(fixture: string): WorkerSpec {
  return {
    id: fixture,
    kind: fixture.replaceAll('-', '_'),
    packageName: '@acme/connector-test',
    packageVersion: '1.2.3',
    isolation: 'thread',
    code: fixtureUrl(fixture),
    resolveConfig: () => ({ config: configOf(fixture), settings: {} }),
    startTimeoutMs: 20_000,
    memoryMb: 96,
    // Where tests put what connectors share with them.
    reach: { ...NO_REACH, read: [tmpdir()], write: [tmpdir()] },
  };
}

export function configOf(id: string, settings: JsonObject = {}): ConnectorConfig {
  return {
    id,
    name: id,
    description: '',
    kind: id,
    mode: 'local',
    enabled: true,
    scheme: 'http',
    auth: { type: 'none' },
    settings,
    metadata: {},
    tags: [],
    healthCheck: { enabled: true, intervalMs: 30_000, timeoutMs: 5_000 },
    limits: {
      concurrency: 16,
      queue: 64,
      timeoutMs: 30_000,
      startTimeoutMs: 20_000,
      memoryMb: 96,
      idempotencyTtlMs: 60_000,
      executionTtlMs: 60_000,
    },
    retry: { attempts: 1, backoffMs: 200, maxBackoffMs: 10_000 },
    isolation: 'thread',
  };
}

/** Starts the worker if need be and runs an action. */
export async function run(
  worker: ConnectorWorker,
  action: string,
  options: Partial<WorkerCall> = {},
): Promise<Outcome<string>> {
  await worker.ensure('ready', { deadline: Date.now() + 20_000 });
  return execute(worker, action, options);
}

/** Runs an action on a worker that is up. */
export function execute(
  worker: ConnectorWorker,
  action: string,
  options: Partial<WorkerCall> = {},
): Promise<Outcome<string>> {
  return worker.call({ op: 'execute', action, payload: '{}', deadline: Date.now() + 20_000, ...options });
}

export function errorOf(outcome: Outcome<string>): ErrorEnvelope {
  if (outcome.ok) throw new Error(`expected a failure, got ${outcome.value.slice(0, 200)}`);
  return outcome.error;
}

export function valueOf(outcome: Outcome<string>): unknown {
  if (!outcome.ok) throw new Error(`expected a result, got ${outcome.error.code}: ${outcome.error.message}`);
  return JSON.parse(outcome.value);
}

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until it is so; a generous ceiling ends what never comes. */
export async function until(what: string, isSo: () => boolean, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}
