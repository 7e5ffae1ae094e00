import { describe, expect, it } from '@jest/globals';
import { parseConnectorConfig } from '../../src/schemas/index.ts';
import { problemsOf } from './problems-of.ts';

const SEED = {
  id: 'prometheus',
  name: 'Prometheus',
  type: 'observability',
  mode: 'local',
  enabled: true,
  host: 'prometheus',
  port: 9090,
  scheme: 'http',
  health_check: { enabled: true, interval: '30s', timeout: '5s', path: '/-/healthy' },
};

describe('the configuration of a connector', () => {
  it('fills every default', () => {
    expect(parseConnectorConfig({ id: 'logging' })).toStrictEqual({
      ok: true,
      config: {
        id: 'logging',
        name: 'logging',
        description: '',
        kind: 'logging',
        mode: 'local',
        enabled: true,
        auth: { type: 'none' },
        settings: {},
        metadata: {},
        tags: [],
        healthCheck: { enabled: true, intervalMs: 30_000, timeoutMs: 5000 },
        limits: {
          concurrency: 16,
          queue: 64,
          timeoutMs: 30_000,
          startTimeoutMs: 10_000,
          memoryMb: 128,
          idempotencyTtlMs: 86_400_000,
          executionTtlMs: 604_800_000,
        },
        retry: { attempts: 3, backoffMs: 200, maxBackoffMs: 10_000 },
      },
    });
  });

  it('keeps what is said', () => {
    expect(parseConnectorConfig(SEED)).toMatchObject({
      ok: true,
      config: {
        host: 'prometheus',
        port: 9090,
        type: 'observability',
        healthCheck: { intervalMs: 30_000, timeoutMs: 5000, path: '/-/healthy' },
      },
    });
  });

  it('lets the host set the default interval, and the connector win over it', () => {
    const defaults = { healthIntervalMs: 1000 };
    expect(parseConnectorConfig({ id: 'a' }, { defaults })).toMatchObject({
      config: { healthCheck: { intervalMs: 1000 } },
    });
    expect(parseConnectorConfig(SEED, { defaults })).toMatchObject({ config: { healthCheck: { intervalMs: 30_000 } } });
  });

  it('gives every problem at once, with paths in the words of the file', () => {
    const wrong = {
      id: 'Prometheus',
      kind: 'my-kind',
      port: 99_999,
      enabled: 'yes',
      type: 'observabilty',
      base_path: '/a b',
      healthcheck: {},
      health_check: { interval: 30, timeout: '0s' },
      metadata: { team: 1, 'a.b': true },
      limits: { concurrency: 0, memory: 1 },
      tags: ['a', ''],
    };
    expect(problemsOf(wrong, { path: 'connectors[0]' })).toStrictEqual([
      'connectors[0].id: expected lower-case letters, digits, "_", "." or "-", at most 63, starting with a letter or digit, received "Prometheus"',
      'connectors[0].type: expected one of observability, agent, storage, messaging, database, custom, received "observabilty"',
      'connectors[0].kind: expected the name of a kind: lower-case letters, digits and "_", starting with a letter, received "my-kind"',
      'connectors[0].enabled: expected true or false, received "yes"',
      'connectors[0].port: expected a port from 1 to 65535, received 99999',
      'connectors[0].base_path: expected a path without host, credentials, spaces, "?" or "#", received a text (not shown: it may be a secret)',
      'connectors[0].metadata.team: expected a text (in quotes, if it looks like a number or a truth value), received 1',
      'connectors[0].metadata["a.b"]: expected a text (in quotes, if it looks like a number or a truth value), received true',
      'connectors[0].tags[1]: expected a text that is not empty, received ""',
      'connectors[0].health_check.interval: expected a duration such as "30s", "250ms" or "1m30s", received 30',
      'connectors[0].health_check.timeout: expected a duration from 1ms to 24h, received "0s"',
      'connectors[0].limits.concurrency: expected a whole number from 1 to 10000, received 0',
      'connectors[0].limits.memory: expected a known key (did you mean "memory_mb"?), received the key "memory"',
      'connectors[0].healthcheck: expected a known key (did you mean "health_check"?), received the key "healthcheck"',
    ]);
  });

  it.each([
    [
      {},
      [
        'id: expected lower-case letters, digits, "_", "." or "-", at most 63, starting with a letter or digit, received nothing',
      ],
    ],
    [null, [': expected a map, received nothing (null)']],
    [undefined, [': expected a map, received nothing']],
    [[], [': expected a map, received an empty list']],
    ['id: a', [': expected a map, received a text (not shown: it may be a secret)']],
    [{ id: 'health' }, ['id: expected another id: "health" is a route of the REST API, received "health"']],
    [
      { id: 'a-b' },
      [
        'kind: expected the name of an installed kind, as the id is not one: "automate plugins list" shows them, received nothing',
      ],
    ],
    [{ id: 'a', port: 0 }, ['port: expected a port from 1 to 65535, received 0']],
    [{ id: 'a', port: '80' }, ['port: expected a port from 1 to 65535, received "80"']],
    [{ id: 'a', port: 80.5 }, ['port: expected a port from 1 to 65535, received 80.5']],
    [{ id: 'a', port: Number.POSITIVE_INFINITY }, ['port: expected a finite number, received Infinity']],
    [
      { id: 'a', health_check: { interval: '-5s' } },
      ['health_check.interval: expected a duration such as "30s", "250ms" or "1m30s", received "-5s"'],
    ],
    [
      { id: 'a', health_check: { interval: '25h' } },
      ['health_check.interval: expected a duration from 10ms to 24h, received "25h"'],
    ],
    [
      { id: 'a', health_check: { path: 'healthy' }, host: 'h' },
      ['health_check.path: expected a path that starts with "/", received "healthy"'],
    ],
    [
      { id: 'a', health_check: { path: '/' } },
      ['health_check.path: expected none without a host: there is nothing to ask, received "/"'],
    ],
    [
      { id: 'a', host: 'h', scheme: 'redis', health_check: { path: '/' } },
      ['health_check.path: expected none with the scheme redis: only http and https have paths, received "/"'],
    ],
    [
      { id: 'a', tls: { cert_file: 'a.pem' } },
      ['tls.key_file: expected a file, as cert_file is given, received nothing'],
    ],
    [
      { id: 'a', host: 'http://user:pa55word@h/' },
      ['host: expected a host name or address, without scheme, port or path, received "http://…@h/"'],
    ],
    [
      { id: 'a', host: 'postgres://ada:pa55/w?o#r d@@h/db' },
      ['host: expected a host name or address, without scheme, port or path, received "postgres://…@h/…"'],
    ],
    [
      { id: 'a', host: 'ada:pa55/w?o#r d@h' },
      ['host: expected a host name or address, without scheme, port or path, received "…@h"'],
    ],
    [{ id: 'a', auth: null }, ['auth: expected a map, received nothing (null)']],
  ])('says what is wrong with %j', (value, problems) => {
    expect(problemsOf(value)).toStrictEqual(problems);
  });

  it.each(['localhost', 'a.b-c.example', '127.0.0.1', '::1', '[::1]', '2001:db8::7', 'bücher.example', 'my_service'])(
    'takes the host %s',
    (host) => {
      expect(problemsOf({ id: 'a', host })).toStrictEqual([]);
    },
  );

  it.each(['', 'a b', 'a:80', 'http://a', 'a/b', 'u@a', '[a]', 'a?b', '#'])('refuses the host %j', (host) => {
    expect(problemsOf({ id: 'a', host })).toHaveLength(1);
  });

  it('keeps outcomes for up to 90 days, and lets everything else last a day', () => {
    expect(problemsOf({ id: 'a', limits: { idempotency_ttl: '2160h', timeout: '24h' } })).toEqual([]);
    expect(problemsOf({ id: 'a', limits: { idempotency_ttl: '2161h', timeout: '25h' } })).toHaveLength(2);
  });

  it('names what is not built yet', () => {
    const config = {
      id: 'a',
      auth: { type: 'bearer', token: 'secretref://vault/a/b' },
    };
    const parsed = parseConnectorConfig(config);
    expect(parsed.ok ? [] : parsed.problems.map(({ path, message }) => [path, message])).toStrictEqual([
      [
        'auth.token',
        'the secret backend "vault" is not built yet; use secretref://store, secretref://env or secretref://file',
      ],
    ]);
  });

  it('shares nothing with what it was given', () => {
    const settings = { list: [1] };
    const parsed = parseConnectorConfig({ id: 'a', settings });
    settings.list.push(2);
    expect(parsed).toMatchObject({ config: { settings: { list: [1] } } });
  });
});

describe('a whole number beyond what JSON carries exactly', () => {
  it.each([2 ** 53, -(2 ** 53), 1e20])('%d is refused, since it may have been another one', (number) => {
    expect(parseConnectorConfig({ id: 'a', settings: { at: [number] } })).toMatchObject({
      ok: false,
      problems: [{ path: 'settings.at[0]', expected: expect.stringContaining('as text') }],
    });
  });

  it('is none where it is written with an exponent, or is no whole number', () => {
    expect(parseConnectorConfig({ id: 'a', settings: { at: [1e300, 2 ** 53 - 1, 0.1] } })).toMatchObject({ ok: true });
  });
});
