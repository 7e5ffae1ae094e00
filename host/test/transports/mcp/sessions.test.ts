import { setTimeout as delay } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/server';
import { expect, it } from '@jest/globals';
import type { Principal } from '@automate/contract';
import type { SessionBounds } from '../../../src/transports/mcp/sessions.ts';
import { SESSION_BOUNDS, Sessions } from '../../../src/transports/mcp/sessions.ts';
import { eventually } from './fixtures/open-agent.ts';

const principal = (name: string): Principal => ({ name, scopes: ['read'] });
const ANN = principal('ann');
const BEN = principal('ben');

/** Sessions of a door, which clients begin as the protocol has it. */
function openSessions(bounds: Partial<SessionBounds>) {
  const sessions = new Sessions({ ...SESSION_BOUNDS, ...bounds });
  const begin = async (of: Principal): Promise<string> => {
    const session = await sessions.open(of, new Server({ name: 'x', version: '1' }, { capabilities: {} }));
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const answer = await session.transport.handleRequest(
      new Request('http://x/mcp', { method: 'POST', headers, body }),
    );
    await answer.text();
    return session.transport.sessionId ?? '';
  };
  return { sessions, begin, [Symbol.dispose]: () => sessions.close() };
}

it('a session is found by who began it alone', async () => {
  using it_ = openSessions({});
  const id = await it_.begin(ANN);
  expect(it_.sessions.find(id, ANN)).toBeDefined();
  expect(it_.sessions.find(id, BEN)).toBeUndefined();
  it_.sessions.endOf(BEN);
  expect(it_.sessions.find(id, ANN)).toBeDefined();
  it_.sessions.endOf(ANN);
  await eventually(() => it_.sessions.find(id, ANN) === undefined);
});

it('ends where nothing is asked in it, but not while a stream of it is open', async () => {
  using it_ = openSessions({ idleMs: 30 });
  const [idle, busy] = [await it_.begin(ANN), await it_.begin(ANN)];
  const session = it_.sessions.find(busy, ANN);
  if (session !== undefined) session.open = 1;
  await eventually(() => it_.sessions.find(idle, ANN) === undefined);
  await delay(100);
  expect(it_.sessions.find(busy, ANN)).toBeDefined();
});

it('makes room by ending the oldest idle one of the same caller, and refuses where there is none', async () => {
  using it_ = openSessions({ mostOfOne: 2, most: 3 });
  const other = await it_.begin(BEN);
  const [first, second] = [await it_.begin(ANN), await it_.begin(ANN)];
  const held = it_.sessions.find(first, ANN);
  if (held !== undefined) held.open = 1;
  const third = await it_.begin(ANN);
  const found = [first, second, third].map((id) => it_.sessions.find(id, ANN) !== undefined);
  expect([found, it_.sessions.find(other, BEN) !== undefined]).toEqual([[true, false, true], true]);
  const last = it_.sessions.find(third, ANN);
  if (last !== undefined) last.open = 1;
  await expect(it_.begin(ANN)).rejects.toMatchObject({ code: 'RATE_LIMITED', details: { reason: 'caller_limit' } });
});
