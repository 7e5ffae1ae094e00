import { describe, expect, it } from '@jest/globals';
import { ConnectorError } from '@automate/contract';
import type { ConnectorConfigInput } from '@automate/contract';
import { parseConnectorConfig, toWireConfig } from '@automate/contract/schemas';
import fc from 'fast-check';
import { readConfigBody } from '../../../src/transports/rest/config-body.ts';
import { parseJsonText } from '../../../src/transports/rest/json-text.ts';

type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

const attempt = (read: () => unknown): Read => {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof SyntaxError || (ConnectorError.is(error) && error.code === 'INVALID_INPUT'))
      return { ok: false };
    throw error;
  }
};

const attemptError = (read: () => unknown): ConnectorError | undefined => {
  try {
    read();
    return undefined;
  } catch (error) {
    return ConnectorError.is(error) ? error : undefined;
  }
};

describe('reading JSON', () => {
  it('takes every value that JSON can carry, however it is spaced', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(0, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        // What would become another value is refused: long whole numbers, and a key that reaches the prototype.
        fc.pre(!/\d{16}|"__proto__"/.test(text));
        expect(parseJsonText(` \n${text}\r\n`)).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  it('takes and refuses what JSON.parse takes and refuses', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      ' ',
      '\n',
      '"a"',
      '"b"',
      '"',
      '\\',
      '\\u00e4',
      '1',
      '-',
      '0',
      '.5',
      'e3',
      'true',
      'null',
      'nul',
      '\u0001',
      'ü',
      '\ufeff',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = tokens.join('');
        const expected = attempt(() => JSON.parse(text));
        const read = attempt(() => parseJsonText(text));
        // Keys that stand twice are the one thing that only JSON.parse takes.
        if (expected.ok && !read.ok) expect(text).toMatch(/"([ab])"[^]*"\1"/);
        else expect(read).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it('says where text goes wrong', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(), (value, position) => {
        const text = JSON.stringify(value, undefined, 1);
        const cut = text.slice(0, position % text.length);
        const read = attempt(() => JSON.parse(cut));
        fc.pre(!read.ok);
        const error = attemptError(() => parseJsonText(cut));
        const { line = 0, column = 0 } = error?.problems?.[0] ?? {};
        const lines = cut.split('\n');
        const rest = [lines[line - 1]?.slice(column - 1), ...lines.slice(line)].join('\n');
        // Either the end was reached, or what is left is the beginning of a scalar or of an escape.
        expect(rest).toMatch(/^(?:|[tfn][a-z]*|-?[\d.eE+-]*|\\u?[\da-f]{0,4})$/);
      }),
    );
  });
});

describe('a configuration in a body', () => {
  const duration = fc.integer({ min: 10, max: 3_600_000 });
  const words = fc.record({ snake_key: fc.string(), camelKey: fc.jsonValue({ maxDepth: 2 }) }, { requiredKeys: [] });
  const input = fc.record(
    {
      id: fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/).filter((id) => id !== 'health'),
      name: fc.stringMatching(/^[a-z ]{1,10}$/),
      kind: fc.constant('echo'),
      enabled: fc.boolean(),
      host: fc.constant('h.example'),
      port: fc.integer({ min: 1, max: 65_535 }),
      basePath: fc.constant('/base_path'),
      auth: fc.constantFrom(
        { type: 'none' as const },
        { type: 'api_key' as const, apiKey: 'k', apiKeyHeader: 'X-K' },
        { type: 'oauth2' as const, tokenUrl: 'https://t', clientId: 'i', clientSecret: 's', scopes: ['a_b'] },
      ),
      tls: fc.record(
        { caFile: fc.constant('/ca'), serverName: fc.constant('s'), insecure: fc.boolean() },
        { requiredKeys: [] },
      ),
      healthCheck: fc.record(
        { enabled: fc.boolean(), intervalMs: duration, timeoutMs: duration, path: fc.constant('/x') },
        { requiredKeys: [] },
      ),
      limits: fc.record(
        {
          concurrency: fc.integer({ min: 1, max: 9 }),
          timeoutMs: duration,
          startTimeoutMs: duration,
          memoryMb: fc.constant(64),
        },
        { requiredKeys: [] },
      ),
      retry: fc.record({ attempts: fc.constant(2), backoffMs: duration, maxBackoffMs: duration }, { requiredKeys: [] }),
      metadata: fc.record({ some_key: fc.constant('v'), otherKey: fc.constant('w') }, { requiredKeys: [] }),
      settings: words,
      tags: fc.constant(['a_b']),
    },
    { requiredKeys: ['id', 'kind', 'host'] },
  );

  it('comes out as the input that it was written from', () => {
    fc.assert(
      fc.property(input, (config) => {
        const wire = JSON.parse(JSON.stringify(toWireConfig(config as ConnectorConfigInput))) as unknown;
        fc.pre(parseConnectorConfig(wire, { from: 'caller' }).ok);
        expect(readConfigBody(JSON.stringify(wire))).toEqual(JSON.parse(JSON.stringify(config)));
      }),
    );
  });
});
