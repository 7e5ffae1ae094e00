// Long, as what is kept of a log, what is read of it and what is followed are looked at together.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { CallOptions, ConnectorService, FollowFilter, LineLevel, LogEvent, LogLine } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { LogTail } from '../../dist/log/log-tail.js';
import { EventStreams } from '../../dist/transports/rest/event-streams.js';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const CANARY = 'canary-7f3b-of-the-log';
const SOURCE = `
import { action, ConnectorAdapter } from '@automate/sdk';
const anything = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class TalkerAdapter extends ConnectorAdapter {
  name = 'talker';
  version = '1.0.0';
  async connect() { return true; }
  configSchema = { ...anything, jsonSchema: { type: 'object', properties: { token: { type: 'string', writeOnly: true } } } };
  actions = {
    talk: action({
      description: 'Writes a line.', input: anything, sideEffects: true, idempotent: false,
      run: ({ level = 'info', message = 'a line', times = 1 }) => {
        for (let i = 1; i <= times; i += 1) this.context.logger[level](message + ' ' + i, { token: this.context.settings.token });
        return {};
      },
    }),
    refuse: action({ description: 'Fails.', input: anything, sideEffects: false, idempotent: true, run: () => { throw new Error('no'); } }),
  };
}
`;
const YAML = `connectors:
  - { id: one, kind: talker, settings: { token: ${CANARY} }, retry: { attempts: 1 } }
  - { id: two, kind: talker }
`;
const open = (): Promise<SandboxHost> =>
  SandboxHost.open({
    kinds: [],
    yaml: YAML,
    env: { HEALTH_INTERVAL: '500h' },
    flags: { logLevel: 'info' },
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'talker', source: SOURCE })),
  });
const talk = (host: SandboxHost, message: string, more: { level?: LineLevel; times?: number; id?: string } = {}) => {
  const { id = 'one', ...payload } = more;
  return host.service.execute({ id, action: 'talk', payload: { message, ...payload } });
};
const messages = (lines: readonly LogLine[]): readonly string[] => lines.map(({ message }) => message);

/** What a follower is told, until what it was told is enough. */
async function told(
  service: ConnectorService,
  filter: FollowFilter,
  enough: (events: readonly LogEvent[]) => boolean,
): Promise<readonly LogEvent[]> {
  const stop = new AbortController();
  const events: LogEvent[] = [];
  for await (const event of service.followLogs(filter, { signal: stop.signal })) {
    events.push(event);
    if (enough(events)) break;
  }
  stop.abort();
  return events;
}
const words = (events: readonly LogEvent[]): readonly (string | number | undefined)[] =>
  events.map((event) => {
    if (event.kind === 'line') return event.line.message;
    return event.kind === 'missed' ? event.count : event.kind;
  });

describe('the log over the API', () => {
  let host: SandboxHost;
  let doors: Readonly<Record<string, ConnectorService>>;
  beforeAll(async () => {
    host = await open();
    doors = {
      'in process': host.service,
      gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
      REST: openRestBackend(host.host.httpAddress ?? ''),
    };
  });
  afterAll(async () => {
    await doors['gRPC']?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each(['in process', 'gRPC', 'REST'])('is read %s, without secrets, of one connector and of all', async (door) => {
    const service = doors[door] as ConnectorService;
    await talk(host, `${door} first`, { level: 'warn' });
    await talk(host, `${door} second`);
    await talk(host, `${door} of another`, { id: 'two' });
    await talk(host, `${door} unheard`, { level: 'debug' });
    await eventually(async () =>
      messages(await service.readLogs({ connector: 'two' })).includes(`${door} of another 1`),
    );
    const lines = await service.readLogs({ connector: 'one', limit: 2 });
    expect(lines).toMatchObject([
      { level: 'warn', connector: 'one', source: 'logger', message: `${door} first 1`, fields: { token: '[secret]' } },
      { level: 'info', connector: 'one', source: 'logger', message: `${door} second 1` },
    ]);
    expect(lines[1]?.seq).toBeGreaterThan(lines[0]?.seq ?? Infinity);
    expect(JSON.stringify(lines)).not.toContain(CANARY);
    const warnings = await service.readLogs({ connector: 'one', level: 'warn', limit: 1 });
    expect(messages(warnings)).toStrictEqual([`${door} first 1`]);
    expect(messages(await service.readLogs({ limit: 3 }))).toStrictEqual([
      `${door} first 1`,
      `${door} second 1`,
      `${door} of another 1`,
    ]);
    await expect(service.readLogs({ connector: 'three' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(service.readLogs({ limit: 0 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it.each(['in process', 'gRPC', 'REST'])('is followed %s, from where one was', async (door) => {
    const service = doors[door] as ConnectorService;
    await talk(host, `${door} kept`);
    await eventually(async () => messages(await service.readLogs()).includes(`${door} kept 1`));
    let synced = false;
    const following = told(service, { connector: 'one', limit: 1 }, (events) => {
      synced = events.some(({ kind }) => kind === 'synced');
      return events.length === 4;
    });
    await eventually(() => synced);
    for (const id of ['two', 'one', 'one']) await talk(host, `${door} new`, { id });
    const events = await following;
    expect(words(events)).toStrictEqual([`${door} kept 1`, 'synced', `${door} new 1`, `${door} new 1`]);
    const [kept] = events;
    const after = kept?.kind === 'line' ? kept.line.seq : 0;
    const again = await told(service, { connector: 'one', after }, (all) => all.some(({ kind }) => kind === 'synced'));
    expect(new Set(words(again))).toStrictEqual(new Set([`${door} new 1`, 'synced']));
    const fromBefore = await told(service, { connector: 'one', after: 7 }, (all) => all.length > 0);
    expect(fromBefore).toStrictEqual([{ kind: 'missed' }]);
    await expect(told(service, { connector: 'three' }, () => true)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['in process', 'gRPC', 'REST'])('lists the last calls %s, and not what they carried', async (door) => {
    const service = doors[door] as ConnectorService;
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const payload = { message: 'a-payload', level: 'trace' };
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await service.execute(
      { id: 'two', action: 'talk', payload, idempotencyKey: `key-${door.replace(' ', '-')}` },
      { traceparent },
    );
    await expect(service.execute({ id: 'two', action: 'refuse' })).rejects.toBeDefined();
    await expect(service.execute({ id: 'two', action: 'nothing' })).rejects.toBeDefined();
    await service.pause('two');
    await expect(service.execute({ id: 'two', action: 'talk' })).rejects.toBeDefined();
    await service.resume('two');
    const calls = await service.listCalls('two', { limit: 4 });
    const caller = { principal: 'local', door: { gRPC: 'grpc', REST: 'rest' }[door] ?? 'local' };
    expect(calls).toMatchObject([
      { action: 'talk', code: 'UNAVAILABLE', blame: 'operator', attempts: 0, keyed: false, ...caller },
      { action: 'nothing', code: 'INVALID_INPUT', blame: 'caller' },
      { action: 'refuse', code: 'INTERNAL_ERROR', blame: 'plugin', attempts: 1, keyed: false, ...caller },
      { action: 'talk', code: 'OK', attempts: 1, keyed: true, traceId, ...caller },
    ]);
    expect(calls[3]?.durationMs).toBeGreaterThan(0);
    expect(JSON.stringify(calls)).not.toMatch(/a-payload|key-/);
  });

  it('keeps the last hundred calls of a connector', async () => {
    for (let index = 0; index < 120; index += 1)
      await host.service.execute({ id: 'one', action: 'talk', payload: { times: 0 } });
    await expect(host.service.listCalls('one')).resolves.toHaveLength(100);
  });

  it('ends for whoever follows it when the host does, in good order', async () => {
    await using other = await open();
    const remote = await connect({ address: other.host.grpcAddress ?? '' });
    const rest = openRestBackend(other.host.httpAddress ?? '');
    const seen = new Set<string>();
    const following = Object.entries({ gRPC: remote, REST: rest, local: other.service }).map(
      async ([door, service]) => {
        for await (const { kind } of service.followLogs()) if (kind === 'synced') seen.add(door);
      },
    );
    await eventually(() => seen.size === 3);
    await other.host.close();
    await Promise.all(following);
    await remote.close();
  });

  it('ends with the reason for a caller whose token is revoked', async () => {
    await using other = await open();
    const { id, token } = await other.service.createToken({ name: 'ops', scopes: ['manage'] });
    const answer = await fetch(`${other.host.httpAddress}/api/v1/connectors/one/logs?follow=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = answer.text();
    await other.service.revokeToken(id);
    expect(await text).toMatch(/event: synced\ndata: \{\}\n\nevent: error\ndata: .*"reason":"token_revoked"/);
  });
});

describe('the log level of a connector', () => {
  it('counts at once, for it alone, and outlives its worker and the host until it is set back', async () => {
    let host = await open();
    try {
      const rest = openRestBackend(host.host.httpAddress ?? '');
      await talk(host, 'before', { level: 'debug' });
      await expect(rest.setLogLevel('one', 'debug')).resolves.toMatchObject({ id: 'one', logLevel: 'debug' });
      for (const id of ['one', 'two']) await talk(host, 'after', { level: 'debug', id });
      await host.service.restart('one');
      await talk(host, 'with another worker', { level: 'debug' });
      await eventually(() => host.logText.includes('with another worker'));
      const lines = await host.service.readLogs({ level: 'debug' });
      expect(messages(lines.filter(({ source }) => source === 'logger'))).toStrictEqual([
        'after 1',
        'with another worker 1',
      ]);
      host = await host.restart();
      await talk(host, 'in another host', { level: 'debug' });
      await eventually(() => host.logText.includes('in another host'));
      await host.service.setLogLevel('one', 'fatal');
      await talk(host, 'hushed', { level: 'error' });
      const reset = await host.service.setLogLevel('one', 'default');
      expect(reset.logLevel).toBeUndefined();
      await talk(host, 'as all', { level: 'debug' });
      await talk(host, 'as all', { level: 'info' });
      await eventually(() => host.logText.includes('as all'));
      expect(host.logText).not.toMatch(
        /hushed|"level":"debug","time":"[^"]*","connector":"one","source":"logger","msg":"as all/,
      );
      await expect(host.service.setLogLevel('one', 'loud' as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(host.service.setLogLevel('nobody', 'info')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    } finally {
      await host[Symbol.asyncDispose]();
    }
  });
});

describe('the end of the log that is kept', () => {
  const line = (message: string): string =>
    JSON.stringify({ level: 'info', time: 'then', connector: 'c', msg: message });
  const full = (): LogTail => {
    const tail = new LogTail();
    tail.keep('c');
    return tail;
  };

  it('is bounded in lines, in length, and for ids that there are not', () => {
    const tail = full();
    for (let index = 1; index <= 3_000; index += 1) tail.add(line(`line ${index}`), 'info', 'c');
    expect(tail.read({ limit: 1_000 }).map(({ message }) => message)).toStrictEqual(
      Array.from({ length: 1_000 }, (_, index) => `line ${2_001 + index}`),
    );
    tail.add(line('of nobody'), 'info', 'nobody');
    expect(tail.read({ connector: 'nobody' })).toStrictEqual([]);
    for (let index = 0; index < 100; index += 1) tail.add(line('x'.repeat(10_000)), 'info', 'c');
    expect(tail.read({ limit: 1_000 }).length).toBeLessThan(27);
    tail.add(line('y'.repeat(1_000_000)), 'info', 'c');
    const [long] = tail.read({ limit: 1 });
    expect(long?.message.length).toBeLessThan(5_000);
    expect(long?.fields).toMatchObject({ shortened_from: expect.any(Number) });
    tail.forget('c');
    expect(tail.read({})).toStrictEqual([]);
  });

  it('holds as much as all connectors may have together, and no more', () => {
    const tail = new LogTail();
    const ids = Array.from({ length: 400 }, (_, index) => `c${index}`);
    for (const id of ids) tail.keep(id);
    for (let round = 0; round < 30; round += 1) for (const id of ids) tail.add(line('z'.repeat(10_000)), 'info', id);
    const lengths = ids.map((connector) => JSON.stringify(tail.read({ connector, limit: 1_000 })).length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(40 * 1024 * 1024);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(10 * 1024 * 1024);
  });

  it('tells a reader who is too slow how many lines it missed, where it missed them', async () => {
    const tail = full();
    for (let index = 1; index <= 10; index += 1) tail.add(line(`line ${index}`), 'info', 'c');
    const stop = new AbortController();
    const events = tail.follow({ connector: 'c', limit: 5 }, { signal: stop.signal });
    for (let index = 11; index <= 10_000; index += 1) tail.add(line(`line ${index}`), 'info', 'c');
    const got: LogEvent[] = [];
    for await (const event of events) {
      got.push(event);
      if (event.kind === 'line' && event.line.message === 'line 10000') break;
    }
    const lines = got.filter(({ kind }) => kind === 'line').length;
    const missed = got.reduce((sum, event) => sum + (event.kind === 'missed' ? (event.count ?? NaN) : 0), 0);
    expect(lines).toBeLessThanOrEqual(2_000);
    expect(lines + missed).toBe(5 + 9_990);
    expect(got.filter(({ kind }) => kind === 'synced')).toHaveLength(1);
    expect(got[0]?.kind).toBe('missed');
  });

  it('keeps no more than that for a connection that nobody reads from', async () => {
    const tail = full();
    const follow = (options: CallOptions) => tail.follow({}, options);
    const streams = new EventStreams();
    const stream = await streams.open({ raw: {} } as never, {}, follow, (told) => ({
      event: told.kind,
      data: told.kind === 'line' ? told.line.message : told,
    }));
    const added = 20_000;
    for (let index = 1; index <= added; index += 1) {
      tail.add(line(`line ${index} ${'x'.repeat(500)}`), 'info', 'c');
      // As a real one does, it takes what it can while lines come.
      if (index % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.includes(`line ${added} `)) break;
    }
    const missed = [...text.matchAll(/event: missed\ndata: .*"count":(\d+)/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
    const lines = [...text.matchAll(/event: line\n/g)].length;
    streams.endAll();
    expect(missed).toBeGreaterThan(added / 2);
    expect(lines + missed).toBe(added);
  });

  it('says something to a silent follower, so that nobody takes its connection for a dead one', async () => {
    const tail = full();
    const streams = new EventStreams({ heartbeatMs: 20 });
    const follow = (options: CallOptions) => tail.follow({}, options);
    const stream = await streams.open({ raw: {} } as never, {}, follow, ({ kind }) => ({ event: kind, data: {} }));
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.endsWith(': \n\n: \n\n')) streams.endAll();
    }
    expect(text).toMatch(/^retry: \d+\n\nevent: synced\ndata: \{\}\n\n(: \n\n)+$/);
  });
});
