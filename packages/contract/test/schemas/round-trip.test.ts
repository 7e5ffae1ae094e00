import type { ConnectorConfigInput } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConnectorConfig, toWireConfig } from '../../src/schemas/index.ts';

const word = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,20}$/)
  .filter((text) => !['health', 'constructor', 'prototype'].includes(text));
const text = fc.stringMatching(/^[\w üß"'\\.:/{}-]{1,30}$/).filter((value) => !value.startsWith('secretref'));
/** Without the keys and numbers that are refused everywhere. */
const isPlainSailing = (value: unknown): boolean =>
  !/__proto__|constructor|prototype|\d{16}/.test(JSON.stringify(value));
const millis = (min: number): fc.Arbitrary<number> => fc.integer({ min, max: 86_400_000 });
const optional = { requiredKeys: [] as [] };
const headers = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,10}$/), text, { maxKeys: 3 });

const auth = fc.oneof(
  fc.record({ type: fc.constant('none' as const), headers }, { requiredKeys: ['type'] }),
  fc.record({ type: fc.constant('basic' as const), username: text, password: text }),
  fc.record({ type: fc.constant('api_key' as const), apiKey: text, apiKeyHeader: fc.constant('X-My-Key') }),
  fc.record({
    type: fc.constant('oauth2' as const),
    tokenUrl: fc.webUrl(),
    clientId: text,
    clientSecret: text,
    scopes: fc.array(word, { maxLength: 3 }),
    audience: text,
    tokenParams: fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/), text, { maxKeys: 2 }),
  }),
);

const input: fc.Arbitrary<ConnectorConfigInput> = fc.record(
  {
    id: word,
    name: text,
    description: fc.string(),
    type: fc.constantFrom('observability', 'storage', 'custom'),
    kind: word,
    mode: fc.constantFrom('local', 'remote'),
    enabled: fc.boolean(),
    host: fc.domain(),
    port: fc.integer({ min: 1, max: 65_535 }),
    scheme: fc.constantFrom('http', 'https', 'redis'),
    basePath: fc.constantFrom('/a', 'b/c', ''),
    auth,
    tls: fc.record({ caFile: text, serverName: text, insecure: fc.boolean() }, optional),
    proxy: fc.constantFrom('none', 'http://proxy:3128', 'https://ann:pw@proxy'),
    profile: word,
    settings: fc.dictionary(
      fc.stringMatching(/^[a-zA-Z]{1,8}$/),
      fc.jsonValue({ maxDepth: 2 }).filter(isPlainSailing),
      {
        maxKeys: 4,
      },
    ) as fc.Arbitrary<never>,
    metadata: fc.dictionary(fc.stringMatching(/^[a-zA-Z.]{1,8}$/), text, { maxKeys: 3 }),
    tags: fc.array(word, { maxLength: 3 }),
    healthCheck: fc.record({ enabled: fc.boolean(), intervalMs: millis(10), timeoutMs: millis(1) }, optional),
    limits: fc.record(
      {
        concurrency: fc.integer({ min: 1, max: 100 }),
        queue: fc.nat(100),
        timeoutMs: millis(1),
        startTimeoutMs: millis(1),
        memoryMb: fc.integer({ min: 16, max: 512 }),
      },
      optional,
    ),
    retry: fc.record(
      { attempts: fc.integer({ min: 1, max: 9 }), backoffMs: millis(0), maxBackoffMs: millis(0) },
      optional,
    ),
  },
  { requiredKeys: ['id'] },
);

describe('the shape of the file and the shape of the port', () => {
  it('are two ways to write the same configuration', () => {
    fc.assert(
      fc.property(input, (given) => {
        const first = parseConnectorConfig(toWireConfig(given));
        if (!first.ok) throw new Error(JSON.stringify(first.problems));
        const second = parseConnectorConfig(toWireConfig(first.config));
        expect(second).toStrictEqual(first);
        // What is empty is the same as none.
        function withoutEmpty(this: unknown, _: string, value: unknown): unknown {
          const isEmpty = ['""', '{}', '[]'].includes(JSON.stringify(value));
          return isEmpty && !Array.isArray(this) ? undefined : value;
        }
        // JSON knows no -0.
        expect(JSON.parse(JSON.stringify(first.config))).toMatchObject(
          JSON.parse(JSON.stringify(given, withoutEmpty)) as object,
        );
      }),
    );
  });

  it('writes snake_case, durations as text, and leaves the maps of users alone', () => {
    const wire = toWireConfig({
      id: 'a',
      basePath: '/x',
      auth: { type: 'api_key', apiKey: 'k', apiKeyHeader: 'X-Key', headers: { camelCase: 'x' } },
      healthCheck: { intervalMs: 90_000, timeoutMs: 250 },
      limits: { startTimeoutMs: 0, memoryMb: 64 },
      settings: { intervalMs: 5, deepKey: { someMs: 1 } },
      metadata: { someKey: 'y' },
    });
    expect(wire).toStrictEqual({
      id: 'a',
      base_path: '/x',
      auth: { type: 'api_key', api_key: 'k', api_key_header: 'X-Key', headers: { camelCase: 'x' } },
      health_check: { interval: '1m30s', timeout: '250ms' },
      limits: { start_timeout: '0s', memory_mb: 64 },
      settings: { intervalMs: 5, deepKey: { someMs: 1 } },
      metadata: { someKey: 'y' },
    });
  });

  it('passes on what it cannot translate, so that the parser can name it', () => {
    const wrong = {
      id: 'a',
      healthCheck: { intervalMs: 'soon', timeoutMs: -1 },
      retry: 3,
      nonsense: true,
      tls: undefined,
    };
    const parsed = parseConnectorConfig(toWireConfig(wrong as unknown as ConnectorConfigInput));
    expect(parsed.ok ? [] : parsed.problems.map(({ path, received }) => [path, received])).toStrictEqual([
      ['health_check.interval', '"soon"'],
      ['health_check.timeout', '-1'],
      ['retry', 'a number'],
      ['nonsense', 'the key "nonsense"'],
    ]);
  });
});
