import type { ConnectorAdapter, JsonObject, JsonValue, CallContext } from '@automate/sdk';
import type { AdapterClass } from '@automate/sdk/runtime';
import { isAdapterClass } from '@automate/sdk/runtime';
import type { OpenAdapterOptions, TestConfig } from './open-adapter.ts';
import { openAdapter } from './open-adapter.ts';
import type { TestRunner } from './test-runner.ts';
import { findRunner, onEndOfTests } from './test-runner.ts';

/** What a test case declares, as fields of the object or of the class. */
export interface TestCaseFields {
  /** The adapter under test. */
  readonly adapterClass?: AdapterClass;
  /** Configuration of the connector; the id defaults to `test`. */
  readonly config?: TestConfig;
  /** The kind's own settings. */
  readonly settings?: JsonObject;
  /** Secrets of a connection profile, by field. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Runs before each test. */
  setUp?(): Promise<void> | void;
  /** Runs after each test, also after one that failed; the adapters are closed after it. */
  tearDown?(): Promise<void> | void;
}

type AdapterOf<T> = T extends { readonly adapterClass: new () => infer A extends ConnectorAdapter }
  ? A
  : ConnectorAdapter;

/** An adapter whose calls need no context: one is made for each, and what they throw is a `ConnectorError`, as in the host. */
export type AdapterUnderTest<A extends ConnectorAdapter = ConnectorAdapter> = A & {
  execute(action: string, payload: JsonObject, context?: CallContext): Promise<JsonValue>;
  healthCheck(context?: CallContext): ReturnType<A['healthCheck']>;
};

interface Disposer {
  readonly close: () => Promise<void>;
}

/**
 * The official test harness. A subclass names its adapter and has methods that begin with `test`; `register()` makes a
 * test of each, with an object of its own.
 *
 * ```ts
 * class MyServiceTests extends ConnectorTestCase {
 *   adapterClass = MyServiceAdapter;
 *
 *   async testSendMessage() {
 *     const adapter = await this.getAdapter();
 *     expect(await adapter.execute('send_message', { text: 'Hello' })).toEqual({ status: 'sent' });
 *   }
 * }
 * MyServiceTests.register();
 * ```
 */
abstract class TestCase {
  /** How many classes were made of this one, and those of them that have tests registered, of their own or of a subclass. */
  static #subclasses = 0;
  static readonly #registered = new Set<unknown>();

  // The fields of `TestCaseFields` are not declared here, so that a subclass writes them without `override`, on the
  // object or on the class; `register` checks their types.
  readonly #disposers: Disposer[] = [];

  /** An initialised adapter, not yet connected. Closed after the test. Each call gives another one. */
  async getAdapter<T extends TestCase>(
    this: T,
    options: OpenAdapterOptions = {},
  ): Promise<AdapterUnderTest<AdapterOf<T>>> {
    const fields = fieldsOf(this as TestCase & TestCaseFields);
    const opened = await openAdapter(adapterClassOf(this.constructor.name, fields) as AdapterClass<AdapterOf<T>>, {
      config: { ...fields.config, ...options.config },
      ...pick('settings', options.settings ?? fields.settings),
      ...pick('secrets', options.secrets ?? fields.secrets),
      ...pick('logger', options.logger),
    });
    this.use(opened);
    const { adapter } = opened;
    const execute = adapter.execute.bind(adapter);
    const healthCheck = adapter.healthCheck.bind(adapter);
    // On the object alone: `super` calls and the class stay as the author wrote them.
    return Object.assign(adapter, {
      execute: async (action: string, payload: JsonObject, context: CallContext = opened.call(action)) => {
        try {
          return await execute(action, payload, context);
        } catch (error) {
          throw adapter.normalizeError(error);
        }
      },
      healthCheck: (context: CallContext = opened.call('health')) => healthCheck(context),
    }) as unknown as AdapterUnderTest<AdapterOf<T>>;
  }

  /** Closes something after the test, in reverse order: `const service = this.use(await FakeService.start())`. */
  use<R extends AsyncDisposable | Disposer>(resource: R): R {
    const close = 'close' in resource ? () => resource.close() : async () => resource[Symbol.asyncDispose]();
    this.#disposers.unshift({ close });
    return resource;
  }

  /** Called with each subclass that is about to be made. Tests that nobody registers would never fail. */
  static expectRegistration(): void {
    TestCase.#subclasses += 1;
    if (TestCase.#subclasses > 1) return;
    onEndOfTests(() => {
      const missing = TestCase.#subclasses - TestCase.#registered.size;
      if (missing > 0)
        throw new Error(
          `${missing === 1 ? 'a subclass' : `${missing} subclasses`} of ConnectorTestCase ran no test: end the file with MyServiceTests.register()`,
        );
    });
  }

  /** Registers every method that begins with `test`, inherited ones too. Throws where there is none. */
  static register(this: (new () => TestCase & TestCaseFields) & TestCaseFields, runner?: TestRunner): void {
    TestCase.#registered.add(rootOf(this));
    const { describe, it } = findRunner(runner);
    const names = testNames(this);
    if (names.length === 0) throw new Error(`${this.name} has no method that begins with "test"`);
    adapterClassOf(this.name, fieldsOf(new this()));
    describe(this.name, () => {
      for (const name of names) it(titleOf(name), () => TestCase.#run(new this(), name));
    });
  }

  /** Set up, test, tear down, close: none of the last two is ever skipped. */
  static async #run(testCase: TestCase & TestCaseFields, name: string): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (step: () => Promise<void> | void): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    };
    await attempt(async () => {
      await testCase.setUp?.();
      await (testCase as unknown as Readonly<Record<string, () => Promise<void> | void>>)[name]?.();
    });
    await attempt(() => testCase.tearDown?.());
    for (const { close } of testCase.#disposers.splice(0)) await attempt(close);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1)
      throw new AggregateError(failures, 'the test failed, and so did cleaning up after it', { cause: failures[0] });
  }
}

export type ConnectorTestCase = TestCase;
/** Making a subclass reads the prototype, which is the one moment that tells of it. */
export const ConnectorTestCase: typeof TestCase = new Proxy(TestCase, {
  get(target, key, receiver) {
    if (key === 'prototype') target.expectRegistration();
    // `instanceof` reads the prototype, too; of subclasses it reads their own.
    if (key === Symbol.hasInstance && receiver === ConnectorTestCase)
      return (value: unknown) => value instanceof target;
    return Reflect.get(target, key, receiver) as unknown;
  },
});

/** The ancestor, or the class itself, that was made of `ConnectorTestCase`. */
function rootOf(testCase: object): unknown {
  let root: object = testCase;
  for (let above = Object.getPrototypeOf(root); above !== ConnectorTestCase; above = Object.getPrototypeOf(root))
    root = above;
  return root;
}

/** An object's own fields win over its class's. */
function fieldsOf(testCase: TestCaseFields): TestCaseFields {
  const own = testCase;
  const shared = testCase.constructor as unknown as TestCaseFields;
  return {
    ...pick('adapterClass', own.adapterClass ?? shared.adapterClass),
    ...pick('config', own.config ?? shared.config),
    ...pick('settings', own.settings ?? shared.settings),
    ...pick('secrets', own.secrets ?? shared.secrets),
  };
}

function adapterClassOf(name: string, { adapterClass }: TestCaseFields): AdapterClass {
  if (isAdapterClass(adapterClass)) return adapterClass;
  const found = adapterClass === undefined ? 'it has none' : 'that is not a subclass of ConnectorAdapter';
  throw new Error(`${name} needs a field adapterClass that holds its adapter's class; ${found}`);
}

function testNames(testCase: abstract new () => TestCase): readonly string[] {
  const names = new Set<string>();
  for (let level: unknown = testCase.prototype; level !== TestCase.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level).toReversed()) {
      const { value } = Object.getOwnPropertyDescriptor(level, name) ?? {};
      if (/^test([A-Z0-9_]|$)/.test(name) && typeof value === 'function') names.add(name);
    }
  }
  // Collected from the last to the first, so that a base class's tests come before its subclass's.
  return [...names].toReversed();
}

/** `testSendMessage` and `test_send_message` are "send message". */
function titleOf(name: string): string {
  const words = name
    .replace(/^test_?/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .trim()
    .toLowerCase();
  return words === '' ? name : words;
}

function pick<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
