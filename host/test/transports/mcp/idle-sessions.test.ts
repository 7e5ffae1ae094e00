import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';

let host: SandboxHost;
beforeAll(async () => {
  host = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - id: echo\n' });
});
afterAll(() => host?.[Symbol.asyncDispose]());

const send = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${host.host.httpAddress}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body,
  });
const openSession = async (): Promise<string> => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const answer = await send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  await answer.text();
  return answer.headers.get('mcp-session-id') ?? '';
};
const ping = async (session: string): Promise<number> => {
  const answer = await send('{"jsonrpc":"2.0","id":1,"method":"ping"}', { 'mcp-session-id': session });
  await answer.text();
  return answer.status;
};

it('who begins ever more sessions loses those that were used longest ago, and none that a stream is open for', async () => {
  const [listening, used, idle] = [await openSession(), await openSession(), await openSession()];
  const leaving = new AbortController();
  const stream = await fetch(`${host.host.httpAddress}/mcp`, {
    headers: { accept: 'text/event-stream', 'mcp-session-id': listening },
    signal: leaving.signal,
  });
  expect(stream.status).toBe(200);
  for (let count = 3; count < 100; count += 1) await openSession();
  expect(await ping(used)).toBe(200);
  await openSession();
  // The next that would go, were it not in use.
  await openSession();
  expect([await ping(listening), await ping(used), await ping(idle)]).toEqual([200, 200, 404]);
  leaving.abort();
});

it('no page of another site listens, even in a session that it knows', async () => {
  const session = await openSession();
  const listen = async (headers: Record<string, string>): Promise<number> => {
    const leaving = new AbortController();
    const { status } = await fetch(`${host.host.httpAddress}/mcp`, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': session, ...headers },
      signal: leaving.signal,
    });
    leaving.abort();
    return status;
  };
  expect(await listen({ origin: 'https://evil.example' })).toBe(403);
  expect(await listen({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await listen({ origin: host.host.httpAddress ?? '' })).toBe(200);
});
