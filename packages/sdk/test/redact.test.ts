import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@automate/contract';
import fc from 'fast-check';
import { createRedactor } from '../src/redact.ts';
import { isSecretKey } from '../src/secret-key.ts';

describe('a key', () => {
  it.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'Set-Cookie',
    'pwd',
    'db_pwd',
    'PASSWORD',
    'userPassword',
    'clientSecret',
    'client_secret',
    'apiKey',
    'API_KEY',
    'APIKey',
    'x-api-key',
    'accessToken',
    'refresh_token',
    'privateKey',
    'aws.secret.access.key',
    'credentials',
    'X-Slack-Signature',
  ])('means a secret: %s', (key) => {
    expect(isSecretKey(key)).toBe(true);
  });

  it.each([
    'author',
    'authored_by',
    'tokenizer',
    'cookbook',
    'secretary',
    'key',
    'sort_key',
    'monkey',
    'keyboard',
    'passport',
    'id',
    '',
  ])('means none: %j', (key) => {
    expect(isSecretKey(key)).toBe(false);
  });
});

describe('a name', () => {
  it.each([
    ['db_password', true, true],
    ['dbPassword2', true, true],
    ['dbpassword', true, true],
    ['GITHUB_TOKEN', true, true],
    ['API_KEY_PROD', true, true],
    ['clientKey', true, true],
    ['subscription-key', true, true],
    ['pass_phrase', true, true],
    ['token_url', false, true],
    ['password_policy', false, true],
    ['max_tokens', false, true],
    ['X-Slack-Signature', false, true],
    ['compass', false, false],
    ['oauthor', false, false],
    ['sort_key', false, false],
  ])('is that of a secret, or speaks of one: %s', (name, value, word) => {
    expect([isSecretKey(name, 'value'), isSecretKey(name)]).toStrictEqual([value, word]);
  });

  it('of a parameter speaks of a secret with any of its letters', () => {
    expect(
      ['key', 'authkey', 'sig', 'X-Amz-Credential', 'page', 'design'].map((name) => isSecretKey(name, 'part')),
    ).toStrictEqual([true, true, true, true, false, false]);
  });
});

describe('redacted data', () => {
  const redactor = createRedactor();

  it('has no values under secret keys, however deep, and everything else', () => {
    expect(
      redactor.data({
        author: 'Ann',
        headers: [{ Authorization: 'Bearer x', accept: '*/*' }],
        nested: { db: { pwd: 1234, host: 'db' }, credentials: { user: 'u', pass: 'p' } },
      }),
    ).toEqual({
      author: 'Ann',
      headers: [{ Authorization: '[secret]', accept: '*/*' }],
      nested: { db: { pwd: '[secret]', host: 'db' }, credentials: '[secret]' },
    });
  });

  it('still says whether there is a secret, and counts tokens', () => {
    const data = { password: null, token: true, tokens: 120, secret: '' };
    expect(redactor.data(data)).toEqual({ password: null, token: true, tokens: 120, secret: '[secret]' });
  });

  it('leaves what it was given as it was', () => {
    const data = { token: 'abc' };
    redactor.data(data);
    expect(data).toEqual({ token: 'abc' });
  });

  it('is cut off where it is too deep, and keeps strange keys as keys', () => {
    let deep: JsonValue = 'end';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(JSON.stringify(redactor.data(deep))).toContain('[too deep]');
    const strange = JSON.parse('{"__proto__":{"token":"abc"},"constructor":1}') as JsonValue;
    expect(JSON.stringify(redactor.data(strange))).toBe('{"__proto__":{"token":"[secret]"},"constructor":1}');
  });
});

/** Long enough, and of no letters that the marker or a format consists of. */
const secretText = fc.string({
  unit: fc.constantFrom(...Array.from('ABCDEFGHKLMNXYZ0123456789+/=&?%$^()[]{}|\\"ü€ 😀')),
  minLength: 6,
  maxLength: 40,
});

describe('a known secret', () => {
  it('is found nowhere in the text, whichever form it had', () => {
    fc.assert(
      fc.property(
        fc.array(secretText, { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        (secrets, before, after) => {
          const redactor = createRedactor(secrets);
          for (const secret of secrets) {
            const base64 = Buffer.from(secret).toString('base64');
            for (const form of [
              secret,
              encodeURIComponent(secret),
              base64,
              new URLSearchParams({ q: secret }).toString().slice(2),
            ]) {
              const shown = redactor.text(`${before} ${form} ${after}`);
              expect(shown).toContain('[secret]');
              expect(shown).not.toContain(form);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is found nowhere in data, as a value, a part of one or a key', () => {
    fc.assert(
      fc.property(secretText, fc.jsonValue({ maxDepth: 4 }), (secret, other) => {
        const data = { other: other as JsonValue, text: `before ${secret} after`, list: [[secret]], [secret]: 1 };
        const shown = JSON.stringify(createRedactor([secret]).data(data));
        expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
      { numRuns: 200 },
    );
  });

  it('is left where it is too short to be told from chance', () => {
    expect(createRedactor(['abc', '12345']).text('abc 12345 abcdef')).toBe('abc 12345 abcdef');
  });

  it('that contains another is masked as a whole', () => {
    expect(createRedactor(['abcdef', 'abcdef-ghijkl']).text('x abcdef-ghijkl y')).toBe('x [secret] y');
  });

  it('that is the marker itself does no harm', () => {
    expect(createRedactor(['[secret]', 'secret']).text('my secret')).toBe('my [secret]');
  });
});

describe('data without secrets', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!hasSecretKey(value as JsonValue));
        expect(JSON.stringify(createRedactor(['QQQQQQQQ']).data(value as JsonValue))).toBe(JSON.stringify(value));
      }),
      { numRuns: 200 },
    );
  });
});

function hasSecretKey(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => isSecretKey(key) || hasSecretKey(item));
}
