import fc from 'fast-check';
import type {
  ConnectorConfig,
  ConnectorDescription,
  ConnectorEvent,
  ConnectorInfo,
  HealthReport,
  JsonObject,
  PluginReport,
  TestReport,
} from '../src/index.ts';
import { AUTH_TYPES, CONNECTION_MODES, CONNECTOR_STATUSES, CONNECTOR_TYPES } from '../src/index.ts';
import { PERMISSIONS } from '../src/permissions.ts';
import { PLUGIN_REASONS, PLUGIN_STATUSES } from '../src/plugin-report.ts';

/** Any text that UTF-8 can carry. */
const text = fc.string({ unit: 'grapheme' }).map((value) => value.toWellFormed());
const someText = text.filter((value) => value !== '');
const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const millis = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.integer({ min: 0, max: 2_147_483_647 });
const moment = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
const map = fc.dictionary(word, text).map((value) => ({ ...value }));

/** Like `record` with optional keys: keys are absent, never undefined. */
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [], noNullPrototype: true });

// -0 is not told apart from 0 by JSON.
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const settings = fc.dictionary(word, json).map((value): JsonObject => ({ ...value }));

export const info: fc.Arbitrary<ConnectorInfo> = fc
  .record({
    required: fc.record({
      id: someText,
      name: text,
      type: fc.constantFrom(...CONNECTOR_TYPES),
      kind: someText,
      description: text,
      endpoint: text,
      enabled: fc.boolean(),
      status: fc.constantFrom(...CONNECTOR_STATUSES),
      mode: fc.constantFrom(...CONNECTION_MODES),
      metadata: map,
      tags: fc.array(text),
      owner: fc.constantFrom('file', 'api', 'plugin'),
      isolation: fc.constantFrom('thread', 'process', 'none'),
      lastError: text,
    }),
    optional: some({ heldBack: text, host: text }),
  })
  .map(({ required, optional }) => ({ ...required, ...optional }));

const rate = fc.record({ requests: count, perMs: millis }).map((value) => ({ ...value }));

export const config: fc.Arbitrary<ConnectorConfig> = fc
  .record({
    required: fc.record({
      id: word,
      name: someText,
      description: text,
      kind: word,
      mode: fc.constantFrom(...CONNECTION_MODES),
      enabled: fc.boolean(),
      scheme: someText,
      settings,
      metadata: map,
      tags: fc.array(text),
      healthCheck: fc.record({ enabled: fc.boolean(), intervalMs: millis, timeoutMs: millis }),
      limits: fc.record({
        concurrency: count,
        queue: count,
        timeoutMs: millis,
        startTimeoutMs: millis,
        idempotencyTtlMs: millis,
        executionTtlMs: millis,
        memoryMb: count,
      }),
      retry: fc.record({ attempts: count, backoffMs: millis, maxBackoffMs: millis }),
    }),
    optional: some({
      type: fc.constantFrom(...CONNECTOR_TYPES),
      host: someText,
      port: fc.integer({ min: 1, max: 65_535 }),
      basePath: someText,
      profile: someText,
      circuit: fc.record({ failures: count, windowMs: millis, openMs: millis }).map((value) => ({ ...value })),
      tls: some({ caFile: text, certFile: text, keyFile: text, serverName: text, insecure: fc.boolean() }),
    }),
    rates: some({ rate: rate, rates: fc.dictionary(word, rate, { minKeys: 1 }).map((value) => ({ ...value })) }),
    auth: some({
      username: someText,
      password: someText,
      token: someText,
      apiKey: someText,
      apiKeyHeader: someText,
      tokenUrl: someText,
      clientId: someText,
      clientSecret: someText,
      scopes: fc.array(text, { minLength: 1 }),
      audience: someText,
      tokenParams: fc.dictionary(word, text, { minKeys: 1 }).map((value) => ({ ...value })),
      headers: fc.dictionary(word, text, { minKeys: 1 }).map((value) => ({ ...value })),
    }),
    authType: fc.constantFrom(...AUTH_TYPES),
    path: fc.option(someText, { nil: undefined }),
  })
  .map(({ required, optional, rates, auth, authType, path }) => ({
    ...required,
    ...optional,
    auth: { type: authType, ...auth },
    healthCheck: { ...required.healthCheck, ...(path === undefined ? {} : { path }) },
    limits: { ...required.limits, ...rates },
    retry: { ...required.retry },
    isolation: 'thread',
  }));

export const health: fc.Arbitrary<HealthReport> = fc
  .record({
    id: word,
    status: fc.constantFrom(...CONNECTOR_STATUSES),
    message: text,
    responseTimeMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    consecutiveFailures: count,
    times: some({ checkedAt: moment, lastSuccessAt: moment }),
  })
  .map(({ times, ...report }) => ({ ...report, healthy: report.status === 'healthy', ...times }));

export const test: fc.Arbitrary<TestReport> = fc
  .record({ id: word, status: fc.constantFrom(...CONNECTOR_STATUSES), endpoint: text, success: fc.boolean() })
  .chain((report) => some({ error: text }).map((error) => ({ ...report, ...error })));

const revision = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const webhookDelivery = fc
  .tuple(
    fc.record({ id: word, receivedAt: word, headers: map }),
    fc.oneof(
      fc.record({ encoding: fc.constant('json' as const), body: json }),
      fc.record({ encoding: fc.constantFrom('text' as const, 'base64' as const), body: text }),
    ),
  )
  .map(([one, other]) => ({ ...one, ...other }));

export const event: fc.Arbitrary<ConnectorEvent> = fc.oneof(
  fc.record(
    {
      kind: fc.constantFrom('added' as const, 'updated' as const, 'status' as const, 'actions_changed' as const),
      revision,
      connector: info,
    },
    { noNullPrototype: true },
  ),
  fc.record({ kind: fc.constant('removed' as const), revision, id: text }, { noNullPrototype: true }),
  fc.record(
    { kind: fc.constant('webhook' as const), revision, id: text, delivery: webhookDelivery },
    { noNullPrototype: true },
  ),
  fc.record({ kind: fc.constant('synced' as const), revision }, { noNullPrototype: true }),
);

const action = fc
  .record({
    required: fc.record({
      name: text,
      description: text,
      input: settings,
      sideEffects: fc.boolean(),
      idempotent: fc.boolean(),
    }),
    optional: some({ output: settings, rateLimitClass: text, timeoutMs: millis }),
  })
  .map(({ required, optional }) => ({ ...required, ...optional }));

export const description: fc.Arbitrary<ConnectorDescription> = fc
  .record({
    required: fc.record({ kind: text, name: text, version: text, open: fc.boolean(), actions: fc.array(action) }),
    capabilities: fc.record(
      {
        webhooks: fc.boolean(),
        polling: fc.boolean(),
        batch: fc.boolean(),
        idempotencyKey: fc.boolean(),
        oauth: fc.boolean(),
        rateLimitHeaders: fc.boolean(),
      },
      { noNullPrototype: true },
    ),
    optional: some({
      title: text,
      description: text,
      configSchema: settings,
      package: fc.record({ name: text, version: text }, { noNullPrototype: true }),
    }),
  })
  .map(({ required, capabilities, optional }) => ({ ...required, capabilities, ...optional }));

const pluginProblem = fc
  .record({
    optional: some({ package: text }),
    path: text,
    expected: text,
    received: text,
    blame: fc.constantFrom('plugin' as const, 'operator' as const),
    remedy: text,
  })
  .map(({ optional, ...problem }) => ({ ...optional, ...problem }));

const plugin = fc
  .record({
    required: fc.record({
      package: text,
      path: text,
      kinds: fc.array(text),
      status: fc.constantFrom(...PLUGIN_STATUSES),
      problems: fc.array(pluginProblem, { maxLength: 3 }),
      permissions: fc.array(
        fc.record(
          {
            kind: text,
            permission: fc.constantFrom(...PERMISSIONS),
            value: text,
            granted: fc.array(text, { maxLength: 3 }),
          },
          { noNullPrototype: true },
        ),
        { maxLength: 3 },
      ),
      warnings: fc.array(text),
    }),
    optional: some({ version: text, reason: fc.constantFrom(...PLUGIN_REASONS), message: text }),
  })
  .map(({ required, optional }) => ({ ...required, ...optional }));

export const plugins: fc.Arbitrary<PluginReport> = fc.record(
  { plugins: fc.array(plugin), problems: fc.array(pluginProblem, { maxLength: 3 }) },
  { noNullPrototype: true },
);

export const healthById: fc.Arbitrary<Record<string, HealthReport>> = fc
  .uniqueArray(health, { selector: (report) => report.id })
  .map((reports) => Object.fromEntries(reports.map((report) => [report.id, report])));
