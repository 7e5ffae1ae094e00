// Long: every action and every trouble against one stand-in, which is costly to put into its states.
import type { JsonObject } from '@automate/sdk';
import type { FakeReply, StartConnectorOptions } from '@automate/testing';
import { closedPort, FakeService, startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PROTOCOL_VERSION } from '@openclaw/gateway-protocol/version';
import { PROTOCOL } from '../src/frames.ts';
import OpenClawAdapter from '../src/openclaw-adapter.ts';
import type { StandInOptions } from './gateway-stand-in.ts';
import { GatewayStandIn } from './gateway-stand-in.ts';

const running: { close(): Promise<void> }[] = [];
const gateways: GatewayStandIn[] = [];
const token = 'right';
const auth = { type: 'bearer', token } as const;

afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
  const violations = gateways.splice(0).flatMap((gateway) => gateway.violations);
  // Both sides keep to the schema that OpenClaw publishes.
  expect(violations).toStrictEqual([]);
});

async function startGateway(options: StandInOptions = { token }): Promise<GatewayStandIn> {
  const gateway = await GatewayStandIn.start(options);
  running.push(gateway);
  gateways.push(gateway);
  return gateway;
}

async function connect(url: string, options: StartConnectorOptions = {}) {
  const connector = await startConnector(OpenClawAdapter, { ...options, url, config: { auth, ...options.config } });
  running.push(connector);
  return connector;
}

type OpenClaw = Awaited<ReturnType<typeof connect>>;

/**
 * What becomes of a run that is not done when the call's time is over or its caller gives up: with ever more time, until
 * the run had begun by then.
 */
async function giveUpOnRun(
  openclaw: OpenClaw,
  option: 'timeoutMs' | 'cancelAfterMs',
  payload: JsonObject = {},
): Promise<unknown> {
  for (let ms = 100; ; ms *= 2) {
    const error: unknown = await openclaw
      .call('run_agent', { message: 'SLEEP', ...payload }, { timeoutMs: 60_000, [option]: ms })
      .catch((thrown: unknown) => thrown);
    if ((error as { details?: JsonObject }).details?.['run_id'] !== undefined) return error;
  }
}

const stopped = ({ runs }: GatewayStandIn): boolean =>
  [...runs.values()].every(({ end }) => end?.['stopReason'] === 'rpc');

async function start(options?: StartConnectorOptions) {
  const gateway = await startGateway();
  return { gateway, openclaw: await connect(gateway.url, options) };
}

describe('the protocol', () => {
  it('is the published one', () => expect(PROTOCOL).toBe(PROTOCOL_VERSION));
});

describe('a gateway (stand-in)', () => {
  it('lets the connector connect, and is healthy', async () => {
    const { gateway, openclaw } = await start();
    await expect(openclaw.adapter.connect()).resolves.toBe(true);
    await expect(openclaw.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: `the gateway 2026.9.1-stand-in at ${gateway.url} is ready`,
    });
    expect(gateway.clients).toBe(1);
  });

  it('lists its agents', async () => {
    const { openclaw } = await start();
    await expect(openclaw.call('list_agents')).resolves.toStrictEqual({
      default_id: 'main',
      agents: [
        { id: 'main', name: 'Molty', emoji: '🦞', model: 'stub/stub', workspace: '/work' },
        { id: 'second', name: 'Second' },
      ],
    });
  });

  it('runs an agent, whose steps go to the log, and gives its answer', async () => {
    const { openclaw } = await start();
    const answer = await openclaw.call('run_agent', { message: 'hello' });
    expect(answer).toStrictEqual({
      run_id: expect.any(String),
      agent_id: 'main',
      session_key: `agent:main:explicit:${String(answer['run_id'])}`,
      text: 'You said: hello',
      stop_reason: 'stop',
      started_at: expect.stringMatching(/Z$/),
      ended_at: expect.stringMatching(/Z$/),
    });
    const steps = openclaw.records.map(({ level, fields }) => [
      level,
      fields['stream'],
      fields['phase'] ?? fields['delta'],
    ]);
    expect(steps).toStrictEqual([
      ['info', 'lifecycle', 'start'],
      ['debug', 'assistant', 'You said: '],
      ['debug', 'assistant', 'hello'],
      ['info', 'lifecycle', 'end'],
    ]);
    expect(new Set(openclaw.records.map(({ fields }) => fields['run_id']))).toStrictEqual(new Set([answer['run_id']]));
  });

  it('runs the agent of the settings, another one, or goes on with a conversation', async () => {
    const { openclaw } = await start({ settings: { agent_id: 'second' } });
    await expect(openclaw.call('run_agent', { message: 'x' })).resolves.toMatchObject({ agent_id: 'second' });
    await expect(openclaw.call('run_agent', { message: 'x', agent_id: 'main' })).resolves.toMatchObject({
      agent_id: 'main',
    });
    await expect(openclaw.call('run_agent', { message: 'x', session_key: 'agent:main:main' })).resolves.toMatchObject({
      session_key: 'agent:main:main',
    });
  });

  it('keeps the steps of runs at the same time apart', async () => {
    const { openclaw } = await start();
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((message) => openclaw.call('run_agent', { message })),
    );
    expect(answers.map(({ text }) => text)).toStrictEqual(['You said: one', 'You said: two', 'You said: three']);
  });

  it("blames the caller for an agent that is not there, in the gateway's words", async () => {
    const { openclaw } = await start();
    await expect(openclaw.call('run_agent', { message: 'x', agent_id: 'ghost' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('unknown agent id "ghost"'),
    });
  });

  it('says why a run failed', async () => {
    const { openclaw } = await start();
    await expect(openclaw.call('run_agent', { message: 'FAIL' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      message: expect.stringContaining('the model is out of order'),
      details: { reason: 'run_failed', run_id: expect.any(String) },
    });
  });

  it('says that a run failed whose model ran out of time, and not that the call did', async () => {
    const { openclaw } = await start();
    await expect(openclaw.call('run_agent', { message: 'SLOW MODEL' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      effect: 'maybe',
      message: expect.stringContaining('the provider timed out'),
      details: { reason: 'run_failed', timeout_phase: 'provider', stop_reason: 'timeout', run_id: expect.any(String) },
    });
    await expect(openclaw.call('run_agent', { message: 'NO ANSWER' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      details: { gateway_error: 'AGENT_TIMEOUT' },
    });
  });

  it('waits on as long as there is time, whatever the gateway makes of its own wait', async () => {
    const { gateway, openclaw } = await start();
    gateway.behaviour = 'short-waits';
    await expect(openclaw.call('run_agent', { message: 'hello' })).resolves.toMatchObject({ text: 'You said: hello' });
    expect([...gateway.runs.values()].map(({ waits }) => waits)).toStrictEqual([3]);
  });

  it('stops a run that takes too long, and says which', async () => {
    const { gateway, openclaw } = await start();
    expect(await giveUpOnRun(openclaw, 'timeoutMs')).toMatchObject({
      code: 'TIMEOUT',
      effect: 'maybe',
      retryable: false,
      details: { run_id: expect.any(String), stopping: true },
    });
    await eventually(() => stopped(gateway));
    await eventually(() => openclaw.records.some(({ message }) => message === 'the run was stopped'));
    await expect(openclaw.call('list_agents')).resolves.toMatchObject({ default_id: 'main' });
  });

  it('lets such a run go on where the caller wants it so', async () => {
    const { gateway, openclaw } = await start();
    const error = await giveUpOnRun(openclaw, 'timeoutMs', { stop_on_timeout: false });
    expect(error).toMatchObject({ code: 'TIMEOUT', details: { run_id: expect.any(String) } });
    // What was sent before over the same connection would have arrived by now.
    await openclaw.call('list_agents');
    expect([...gateway.runs.values()].every(({ end }) => end === undefined)).toBe(true);
  });

  it('stops a run whose caller gives up', async () => {
    const { gateway, openclaw } = await start();
    expect(await giveUpOnRun(openclaw, 'cancelAfterMs')).toMatchObject({
      code: 'CANCELLED',
      details: { run_id: expect.any(String), stopping: true },
    });
    await eventually(() => stopped(gateway));
  });

  it('stops a run also that the gateway names only after the call', async () => {
    const { gateway, openclaw } = await start();
    await openclaw.call('list_agents');
    gateway.behaviour = 'late-accept';
    await expect(openclaw.call('run_agent', { message: 'SLEEP' }, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await eventually(() => gateway.held.length === 1);
    for (const accept of gateway.held) accept();
    await eventually(() => stopped(gateway));
  });

  it("begins one run, and sends one message, for all calls with one of the caller's keys", async () => {
    const { gateway, openclaw } = await start();
    const key = { idempotencyKey: 'order-7' };
    const [first, again] = [
      await openclaw.call('run_agent', { message: 'hello' }, key),
      await openclaw.call('run_agent', { message: 'hello' }, key),
    ];
    expect(again['run_id']).toBe(first['run_id']);
    expect(gateway.runs.size).toBe(1);
    for (const to of [{ to: '+1555' }, { session_key: 'agent:main:main' }] as JsonObject[]) {
      const sent = await openclaw.call('send_message', { message: 'hi', ...to }, key);
      await expect(openclaw.call('send_message', { message: 'hi', ...to }, key)).resolves.toStrictEqual(sent);
    }
    expect(gateway.sent).toHaveLength(2);
    await expect(openclaw.call('invoke_tool', { tool: 'echo' }, key)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('is asked by any of its methods, with what the connector may do', async () => {
    const { openclaw } = await start();
    await expect(openclaw.call('call', { method: 'sessions.list', params: { limit: 1 } })).resolves.toMatchObject({
      result: { sessions: [], hasMore: false },
    });
    await expect(openclaw.call('call', { method: 'health' })).resolves.toStrictEqual({
      result: { ok: true, startedAtNs: '1769860800010000001' },
    });
    await expect(openclaw.call('call', { method: 'no.such' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    for (const wrong of [{ method: 'connect' }, { method: '' }, { method: 'send', params: [] }] as JsonObject[]) {
      await expect(openclaw.call('call', wrong)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  it('sends a message over a channel, and one into a conversation', async () => {
    const { gateway, openclaw } = await start();
    const post = { message: 'hi', to: '+1555', channel: 'telegram', thread_id: '7', silent: true };
    await expect(openclaw.call('send_message', post)).resolves.toStrictEqual({
      message_id: 'm-1',
      channel: 'telegram',
    });
    await expect(
      openclaw.call('send_message', { message: 'hi', session_key: 'agent:main:main' }),
    ).resolves.toStrictEqual({
      run_id: expect.any(String),
      status: 'started',
    });
    expect(gateway.sent).toMatchObject([
      { to: '+1555', channel: 'telegram', threadId: '7', silent: true, message: 'hi' },
      { key: 'agent:main:main', message: 'hi' },
    ]);
    for (const wrong of [{}, { to: 'a', session_key: 'b' }, { session_key: 'b', channel: 'c' }] as JsonObject[]) {
      await expect(openclaw.call('send_message', { message: 'x', ...wrong })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
    }
    await expect(openclaw.call('send_message', { ...post, channel: 'unset' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      message: expect.stringContaining('the channel has no token'),
    });
  });

  it('lists every conversation, page by page', async () => {
    const { openclaw } = await start();
    for (const key of ['a', 'b', 'c']) await openclaw.call('send_message', { message: `to ${key}`, session_key: key });
    const first = await openclaw.call('list_sessions', { limit: 2, include_last_message: true });
    expect(first).toMatchObject({
      total: 3,
      next_offset: 2,
      sessions: [{ key: 'a', last_message: 'to a' }, { key: 'b' }],
    });
    const second = await openclaw.call('list_sessions', { limit: 2, offset: 2 });
    expect(second).toStrictEqual({
      total: 3,
      sessions: [
        { key: 'c', kind: 'direct', agent_id: 'main', status: 'done', updated_at: expect.stringMatching(/Z$/) },
      ],
    });
    await expect(openclaw.call('list_sessions', { search: 'b' })).resolves.toMatchObject({ sessions: [{ key: 'b' }] });
  });

  it('lists no page twice, and leaves out times that there are none of', async () => {
    const { gateway, openclaw } = await start();
    await openclaw.call('send_message', { message: 'one', session_key: 'a' });
    gateway.behaviour = 'odd-page';
    await expect(openclaw.call('list_sessions')).resolves.toStrictEqual({
      total: 1,
      sessions: [{ key: 'a', kind: 'direct', agent_id: 'main', status: 'done' }],
    });
  });

  it('calls a tool', async () => {
    const { openclaw } = await start();
    await expect(
      openclaw.call('invoke_tool', { tool: 'echo', args: { deep: { list: [1, 'two'] } }, session_key: 'main' }),
    ).resolves.toStrictEqual({ result: { args: { deep: { list: [1, 'two'] } }, sessionKey: 'main' } });
  });

  it.each([
    ['ghost', 'NOT_FOUND'],
    ['picky', 'INVALID_INPUT'],
    ['broken', 'UPSTREAM_5XX'],
  ])('says what is wrong with the tool %s', async (tool, code) => {
    const { openclaw } = await start();
    await expect(openclaw.call('invoke_tool', { tool })).rejects.toMatchObject({ code });
  });

  it('is not sent more than it takes', async () => {
    const { openclaw } = await start();
    await expect(openclaw.call('run_agent', { message: 'x'.repeat(300 * 1024) })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'too_large' },
    });
  });
});

describe('credentials', () => {
  it('are the token or the password, over WebSocket and HTTP', async () => {
    const byToken = await startGateway({ token: 'one' });
    const byPassword = await startGateway({ password: 'two' });
    const open = await startGateway({});
    const connectors = [
      await connect(byToken.url, { config: { auth: { type: 'bearer', token: 'one' } } }),
      await connect(byToken.url, { config: { auth: { type: 'api_key', apiKey: 'one' } } }),
      await connect(byPassword.url, { config: { auth: { type: 'basic', username: 'x', password: 'two' } } }),
      await connect(open.url, { config: { auth: { type: 'none' } } }),
    ];
    for (const connector of connectors) {
      await expect(connector.adapter.connect()).resolves.toBe(true);
      await expect(connector.call('invoke_tool', { tool: 'echo' })).resolves.toMatchObject({ result: {} });
    }
  });

  it('that are wrong are told from a gateway that cannot be reached', async () => {
    const gateway = await startGateway({ token: 'one' });
    const wrong = await connect(gateway.url, { config: { auth: { type: 'bearer', token: 'two' } } });
    await expect(wrong.adapter.connect()).rejects.toMatchObject({ code: 'AUTH_FAILED', effect: 'none' });
    await expect(wrong.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
    await expect(wrong.call('invoke_tool', { tool: 'echo' })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    const elsewhere = await connect(`http://127.0.0.1:${await closedPort()}`);
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
  });

  it('that a gateway cannot take are the fault of the configuration', async () => {
    const gateway = await startGateway({});
    const oauth2 = { type: 'oauth2', tokenUrl: 'http://127.0.0.1/token', clientId: 'id', clientSecret: 's' } as const;
    const connector = await connect(gateway.url, { config: { auth: oauth2 } });
    await expect(connector.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a connection', () => {
  it('that is lost in the middle of a run is reported with the run, and the next call works', async () => {
    const { gateway, openclaw } = await start();
    gateway.behaviour = 'drop-on-wait';
    await expect(openclaw.call('run_agent', { message: 'SLEEP' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
      details: { reason: 'connection_lost', run_id: expect.any(String) },
    });
    gateway.behaviour = 'normal';
    await expect(openclaw.call('run_agent', { message: 'again' })).resolves.toMatchObject({ text: 'You said: again' });
  });

  it('comes back after the gateway was stopped and started, while another gateway goes on', async () => {
    const [first, second] = [await startGateway(), await startGateway()];
    const [one, other] = [await connect(first.url), await connect(second.url)];
    await one.call('list_agents');
    await other.call('list_agents');
    const { port } = first;
    await first.close();
    await expect(one.call('list_agents')).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    await expect(one.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'TRANSIENT_NETWORK' } });
    await expect(other.call('list_agents')).resolves.toMatchObject({ default_id: 'main' });
    await startGateway({ token, port });
    await expect(one.call('list_agents')).resolves.toMatchObject({ default_id: 'main' });
    await expect(one.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('on which nothing is heard any more is given up', async () => {
    const gateway = await startGateway({ token, tickIntervalMs: 50 });
    const openclaw = await connect(gateway.url);
    await openclaw.call('list_agents');
    gateway.behaviour = 'silent';
    await expect(openclaw.call('list_agents', {}, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      message: expect.stringContaining('silent'),
    });
    gateway.behaviour = 'normal';
    await expect(openclaw.call('list_agents')).resolves.toMatchObject({ default_id: 'main' });
  });

  it('that comes only after the call is not used for it any more', async () => {
    const { gateway, openclaw } = await start();
    gateway.behaviour = 'late-challenge';
    const late = (name: string, payload: JsonObject) => openclaw.call(name, payload, { timeoutMs: 500 });
    const calls = [
      late('send_message', { to: 'ann', message: 'late' }),
      late('send_message', { session_key: 'a', message: 'late' }),
      late('run_agent', { message: 'late' }),
      late('call', { method: 'sessions.send', params: { key: 'b', message: 'late' } }),
    ];
    for (const settled of await Promise.allSettled(calls))
      expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT', effect: 'none' } });
    await eventually(() => gateway.held.length > 0);
    gateway.behaviour = 'normal';
    for (const challenge of gateway.held.splice(0)) challenge();
    await openclaw.call('send_message', { to: 'ann', message: 'in time' });
    expect(gateway.sent).toMatchObject([{ message: 'in time' }]);
    expect(gateway.runs.size).toBe(0);
  });

  it('is closed with the connector', async () => {
    const { gateway, openclaw } = await start();
    await openclaw.call('list_agents');
    openclaw.adapter.close();
    await eventually(() => gateway.clients === 0);
  });
});

describe('a bad answer', () => {
  it('is told from a slow one', async () => {
    const { gateway, openclaw } = await start();
    await openclaw.call('list_agents');
    gateway.behaviour = 'silent';
    await expect(openclaw.call('list_agents', {}, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(openclaw.health({ timeoutMs: 200 })).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });
    gateway.behaviour = 'garbage';
    await expect(openclaw.call('list_agents')).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      details: { reason: 'bad_answer' },
    });
    gateway.behaviour = 'normal';
    await expect(openclaw.call('list_agents')).resolves.toMatchObject({ default_id: 'main' });
  });

  it.each([
    { text: '<html>', headers: { 'content-type': 'text/html' } },
    { status: 404, text: '404 page not found' },
    { status: 404, json: { error: { message: 'no such route' } } },
    { status: 400, json: {} },
  ] as FakeReply[])('of another service at the port is named as such: %j', async (page) => {
    const service = await FakeService.start();
    running.push(service);
    service.on('*', /.*/, page);
    const openclaw = await connect(service.url);
    await expect(openclaw.adapter.connect()).rejects.toMatchObject({ code: 'UPSTREAM_5XX', retryable: false });
    await expect(openclaw.call('run_agent', { message: 'x' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      effect: 'none',
    });
  });

  it('of a page before the gateway is never a tool that is not there', async () => {
    const { openclaw } = await start({ config: { basePath: '/nowhere' } });
    await expect(openclaw.call('invoke_tool', { tool: 'echo' })).rejects.toMatchObject({ code: 'UPSTREAM_5XX' });
  });

  it('to the handshake is told from none, and a protocol of another version from both', async () => {
    const { gateway, openclaw } = await start();
    const hasty = await connect(gateway.url, { config: { limits: { startTimeoutMs: 200 } } });
    gateway.behaviour = 'no-challenge';
    await expect(hasty.call('list_agents')).rejects.toMatchObject({ details: { reason: 'bad_answer' } });
    gateway.behaviour = 'old-protocol';
    await expect(openclaw.call('list_agents')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { gateway_detail: 'PROTOCOL_MISMATCH' },
    });
  });

  it('is not what a gateway gives that is not ready yet', async () => {
    const { gateway, openclaw } = await start();
    gateway.behaviour = 'not-ready';
    await expect(openclaw.health()).resolves.toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('telegram failing'),
      details: { code: 'UPSTREAM_5XX', reason: 'not_ready' },
    });
  });
});
