import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually } from './fixtures/open-agent.ts';

const REVISION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'hostile', version: '1' },
};
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

let it_: SandboxHost;
beforeAll(async () => {
  it_ = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - id: echo\n' });
});
afterAll(() => it_[Symbol.asyncDispose]());

const post = (body: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${it_.host.httpAddress}/mcp`, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body,
    ...(signal === undefined ? {} : { signal }),
  });

/** A call without a session, whose arguments are written by hand. */
const call = (name: string, given: string, meta = META) =>
  post(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${given},"_meta":${JSON.stringify(meta)}}}`,
    { 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call', 'mcp-name': name },
  ).then((answer) => answer.text());

const openSession = async (): Promise<string> => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const answer = await post(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  await answer.text();
  return answer.headers.get('mcp-session-id') ?? '';
};
const ping = (session: string) =>
  post('{"jsonrpc":"2.0","id":1,"method":"ping"}', { 'mcp-session-id': session }).then(async (answer) => {
    await answer.text();
    return answer.status;
  });

describe('arguments reach the connector as they are written, or are refused', () => {
  it.each([
    ['{"text":"a","text":"b"}', 'payload_duplicate_key'],
    ['{"text":"a","n":12345678901234567890}', 'payload_inexact_number'],
    ['{"text":"a","__proto__":{}}', 'payload_reserved_key'],
    ['{"text":}', 'payload_not_json'],
    [`{"text":"a","deep":${'['.repeat(300)}${']'.repeat(300)}}`, 'payload_too_deep'],
    [`{"text":"${'x'.repeat(3.1 * 1024 * 1024)}"}`, 'payload_too_large'],
  ])('(%#)', async (given, reason) => {
    const answer = await call('echo__say', given);
    expect(answer).toContain('INVALID_INPUT');
    expect(answer).toContain(reason);
  });

  it('of the tools of the host itself, too', async () => {
    expect(await call('connectors_health', '{"connector":"echo","connector":"x"}')).toMatch(
      /INVALID_INPUT.*each key once/s,
    );
    expect(await call('connectors_list', `{"a":"${'x'.repeat(100_000)}"}`)).toContain('payload_too_large');
  });
});

it('the host reads no large message: a hundred thousand members hold up nobody', async () => {
  const members = Array.from({ length: 150_000 }, (_, index) => `"k${index}":${index}`).join(',');
  const large = call('echo__say', `{"text":"x",${members}}`);
  const startedAt = performance.now();
  let beats = 0;
  const beating = (async () => {
    while (performance.now() - startedAt < 1_000) {
      await (await fetch(`${it_.host.httpAddress}/health/live`)).text();
      beats += 1;
    }
  })();
  expect(await large).toContain('"structuredContent":{"text":"x"');
  await beating;
  expect(beats).toBeGreaterThan(3);
  const beside = await post(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":{${members}}}}`);
  expect([beside.status, await beside.text()]).toEqual([413, expect.stringContaining('beside the arguments')]);
});

it('a large result for which there is no schema comes as text alone', async () => {
  const answer = await call('echo__say', `{"text":"${'x'.repeat(300_000)}"}`);
  expect(answer).toContain('xxx');
  expect(answer).not.toContain('structuredContent');
});

it('a call ends with the client of a session that goes away, as nobody could be told its answer', async () => {
  const session = await openSession();
  const left = new AbortController();
  const wait = (id: number) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'echo__wait', arguments: { ms: 600_000 } },
  });
  const asked = [wait(1), [wait(2), wait(3)]].map((body) =>
    post(JSON.stringify(body), { 'mcp-session-id': session }, left.signal).then((answer) => answer.text()),
  );
  const running = async () => (await it_.service.getStats()).connectors.find(({ id }) => id === 'echo')?.inFlight;
  await eventually(async () => (await running()) === 3);
  left.abort();
  await Promise.allSettled(asked);
  await eventually(async () => (await running()) === 0);
  expect((await it_.service.listCalls('echo')).slice(0, 3).map(({ code }) => code)).toEqual(Array(3).fill('CANCELLED'));
  expect(await ping(session)).toBe(200);
});

it.each([
  ['', -32_700],
  ['{', -32_700],
  ['['.repeat(100_000), -32_700],
  ['[]', -32_600],
  ['[1]', -32_600],
  ['null', -32_600],
  ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32_600],
  ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32_600],
  ['{"jsonrpc":"2.0","id":1,"method":"ping"}', -32_000],
])('what is no message, or of no session, is refused as the protocol has it (%#)', async (body, code) => {
  const answer = await post(body);
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { jsonrpc: '2.0', id: body.includes('"id":2') ? 2 : null, error: { code, message: expect.any(String) } },
  ]);
});

it('a batch has at most a hundred messages', async () => {
  const session = await openSession();
  const batch = (length: number) =>
    post(JSON.stringify(Array.from({ length }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' }))), {
      'mcp-session-id': session,
    });
  const few = await (await batch(3)).text();
  expect(few.match(/"result":\{\}/g)).toHaveLength(3);
  expect((await batch(101)).status).toBe(400);
});

it('clients that begin again and again take the place of their own oldest sessions', async () => {
  const first = await openSession();
  expect(await ping(first)).toBe(200);
  for (let count = 0; count < 100; count += 1) await openSession();
  expect(await ping(first)).toBe(404);
});

it('one caller has at most a hundred streams, and others once they have ended', async () => {
  const left = new AbortController();
  const listen = (signal: AbortSignal) =>
    post(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: { notifications: { toolsListChanged: true }, _meta: META },
      }),
      { 'mcp-protocol-version': REVISION, 'mcp-method': 'subscriptions/listen' },
      signal,
    );
  const opened = await Promise.all(Array.from({ length: 105 }, () => listen(left.signal)));
  expect(opened.filter(({ status }) => status === 429)).toHaveLength(5);
  left.abort();
  await eventually(async () => {
    const again = new AbortController();
    const { status } = await listen(again.signal);
    again.abort();
    return status === 200;
  });
});

it('a caller that leaves in the middle of a call harms nobody; where there are sessions the call goes on, as the protocol has it', async () => {
  const gone = new AbortController();
  const session = await openSession();
  const waiting = (headers: Record<string, string>, meta: object) =>
    post(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 9,
        method: 'tools/call',
        params: { name: 'echo__wait', arguments: { ms: 1_000 }, _meta: meta },
      }),
      headers,
      gone.signal,
    )
      .then((answer) => answer.text())
      .catch(() => 'left');
  const calls = [
    waiting({ 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'echo__wait' }, META),
    waiting({ 'mcp-session-id': session }, {}),
  ];
  setTimeout(() => gone.abort(), 200);
  expect(await Promise.all(calls)).toEqual(['left', 'left']);
  expect(await ping(session)).toBe(200);
});

it('the host ends at once, whoever listens', async () => {
  await using other = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - id: echo\n' });
  const listening = await fetch(`${other.host.httpAddress}/mcp`, {
    method: 'POST',
    headers: { ...HEADERS, 'mcp-protocol-version': REVISION, 'mcp-method': 'subscriptions/listen' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { notifications: { toolsListChanged: true }, _meta: META },
    }),
  });
  expect(listening.status).toBe(200);
  const startedAt = performance.now();
  await other.host.close();
  // Those who do nothing have ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(9_000);
});
