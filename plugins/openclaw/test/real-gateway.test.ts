import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import OpenClawAdapter from '../src/openclaw-adapter.ts';
import type { Gateway } from './start-gateway.ts';
import { startGateway } from './start-gateway.ts';

/** A folder in which `openclaw` is installed. `node plugins/openclaw/test/real-gateway.mjs` makes one and runs this file. */
const folder = process.env['OPENCLAW_DIR'];
const token = 'right';
/** A first run warms up for some seconds. */
const PATIENCE_MS = 60_000;

const describeReal = folder === undefined ? describe.skip : describe;

describeReal('a real gateway (off unless OPENCLAW_DIR is set)', () => {
  let gateway: Gateway;
  let openclaw: Awaited<ReturnType<typeof startConnector<OpenClawAdapter>>>;

  beforeAll(async () => {
    gateway = await startGateway(folder ?? '', token);
    openclaw = await startConnector(OpenClawAdapter, { url: gateway.url, config: { auth: { type: 'bearer', token } } });
  }, 3 * PATIENCE_MS);
  afterAll(async () => {
    await openclaw?.close();
    await gateway?.close();
  }, PATIENCE_MS);

  it('lets the connector connect, and is healthy', async () => {
    await expect(openclaw.adapter.connect()).resolves.toBe(true);
    await expect(openclaw.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('lists its agents', async () => {
    await expect(openclaw.call('list_agents')).resolves.toMatchObject({
      default_id: 'main',
      agents: [{ id: 'main', model: 'stub/stub' }],
    });
  });

  it(
    'runs an agent, whose steps go to the log, and gives its answer',
    async () => {
      const answer = await openclaw.call('run_agent', { message: 'Say hello.' }, { timeoutMs: PATIENCE_MS });
      expect(answer).toMatchObject({
        run_id: expect.any(String),
        session_key: expect.stringContaining('agent:main:'),
        agent_id: 'main',
        text: 'Hello from the stub',
        stop_reason: 'stop',
      });
      const steps = openclaw.records.filter(({ fields }) => fields['run_id'] === answer['run_id']);
      expect(steps.map(({ fields }) => fields['phase'])).toEqual(expect.arrayContaining(['start', 'end']));
      expect(steps.map(({ fields }) => fields['delta'] ?? '').join('')).toBe('Hello from the stub');
      await expect(openclaw.call('list_sessions', { include_last_message: true })).resolves.toMatchObject({
        sessions: [{ key: answer['session_key'], status: 'done', last_message: 'Hello from the stub' }],
      });
    },
    2 * PATIENCE_MS,
  );

  it(
    'has a run stopped that takes too long, or whose caller gives up',
    async () => {
      const key = 'agent:main:sleeper';
      await expect(
        openclaw.call('run_agent', { message: 'SLEEP', session_key: key }, { timeoutMs: 4000 }),
      ).rejects.toMatchObject({
        code: 'TIMEOUT',
        details: { run_id: expect.any(String), stopping: true },
      });
      await untilStatus(key, 'killed');
      const other = 'agent:main:other-sleeper';
      await expect(
        openclaw.call('run_agent', { message: 'SLEEP', session_key: other }, { cancelAfterMs: 3000 }),
      ).rejects.toMatchObject({
        code: 'CANCELLED',
      });
      await untilStatus(other, 'killed');
    },
    2 * PATIENCE_MS,
  );

  it(
    'takes a message into a conversation',
    async () => {
      const sent = { message: 'Say hello.', session_key: 'agent:main:main' };
      await expect(openclaw.call('send_message', sent)).resolves.toMatchObject({ run_id: expect.any(String) });
      await untilStatus('agent:main:main', 'done');
      await expect(openclaw.call('send_message', { message: 'hi', to: '+1555' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('Channel is required'),
      });
    },
    PATIENCE_MS,
  );

  it('lists conversations page by page', async () => {
    const first = await openclaw.call('list_sessions', { limit: 1 });
    expect(first).toMatchObject({ sessions: [{}], next_offset: 1 });
    const second = await openclaw.call('list_sessions', { limit: 1, offset: 1 });
    expect(second['sessions']).not.toStrictEqual(first['sessions']);
  });

  it('calls a tool, and says which ones it does not have', async () => {
    await expect(openclaw.call('invoke_tool', { tool: 'sessions_list' })).resolves.toMatchObject({ result: {} });
    await expect(openclaw.call('invoke_tool', { tool: 'ghost' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it("blames the caller for an agent that is not there, in the gateway's words", async () => {
    await expect(openclaw.call('run_agent', { message: 'x', agent_id: 'ghost' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('ghost'),
    });
  });

  it('tells wrong credentials, at both of its doors', async () => {
    const config = { auth: { type: 'bearer', token: 'wrong' } } as const;
    const wrong = await startConnector(OpenClawAdapter, { url: gateway.url, config });
    await expect(wrong.health()).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    await expect(wrong.call('invoke_tool', { tool: 'sessions_list' })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await wrong.close();
  });

  it(
    'is unreachable once it is stopped, and answers again once it is back',
    async () => {
      await gateway.stop();
      await expect(openclaw.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'TRANSIENT_NETWORK' },
      });
      await gateway.restart();
      await expect(openclaw.call('list_agents')).resolves.toMatchObject({ default_id: 'main' });
    },
    3 * PATIENCE_MS,
  );

  async function untilStatus(key: string, status: string): Promise<void> {
    let seen: unknown;
    for (let attempt = 0; attempt < 60; attempt += 1) {
      const { sessions } = await openclaw.call('list_sessions');
      seen = (sessions as { key: string; status?: string }[]).find((session) => session.key === key)?.status;
      if (seen === status) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`the conversation ${key} is ${String(seen)}, not ${status}`);
  }
});
