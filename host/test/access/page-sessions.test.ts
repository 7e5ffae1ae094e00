import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServedHost } from './fixtures/served-host.ts';

let served: ServedHost;
let address: string;
beforeAll(async () => {
  served = await ServedHost.open();
  address = served.host.httpAddress ?? '';
  await served.token('admin');
});
afterAll(() => served?.[Symbol.asyncDispose]());

const own = (): Record<string, string> => ({ origin: address });

async function signIn(token: string, headers: Record<string, string> = own()): Promise<Response> {
  return fetch(`${address}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  });
}

/** The cookie as a browser sends it back. */
async function cookieFor(token: string): Promise<string> {
  const answer = await signIn(token);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const ask = async (path: string, cookie: string, options: RequestInit = {}): Promise<number> =>
  (await fetch(address + path, { ...options, headers: { cookie, ...(options.headers as Record<string, string>) } }))
    .status;

const register = (headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ id: 'z', kind: 'plain', settings: { never: 'made' } }),
});

describe('signing in at the page', () => {
  it('gives a cookie that no script reads and no other site makes a browser send, and that is not the token', async () => {
    const token = await served.token('read');
    const answer = await signIn(token);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ name: 'ci', scopes: ['read'], signed_in: true });
    const { port } = new URL(address);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(new RegExp(`^automate_session_${port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`));
    expect(cookie).not.toContain(token.slice(-43));
  });

  it('lets the session do what its token may, and no more', async () => {
    const cookie = await cookieFor(await served.token('read'));
    expect(await ask('/api/v1/connectors', cookie)).toBe(200);
    expect(await ask('/metrics', cookie)).toBe(200);
    expect(await ask('/api/v1/connectors', cookie, register(own()))).toBe(403);
    expect(await ask('/session', cookie)).toBe(200);
    expect(await ask('/session', '')).toBe(401);
  });

  it.each([
    ['that is none', 'x'],
    ['that nobody made', `aut_000000000000_${'A'.repeat(43)}`],
    ['with more behind it', 'aut_x y z'],
  ])('is refused with a token %s', async (_what, token) => {
    const answer = await signIn(token);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
  });

  it.each(['', '[]', '{"token":1}', '{"token":"x","more":1}', '{'])('is refused with the body %s', async (body) => {
    const answer = await fetch(`${address}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(400);
  });

  it('ends by signing out', async () => {
    const cookie = await cookieFor(await served.token('read'));
    const answer = await fetch(`${address}/session`, { method: 'DELETE', headers: { cookie, ...own() } });
    expect(answer.headers.get('set-cookie')).toMatch(/=; Path=\/; HttpOnly; SameSite=Strict; Max-Age=0$/);
    expect(await ask('/api/v1/connectors', cookie)).toBe(401);
  });

  it('is not ended by another who signs in again and again', async () => {
    const cookie = await cookieFor(await served.token('admin'));
    const { token } = await served.service.createToken({ name: 'eager', scopes: ['read'] });
    const first = await cookieFor(token);
    for (let round = 0; round < 40; round += 1) {
      const answers = await Promise.all(Array.from({ length: 26 }, () => signIn(token)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
    expect(await ask('/session', cookie)).toBe(200);
    expect(await ask('/session', first)).toBe(401);
  });

  it('ends with the token, streams included', async () => {
    const { token, id } = await served.service.createToken({ name: 'brief', scopes: ['read'] });
    const cookie = await cookieFor(token);
    const stream = await fetch(`${address}/api/v1/events`, { headers: { cookie } });
    await served.service.revokeToken(id);
    expect(await stream.text()).toMatch(/event: error\ndata: \{.*"code":"UNAUTHENTICATED"/);
    for (const path of ['/api/v1/connectors', '/session', '/metrics']) expect(await ask(path, cookie)).toBe(401);
  });

  it('is taken from none who has few by tokens that have many', async () => {
    const cookie = await cookieFor(await served.token('read'));
    for (let count = 0; count < 12; count += 1) {
      const token = await served.token('read');
      for (let turn = 0; turn < 9; turn += 1) await Promise.all(Array.from({ length: 10 }, () => cookieFor(token)));
    }
    expect(await ask('/session', cookie)).toBe(200);
  });

  it('ends with the host', async () => {
    const token = await served.token('read');
    const cookie = await cookieFor(token);
    await served.restart();
    address = served.host.httpAddress ?? '';
    const { port } = new URL(address);
    expect(await ask('/session', cookie.replace(/\d+=/, `${port}=`))).toBe(401);
  });
});

describe('a session in the hands of another site', () => {
  const sites = ['https://evil.example', 'http://127.0.0.1:1', 'null'];

  it.each(sites)('changes nothing for a page of %s', async (origin) => {
    const cookie = await cookieFor(await served.token('admin'));
    expect(await ask('/api/v1/connectors', cookie, register({ origin }))).toBe(403);
    expect(await ask('/session', cookie, { method: 'DELETE', headers: { origin } })).toBe(403);
    expect((await signIn(await served.token('read'), { origin })).status).toBe(403);
  });

  it('changes nothing where nobody says which page it comes from', async () => {
    const cookie = await cookieFor(await served.token('admin'));
    expect(await ask('/api/v1/connectors', cookie, register({}))).toBe(403);
    expect(await ask('/api/v1/connectors/x', cookie, { method: 'DELETE' })).toBe(403);
    expect(await ask('/api/v1/connectors/x', cookie)).toBe(200);
  });

  it('sends no form', async () => {
    const cookie = await cookieFor(await served.token('admin'));
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'])
      expect(await ask('/session', cookie, register({ ...own(), 'content-type': type }))).toBe(415);
  });
});

it('is Secure where a proxy ends TLS', async () => {
  await using behind = await ServedHost.open({ env: { ALLOW_PLAINTEXT: 'true' } });
  const token = await behind.token('read');
  const { host } = new URL(behind.host.httpAddress ?? '');
  const answer = await fetch(`http://${host}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: `https://${host}` },
    body: JSON.stringify({ token }),
  });
  expect(answer.headers.get('set-cookie')).toMatch(/; Secure$/);
});

it('is told of in the audit, where it failed', async () => {
  await signIn('aut_wrong');
  let names: readonly string[] = [];
  while (!names.includes('UNAUTHENTICATED')) {
    const { records } = await served.service.listAudit({ limit: 20 });
    names = records.map(({ code }) => code);
  }
});
