import { describe, expect, it } from '@jest/globals';
import type { ConnectorConfig, JsonObject } from '@automate/contract';
import { parseConnectorConfig } from '@automate/contract/schemas';
import { maskConfig } from '../../src/connectors/mask-config.ts';

function config(extra: JsonObject): ConnectorConfig {
  const parsed = parseConnectorConfig({ id: 'it', ...extra });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    region: { type: 'string' },
    key: { type: 'string', writeOnly: true },
    nested: { type: 'object', properties: { pin: { type: 'number', writeOnly: true }, name: { type: 'string' } } },
    list: { type: 'array', items: { type: 'object', properties: { token: { type: 'string', writeOnly: true } } } },
  },
};

describe('a configuration that is shown', () => {
  it('masks literal credentials and keeps references as they were written', () => {
    const shown = maskConfig(
      config({
        auth: { type: 'basic', username: 'ann', password: 'hunter22', headers: { 'x-tenant': 'blue' } },
      }),
      undefined,
      true,
    );
    expect(shown.auth).toEqual({
      type: 'basic',
      username: 'ann',
      password: '[secret]',
      headers: { 'x-tenant': '[secret]' },
    });
    const referenced = maskConfig(config({ auth: { type: 'bearer', token: '${TOKEN}' } }), undefined, true);
    expect(referenced.auth.token).toBe('${TOKEN}');
    const stored = maskConfig(
      config({ auth: { type: 'bearer', token: 'secretref://env/default/TOKEN' } }),
      undefined,
      true,
    );
    expect(stored.auth.token).toBe('secretref://env/default/TOKEN');
  });

  it.each(['password', 'token', 'apiKey', 'clientSecret'] as const)('masks the credential "%s"', (field) => {
    const written: ConnectorConfig = { ...config({}), auth: { type: 'none', [field]: 'hunter22' } };
    expect(maskConfig(written, undefined, true).auth).toStrictEqual({ type: 'none', [field]: '[secret]' });
  });

  it.each(['headers', 'tokenParams'] as const)('masks every value of the credentials "%s"', (field) => {
    const written: ConnectorConfig = { ...config({}), auth: { type: 'none', [field]: { a: 'b', c: '${D}' } } };
    expect(maskConfig(written, undefined, true).auth[field]).toStrictEqual({ a: '[secret]', c: '${D}' });
  });

  it('masks metadata that sounds secret, and URLs with a secret in them wherever they stand', () => {
    const shown = maskConfig(
      config({
        description: 'https://ann:hunter22@example.org/',
        metadata: { team: 'blue', api_key: 'k-1234' },
        settings: { region: 'https://ann:hunter22@example.org/' },
      }),
      SCHEMA,
      true,
    );
    expect(shown).toMatchObject({
      description: '[secret]',
      metadata: { team: 'blue', api_key: '[secret]' },
      settings: { region: '[secret]' },
    });
  });

  it('masks text that only contains a reference, and a default value in one', () => {
    for (const token of [
      'abc${TOKEN}',
      '${TOKEN}abc',
      '${TOKEN:-literal-secret}',
      // A default value that is not taken may be anything.
      '${TOKEN:-abc secretref://env/default/TOKEN}',
      'abc secretref://env/default/TOKEN',
      'secretref://env/default/TOKEN abc',
    ]) {
      const written: ConnectorConfig = { ...config({}), auth: { type: 'bearer', token } };
      expect(maskConfig(written, undefined, true).auth.token).toBe('[secret]');
    }
  });

  it('masks the settings that the schema marks, at any depth, and shows the others', () => {
    const settings = {
      region: 'eu',
      key: 'k',
      nested: { pin: 1234, name: 'n' },
      list: [{ token: 't' }],
      other: 'free',
    };
    expect(maskConfig(config({ settings }), SCHEMA, true).settings).toEqual({
      region: 'eu',
      key: '[secret]',
      nested: { pin: '[secret]', name: 'n' },
      list: [{ token: '[secret]' }],
      other: 'free',
    });
  });

  it('masks every setting while the kind has not been described', () => {
    const settings = { region: 'eu', deep: { list: [1, true, { a: 'b' }] } };
    expect(maskConfig(config({ settings }), undefined, false).settings).toEqual({
      region: '[secret]',
      deep: { list: ['[secret]', '[secret]', { a: '[secret]' }] },
    });
  });
});
