import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verifyAuthorization, verifyHmacSha256, verifySlackSignature } from '../src/webhook.ts';

describe('credentials that are shown', () => {
  const basic = `Basic ${Buffer.from('ann:hush').toString('base64')}`;
  it.each([
    ['a token', { token: 'hush' }, 'Bearer hush', true],
    ['its scheme in small letters', { token: 'hush' }, 'bearer hush', true],
    ['another token', { token: 'hush' }, 'Bearer hus', false],
    ['a token with more', { token: 'hush' }, 'Bearer hush hush', false],
    ['another scheme', { token: 'hush' }, 'Basic hush', false],
    ['no scheme', { token: 'hush' }, 'hush', false],
    ['nothing', { token: 'hush' }, '', false],
    ['an empty token', { token: '' }, 'Bearer ', false],
    ['a password', { username: 'ann', password: 'hush' }, basic, true],
    ['another name', { username: 'bob', password: 'hush' }, basic, false],
    ['the password as a token', { username: 'ann', password: 'hush' }, 'Bearer hush', false],
    ['an empty password', { username: 'ann', password: '' }, `Basic ${Buffer.from('ann:').toString('base64')}`, false],
  ])('are believed where they fit: %s', (_what, credentials, authorization, genuine) => {
    expect(verifyAuthorization({ Authorization: authorization }, credentials)).toBe(genuine);
    expect(verifyAuthorization({}, credentials)).toBe(false);
  });
});

describe('a signature of the body', () => {
  const of = (encoding: 'hex' | 'base64' | 'base64url', before = ''): string =>
    createHmac('sha256', 'hush').update(`${before}body`).digest(encoding);
  const verify = (signature: string, more: object = {}): boolean =>
    verifyHmacSha256({ signature, rawBody: 'body', secrets: 'hush', ...more });

  it('is believed as it is written alone, and not with anything behind it', () => {
    expect([of('hex'), of('hex').toUpperCase()].map((each) => verify(each))).toEqual([true, true]);
    for (const more of ['zz', ' ', ', other', '=', '00']) expect(verify(`${of('hex')}${more}`)).toBe(false);
    for (const encoding of ['base64', 'base64url'] as const) {
      const written = of(encoding);
      expect(verify(written, { encoding })).toBe(true);
      for (const other of [
        ` ${written}`,
        `${written}!`,
        `${written}===`,
        written.replace(/.(?==*$)/, (last) => String.fromCodePoint((last.codePointAt(0) ?? 0) + 1)),
      ])
        expect(verify(other, { encoding })).toBe(false);
    }
  });

  it('is believed with what was signed before the body', () => {
    expect(verify(of('hex', '12.'), { before: '12.' })).toBe(true);
    expect(verify(of('hex', '12.'), { before: '13.' })).toBe(false);
    expect(verify(of('hex', '12.'))).toBe(false);
  });
});

describe('a Slack signature', () => {
  // The example of Slack's own documentation.
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';
  const rawBody =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const headers = {
    'X-Slack-Request-Timestamp': '1531420618',
    'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  const at = 1_531_420_618_000;

  it('is believed as Slack documents it, whatever the case of the headers', () => {
    expect(verifySlackSignature({ headers, rawBody, secrets: secret, now: at })).toBe(true);
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]));
    expect(verifySlackSignature({ headers: lower, rawBody: Buffer.from(rawBody), secrets: secret, now: at })).toBe(
      true,
    );
  });

  it('is believed for five minutes, before and after', () => {
    const verify = (offset: number): boolean =>
      verifySlackSignature({ headers, rawBody, secrets: secret, now: at + offset });
    expect([-300_000, 0, 300_000].map(verify)).toEqual([true, true, true]);
    expect([-300_001, 300_001, 86_400_000].map(verify)).toEqual([false, false, false]);
  });

  it('is believed while the secret is being rotated', () => {
    expect(verifySlackSignature({ headers, rawBody, secrets: ['new', secret], now: at })).toBe(true);
    expect(verifySlackSignature({ headers, rawBody, secrets: ['new', 'newer'], now: at })).toBe(false);
  });

  it.each([
    ['another body', headers, `${rawBody} `],
    ['another time', { ...headers, 'X-Slack-Request-Timestamp': '1531420619' }, rawBody],
    ['no time', { 'X-Slack-Signature': headers['X-Slack-Signature'] }, rawBody],
    ['a time that is none', { ...headers, 'X-Slack-Request-Timestamp': 'now' }, rawBody],
    ['no signature', { 'X-Slack-Request-Timestamp': '1531420618' }, rawBody],
    ['another version', { ...headers, 'X-Slack-Signature': headers['X-Slack-Signature'].replace('v0', 'v1') }, rawBody],
    ['a part of it', { ...headers, 'X-Slack-Signature': headers['X-Slack-Signature'].slice(0, 40) }, rawBody],
    ['more than it', { ...headers, 'X-Slack-Signature': `${headers['X-Slack-Signature']}00` }, rawBody],
    ['what is no hex', { ...headers, 'X-Slack-Signature': `v0=${'zz'.repeat(32)}` }, rawBody],
  ])('is not believed with %s', (_what, given, body) => {
    expect(verifySlackSignature({ headers: given, rawBody: body, secrets: secret, now: at })).toBe(false);
  });

  it('is never believed without a secret', () => {
    expect(verifySlackSignature({ headers, rawBody, secrets: [], now: at })).toBe(false);
    expect(verifySlackSignature({ headers, rawBody, secrets: '', now: at })).toBe(false);
  });
});

describe('an HMAC-SHA256 signature', () => {
  // The example of GitHub's own documentation.
  const github = {
    signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    rawBody: 'Hello, World!',
    secrets: "It's a Secret to Everybody",
    prefix: 'sha256=',
  };

  it('is believed as GitHub documents it', () => {
    expect(verifyHmacSha256(github)).toBe(true);
    const headers = { 'X-Hub-Signature-256': github.signature };
    expect(verifyHmacSha256({ ...github, signature: { headers, header: 'x-hub-signature-256' } })).toBe(true);
  });

  it('needs its prefix and its header', () => {
    expect(verifyHmacSha256({ ...github, signature: github.signature.slice(7) })).toBe(false);
    expect(verifyHmacSha256({ ...github, signature: { headers: {}, header: 'x-hub-signature-256' } })).toBe(false);
  });

  it('is believed for exactly the body that was signed, in each encoding', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.uint8Array(),
        fc.string({ minLength: 1 }),
        fc.constantFrom('hex', 'base64', 'base64url'),
        (body, other, secret, encoding) => {
          const signature = createHmac('sha256', secret).update(body).digest(encoding);
          expect(verifyHmacSha256({ signature, rawBody: body, secrets: ['another', secret], encoding })).toBe(true);
          const same = Buffer.compare(body, other) === 0;
          expect(verifyHmacSha256({ signature, rawBody: other, secrets: secret, encoding })).toBe(same);
        },
      ),
    );
  });
});
