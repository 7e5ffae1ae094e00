// Long, as these are all the things that are done where the adapter's own code is, in its thread.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import type { ConnectorDescription } from '@automate/contract';
import type { AdapterHealth, ConnectorAdapter, JsonObject, Schema } from '@automate/sdk';
import { ConnectorError, isJsonObject } from '@automate/sdk';
import type { AdapterClass, DiscoveredActions } from '@automate/sdk/runtime';
import {
  actionsOf,
  checkHealth,
  describeAdapter,
  isAdapterClass,
  judgeWebhook,
  validateSettings,
} from '@automate/sdk/runtime';
import type { OpenedAdapter, TestConfig } from '../open-adapter.ts';
import { openAdapter } from '../open-adapter.ts';
import type { RecordingLogger } from '../recording-logger.ts';
import type { Observed } from './observed.ts';
import { observeError, observeResult } from './observed.ts';
import type { WebhookTrial } from './signed-webhooks.ts';

/** With what an adapter is started. */
export interface Opening {
  readonly config: TestConfig;
  readonly settings?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** One call of an action. */
export interface Call {
  readonly action: string;
  readonly payload: JsonObject;
  readonly timeoutMs: number;
  /** The caller gives up after so many milliseconds. Default: never. */
  readonly cancelAfterMs?: number;
  readonly idempotencyKey?: string;
}

/** Whether an action's own schema takes a payload, and whether it made something else of it. */
export interface Acceptance {
  readonly accepted: boolean;
  /** Members that the action gets otherwise than the caller sent them. */
  readonly changed: readonly string[];
}

/** What stayed in use over many calls. */
export interface Growth {
  /** How many there were; what stayed is what the second half left. */
  readonly calls: number;
  /** Resources that keep a thread alive, by type, that there are more of than before: `Timeout: 200`. */
  readonly resources: readonly string[];
  readonly heapBytesPerCall: number;
  /** Listeners on the connector's signal and on the process, more than before. */
  readonly listeners: number;
}

/** The steps, by name. All take and give what can be copied between threads. */
export interface Steps {
  describe(): ConnectorDescription;
  globals(): readonly string[];
  settings(settings: JsonObject): Promise<readonly string[]>;
  normalizesAnything(): void;
  keepsErrors(): void;
  masksConfig(canaries: readonly string[]): void;
  redacts(canary: string): void;
  refusesUnsignedWebhook(): Promise<void>;
  judges(webhook: WebhookTrial): Promise<Judged>;
  open(opening: Opening): Promise<void>;
  connect(): Promise<ConnectFacts>;
  /** What it learned from the remote system. Nothing where it asks none. */
  discover(): Promise<DiscoveredActions>;
  health(timeoutMs: number): Promise<AdapterHealth>;
  accepts(asked: { readonly action: string; readonly payload: JsonObject }): Promise<Acceptance>;
  calls(calls: readonly Call[]): Promise<readonly Observed[]>;
  soak(asked: { readonly calls: readonly Call[]; readonly times: number; readonly withinMs: number }): Promise<Growth>;
  close(): Promise<void>;
  left(withinMs: number): Promise<readonly string[]>;
}

/** What `connect` answered, or the code of what it threw. */
export type ConnectFacts = { readonly connected: unknown } | { readonly code: string; readonly message: string };

/** What an adapter said of a webhook, and after how many milliseconds. */
export interface Judged {
  readonly genuine: boolean;
  readonly id?: string;
  readonly tookMs: number;
}

export type StepName = keyof Steps;

export interface StepsOptions {
  readonly adapterClass: AdapterClass;
  readonly kind: string;
  readonly logger: RecordingLogger;
  readonly canaries: ReadonlySet<string>;
  /** What kept this thread alive before the adapter's module was loaded. */
  readonly resourcesBefore: readonly string[];
  readonly globalsBefore: readonly string[];
}

/** How long after its time a call is waited for, in milliseconds: as long as the host waits before it ends the worker. */
const GRACE_MS = 1000;

/** What the checks do with one adapter, in the thread that holds its class. At most one is open at a time. */
export function createSteps(options: StepsOptions): Steps {
  const { adapterClass, kind, logger, canaries } = options;
  let opened: OpenedAdapter<ConnectorAdapter> | undefined;
  const started = (): OpenedAdapter<ConnectorAdapter> => {
    if (opened === undefined) throw new Error('no adapter is open');
    return opened;
  };
  const fresh = (): ConnectorAdapter => new adapterClass();

  async function call({ action, payload, timeoutMs, cancelAfterMs, idempotencyKey }: Call): Promise<Observed> {
    const { adapter, call: contextOf } = started();
    const caller = new AbortController();
    const timers = [
      setTimeout(() => caller.abort(new DOMException('the time is up', 'TimeoutError')), timeoutMs),
      ...(cancelAfterMs === undefined ? [] : [setTimeout(() => caller.abort(), cancelAfterMs)]),
    ];
    const context = contextOf(action, {
      timeoutMs,
      signal: caller.signal,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    const began = performance.now();
    const took = (): number => Math.round(performance.now() - began);
    const settled = new AbortController();
    const hung = delay(Math.min(timeoutMs, cancelAfterMs ?? timeoutMs) + GRACE_MS, 'hung' as const, {
      ref: false,
      signal: settled.signal,
    });
    // Aborted when it is not needed any more.
    hung.catch(() => undefined);
    const answer = (async (): Promise<Observed> => {
      try {
        return observeResult(await adapter.execute(action, payload, context), took(), canaries);
      } catch (thrown) {
        return observeError(thrown, adapter.normalizeError(thrown), took(), canaries);
      }
    })();
    try {
      const first = await Promise.race([answer, hung]);
      return first === 'hung' ? { tookMs: took(), hung: true, leaks: [] } : first;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      settled.abort();
    }
  }

  return {
    describe: () => describeAdapter(fresh(), { kind }),
    globals: () => {
      const before = new Set(options.globalsBefore);
      return globalNames().filter((name) => !before.has(name));
    },
    settings: async (settings) => (await validateSettings(fresh(), settings)).map(({ path }) => path),
    normalizesAnything() {
      const adapter = fresh();
      const thrown = [
        new Error('plain'),
        'text',
        undefined,
        null,
        42,
        { status: 429, message: 'slow down' },
        Object.create(null),
      ];
      for (const value of thrown) {
        const error = adapter.normalizeError(value);
        assert.ok(ConnectorError.is(error), `normalizeError(${typeof value}) must give a ConnectorError`);
        assert.equal(typeof error.message, 'string');
        assert.doesNotThrow(() => JSON.stringify(error.toEnvelope()));
      }
    },
    keepsErrors() {
      const error = new ConnectorError('RATE_LIMITED', 'slow down', { retryAfterMs: 5 });
      assert.equal(fresh().normalizeError(error).code, 'RATE_LIMITED');
      assert.equal(fresh().normalizeError(error).retryAfterMs, 5);
    },
    masksConfig(secrets) {
      const shown = JSON.stringify(started().adapter.getConfig());
      for (const secret of secrets) assert.ok(!shown.includes(secret), 'getConfig must mask secrets');
    },
    redacts(canary) {
      const shown = JSON.stringify(
        started().adapter.redact({
          authorization: 'Basic abc',
          author: 'Ann',
          text: `sent ${canary}`,
          list: [{ pwd: 'x' }],
        }),
      );
      for (const secret of [canary, 'Basic abc', '"x"'])
        assert.ok(!shown.includes(secret), `redact left ${secret} in ${shown}`);
      assert.ok(shown.includes('Ann'), 'redact must leave what is no secret');
    },
    async refusesUnsignedWebhook() {
      const answer = await started().adapter.verifyWebhook({ 'content-type': 'application/json' }, '{}');
      assert.equal(
        typeof answer === 'object' ? answer.genuine : answer,
        false,
        'verifyWebhook took a webhook without a signature for genuine',
      );
    },
    async judges({ headers, body }) {
      const began = performance.now();
      const { genuine, id } = await judgeWebhook(started().adapter, headers, Buffer.from(body));
      return { genuine, ...(id === undefined ? {} : { id }), tookMs: Math.round(performance.now() - began) };
    },
    async open(opening) {
      opened = await openAdapter(adapterClass, { ...opening, logger });
    },
    async connect() {
      const { adapter } = started();
      try {
        return { connected: await adapter.connect() };
      } catch (thrown) {
        const { code, message } = adapter.normalizeError(thrown);
        return { code, message };
      }
    },
    discover: async () =>
      started().adapter.discoverActions === undefined ? { actions: [], leftOut: [] } : started().discover(),
    health: (timeoutMs) => {
      const { adapter, call: contextOf } = started();
      return checkHealth(adapter, contextOf('health', { timeoutMs }));
    },
    async accepts({ action, payload }) {
      const schema = actionsOf(started().adapter)[action]?.input;
      if (schema === undefined) return { accepted: false, changed: [] };
      const result = await standardOf(schema).validate(payload);
      if (result.issues !== undefined) return { accepted: false, changed: [] };
      const value: unknown = result.value;
      const changed = isJsonObject(value)
        ? Object.keys(payload).filter((name) => Object.hasOwn(value, name) && !holdsAll(value[name], payload[name]))
        : ['the whole'];
      return { accepted: true, changed };
    },
    calls: (calls) => Promise.all(calls.map((each) => call(each))),
    async soak({ calls, times, withinMs }) {
      const part = Math.ceil(times / 4);
      const run = async (): Promise<number> => {
        const until = performance.now() + withinMs / 4;
        let index = 0;
        for (; index < part && performance.now() < until; index += 1) {
          const next = calls[index % calls.length];
          if (next !== undefined) await call(next);
        }
        return index;
      };
      // What is made once, such as connections and caches, is made by then.
      const warm = (await run()) + (await run());
      const before = { resources: resourcesOf(), heap: heapUsed(), listeners: listenerCount() };
      const first = await run();
      const between = heapUsed();
      const second = await run();
      // What goes on growing grows each time; one step up is a cache or the compiler.
      const growth = Math.min((between - before.heap) / first, (heapUsed() - between) / second);
      return {
        calls: warm + first + second,
        resources: moreThan(before.resources, resourcesOf(), 8),
        heapBytesPerCall: Math.round(Math.max(0, growth)),
        listeners: listenerCount() - before.listeners,
      };
    },
    close: () => started().close(),
    async left(withinMs) {
      const until = performance.now() + withinMs;
      for (;;) {
        const left = moreThan(options.resourcesBefore, resourcesOf(), 0);
        if (left.length === 0 || performance.now() > until) return left;
        await delay(20, undefined, { ref: false });
      }
    },
  };
}

/** The class that a module gives, or an error that says what it gave. */
export function requireAdapterClass(value: unknown): AdapterClass {
  if (isAdapterClass(value)) return value;
  throw new TypeError('conformance needs a subclass of ConnectorAdapter');
}

export function globalNames(): readonly string[] {
  const own = (name: string, value: object): readonly string[] =>
    Reflect.ownKeys(value).map((key) => `${name}.${String(key)}`);
  return [
    ...own('Object.prototype', Object.prototype),
    ...own('Array.prototype', Array.prototype),
    ...own('String.prototype', String.prototype),
    ...own('Promise.prototype', Promise.prototype),
  ];
}

/** Types of what keeps this thread alive. */
export function resourcesOf(): readonly string[] {
  return process.getActiveResourcesInfo().filter((type) => type !== 'MessagePort');
}

function moreThan(before: readonly string[], now: readonly string[], allowed: number): readonly string[] {
  const countOf = (list: readonly string[], type: string): number => list.filter((each) => each === type).length;
  return [...new Set(now)].flatMap((type) => {
    const more = countOf(now, type) - countOf(before, type);
    // Idle connections of a pool are no leak, as far as there is a bound.
    const bound = allowed > 0 && type === 'TCPSocketWrap' ? 4 * allowed : allowed;
    return more > bound ? [`${type}: ${more}`] : [];
  });
}

function listenerCount(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Whether a value is what was sent, with nothing changed; members with defaults may have come in. */
function holdsAll(value: unknown, sent: unknown): boolean {
  if (Array.isArray(sent))
    return (
      Array.isArray(value) && value.length === sent.length && sent.every((each, index) => holdsAll(value[index], each))
    );
  if (!isJsonObject(sent)) return isDeepStrictEqual(value, sent);
  return (
    isJsonObject(value) &&
    Object.entries(sent).every(([name, each]) => !Object.hasOwn(value, name) || holdsAll(value[name], each))
  );
}

interface Validation {
  readonly issues?: readonly unknown[] | undefined;
  readonly value?: unknown;
}

function standardOf(schema: Schema): { validate(value: unknown): Validation | Promise<Validation> } {
  return 'schema' in schema ? schema.schema['~standard'] : schema['~standard'];
}
