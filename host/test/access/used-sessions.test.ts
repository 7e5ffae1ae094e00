import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as requestByTls } from 'node:https';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Principal } from '@automate/contract';
import { PageSessions } from '../../src/transports/rest/page-sessions.ts';
import { TlsFiles } from '../transports/fixtures/tls-files.ts';
import { ServedHost } from './fixtures/served-host.ts';

const HOUR_MS = 60 * 60_000;
const ANN: Principal = { name: 'ann', scopes: ['read'] };
const BEN: Principal = { name: 'ben', scopes: ['read'] };

/** A request as far as sessions look at it. */
const request = (cookie?: string, localPort = 8080): IncomingMessage =>
  ({ headers: cookie === undefined ? {} : { cookie }, socket: { localPort } }) as unknown as IncomingMessage;

describe('the sessions of the page', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const begin = (sessions: PageSessions, of = ANN): string =>
    sessions.begin(request(), of, { secure: false }).split(';')[0] ?? '';
  const after = (ms: number): void => void jest.setSystemTime(Date.now() + ms);

  it('end where nobody uses them for twelve hours, and not while somebody does', () => {
    const sessions = new PageSessions();
    const [used, idle] = [begin(sessions), begin(sessions)];
    for (let round = 0; round < 3; round += 1) {
      after(11 * HOUR_MS);
      expect(sessions.find(request(used))).toBe(ANN);
    }
    expect(sessions.find(request(idle))).toBeUndefined();
    after(12 * HOUR_MS);
    expect(sessions.find(request(used))).toBe(ANN);
    after(12 * HOUR_MS + 1);
    expect(sessions.find(request(used))).toBeUndefined();
  });

  it('are a hundred of one at most, of which those go that were used longest ago, and no other', () => {
    const sessions = new PageSessions();
    const other = begin(sessions, BEN);
    const own = Array.from({ length: 100 }, () => begin(sessions));
    expect(sessions.find(request(own[0]))).toBe(ANN);
    begin(sessions);
    const left = [other, own[0], own[1], own[2]].map((cookie) => sessions.find(request(cookie))?.name);
    expect(left).toEqual(['ben', 'ann', undefined, 'ann']);
  });

  it('are a thousand in all at most', () => {
    const sessions = new PageSessions();
    const cookies = Array.from({ length: 1_001 }, (_none, index) =>
      begin(sessions, { name: `n${index % 20}`, scopes: ['read'] }),
    );
    expect(cookies.filter((cookie) => sessions.find(request(cookie)) !== undefined)).toHaveLength(1_000);
    expect(sessions.find(request(cookies[0]))).toBeUndefined();
  });

  it('are those of one port, among whatever else a browser sends', () => {
    const sessions = new PageSessions();
    const cookie = begin(sessions);
    expect(sessions.find(request(`a=b; ${cookie}; c=d`))).toBe(ANN);
    expect(sessions.find(request(cookie, 8081))).toBeUndefined();
    expect(sessions.find(request(cookie.slice(0, -1)))).toBeUndefined();
  });
});

it('signing in again ends the session before, and nobody keeps what is told of one', async () => {
  await using served = await ServedHost.open();
  const address = served.host.httpAddress ?? '';
  const signIn = async (token: string, cookie: Record<string, string> = {}): Promise<string> => {
    const answer = await fetch(`${address}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: address, ...cookie },
      body: JSON.stringify({ token }),
    });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  };
  const [reads, manages] = [await served.token('read'), await served.token('manage')];
  const first = await signIn(reads);
  const second = await signIn(manages, { cookie: first });
  const show = (cookie: string): Promise<Response> => fetch(`${address}/session`, { headers: { cookie } });
  expect((await show(first)).status).toBe(401);
  const shown = await show(second);
  expect([shown.headers.get('cache-control'), await shown.json()]).toMatchObject(['no-store', { scopes: ['manage'] }]);
});

it('a session that came by TLS goes by TLS alone', async () => {
  using files = new TlsFiles();
  await using served = await ServedHost.open({ env: files.env });
  const token = await served.token('read');
  const asked = requestByTls(`${served.host.httpAddress}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ca: files.authority.cert,
  });
  asked.end(JSON.stringify({ token }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([200, [expect.stringMatching(/; Secure$/)]]);
});
