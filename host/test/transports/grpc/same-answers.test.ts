// Long, as it asks for every operation at both sides.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorError, ERROR_CODES, isAccessCode } from '@automate/contract';
import type { ConnectorEvent, ConnectorService, ErrorCode, JsonObject } from '@automate/contract';
import { MemoryService } from '../fixtures/memory-service.ts';
import { openGrpc } from './fixtures/open-grpc.ts';
import type { OpenGrpc } from './fixtures/open-grpc.ts';

const CONNECTORS = [
  { id: 'echo', description: 'Answers', tags: ['a', 'b'], metadata: { team: 'core' }, host: '::1', port: 8080 },
  { id: 'keyed', enabled: true, settings: { broken: 'the remote system is down' } },
  {
    id: 'prometheus',
    enabled: false,
    host: 'prometheus',
    auth: { type: 'bearer' as const, token: 'hidden' },
    healthCheck: { path: '/-/healthy' },
  },
];

/** The outcome of a call, good or bad, as plain data. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!ConnectorError.is(error)) throw error;
    return { error: error.toEnvelope(), class: error.constructor.name };
  }
}

async function all(events: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  for await (const event of events) told.push(event);
  return told;
}

const timeless = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, item: unknown) => (/At$|durationMs/.test(key) ? `a ${typeof item}` : item)) ?? 'null',
  );

describe('calls over gRPC answer what calls in process answer', () => {
  let grpc: OpenGrpc;
  let local: ConnectorService;

  beforeAll(async () => {
    grpc = await openGrpc(CONNECTORS);
    local = new MemoryService(CONNECTORS);
  });
  afterAll(async () => {
    await grpc[Symbol.asyncDispose]();
  });

  const config = {
    id: 'new',
    kind: 'echo',
    name: 'New',
    mode: 'remote' as const,
    settings: { nested: { list: [1, 'two', null, { three: true }] }, empty: {} },
    auth: { type: 'oauth2' as const, tokenUrl: 'https://id/', clientId: 'a', clientSecret: 'b', scopes: ['x'] },
    limits: { concurrency: 2 },
    retry: { attempts: 1, backoffMs: 0 },
    tls: { insecure: false },
    healthCheck: { enabled: false },
  };
  const calls: readonly (readonly [string, (service: ConnectorService) => Promise<unknown>])[] = [
    ['list', (service) => service.list()],
    ['list of a type', (service) => service.list({ type: 'observability' })],
    ['list of the enabled', (service) => service.list({ enabledOnly: true })],
    ['list of a tag', (service) => service.list({ tag: 'b' })],
    ['get', (service) => service.get('echo')],
    ['get with masked secrets', (service) => service.get('prometheus')],
    ['get of nobody', (service) => service.get('ghost')],
    ['describe', (service) => service.describe('keyed')],
    ['describe a kind', (service) => service.describeKind('keyed')],
    ['describe a kind that there is not', (service) => service.describeKind('keydd')],
    ['describe a kind without a name', (service) => service.describeKind('')],
    ['describe of nobody', (service) => service.describe('ghost')],
    ['health of one', (service) => service.healthCheck('keyed')],
    ['health of a disabled one', (service) => service.healthCheck('prometheus')],
    ['health of nobody', (service) => service.healthCheck('ghost')],
    ['health of all', (service) => service.healthCheckAll()],
    ['last known health', (service) => service.healthCheckAll({ cached: true })],
    ['health of a type', (service) => service.healthCheckAll({ type: 'custom' })],
    ['test that passes', (service) => service.test('echo')],
    ['test that fails', (service) => service.test('keyed')],
    ['test of nobody', (service) => service.test('ghost')],
    ['register', (service) => service.register(config)],
    ['get of what was registered', (service) => service.get('new')],
    ['register again', (service) => service.register(config)],
    [
      'register with every problem',
      (service) => service.register({ id: 'Bad', port: 70_000, auth: { token: '[secret]' } }),
    ],
    ['update', (service) => service.update({ id: 'new', kind: 'keyed', description: 'changed' })],
    ['update with a problem', (service) => service.update({ id: 'new', kind: 'nothing' })],
    ['update of nobody', (service) => service.update({ id: 'ghost', kind: 'echo' })],
    ['update of what the file owns', (service) => service.update({ id: 'echo' })],
    ['get after the updates', (service) => service.get('new')],
    ['pause', (service) => service.pause('echo')],
    ['get of a paused one', (service) => service.get('echo')],
    ['resume', (service) => service.resume('echo')],
    ['restart', (service) => service.restart('keyed')],
    ['enable', (service) => service.enable('new')],
    ['disable', (service) => service.disable('new')],
    ['disable nobody', (service) => service.disable('ghost')],
    ['logs', (service) => service.readLogs()],
    ['logs of one', (service) => service.readLogs({ connector: 'echo', level: 'warn', limit: 3 })],
    ['logs of nobody', (service) => service.readLogs({ connector: 'ghost' })],
    ['logs of no level', (service) => service.readLogs({ level: 'loud' as never })],
    ['too many logs', (service) => service.readLogs({ limit: 1001 })],
    ['logs as they come', (service) => all(service.followLogs({ connector: 'echo', after: 7 }))],
    ['logs as they come, of nobody', (service) => all(service.followLogs({ connector: 'ghost' }))],
    ['log level', (service) => service.setLogLevel('echo', 'debug')],
    ['no log level', (service) => service.setLogLevel('echo', 'loud' as never)],
    ['default log level', (service) => service.setLogLevel('echo', 'default')],
    ['calls', (service) => service.listCalls('echo', { limit: 2 })],
    ['too many calls', (service) => service.listCalls('echo', { limit: 0 })],
    ['plan', (service) => service.planConfig({ yaml: 'connectors: []', name: 'new.yaml' })],
    ['plan of the file', (service) => service.planConfig()],
    ['plan of no text', (service) => service.planConfig({ yaml: 7 as never })],
    ['apply', (service) => service.applyConfig({ yaml: 'connectors: []' })],
    ['apply what is wrong', (service) => service.applyConfig({ yaml: '' })],
    ['export', (service) => service.exportConfig()],
    ['status', (service) => service.getStatus()],
    ['hosts', (service) => service.listHosts()],
    ['drain a host', (service) => service.drainHost('b')],
    ['undrain a host', (service) => service.undrainHost('b')],
    ['drain nobody', (service) => service.drainHost('ghost')],
    ['webhook', (service) => service.receiveWebhook('echo', { headers: { A: 'b' }, body: Buffer.from('sent') })],
    ['webhook for nobody', (service) => service.receiveWebhook('no', { headers: {}, body: Buffer.alloc(0) })],
    ['webhook that is none', (service) => service.receiveWebhook('echo', { headers: {}, body: 'text' as never })],
    [
      'webhook that is too large',
      (service) => service.receiveWebhook('echo', { headers: {}, body: Buffer.alloc(2 ** 21) }),
    ],
    ['history of health', (service) => service.listHealthHistory('echo')],
    ['remove', (service) => service.remove('new')],
    ['remove again', (service) => service.remove('new')],
    ['remove of what the file owns', (service) => service.remove('echo')],
    ['plugins', (service) => service.plugins()],
    ['rescan', (service) => service.rescanPlugins()],
    [
      'set a profile',
      (service) =>
        service.setProfile({ name: 'p', kind: 'echo', settings: { a: { b: [1, null] } }, secrets: { token: 'x' } }),
    ],
    [
      'set a disabled one',
      (service) => service.setProfile({ name: 'q', kind: 'echo', environment: 'dev', enabled: false }),
    ],
    ['set one that is none', (service) => service.setProfile({ name: 'a b', kind: 'echo', secrets: { 'a-b': 'c' } })],
    ['profiles', (service) => service.listProfiles()],
    ['remove a profile', (service) => service.removeProfile('p')],
    ['remove it again', (service) => service.removeProfile('p')],
    ['set a secret', (service) => service.setSecret({ namespace: 'a', name: 'b', value: 'c' })],
    ['set it again', (service) => service.setSecret({ namespace: 'a', name: 'b', value: 'd' })],
    ['secrets', (service) => service.listSecrets()],
    ['remove one in use', (service) => service.removeSecret({ namespace: 'a', name: 'b' })],
    ['remove it', (service) => service.removeSecret({ namespace: 'a', name: 'b', version: 1, force: true })],
    ['remove it again', (service) => service.removeSecret({ namespace: 'a', name: 'b' })],
    ['stats', (service) => service.getStats()],
    ['blame', (service) => service.blame()],
    ['audit', (service) => service.listAudit()],
    [
      'a page of the audit',
      (service) => service.listAudit({ since: '2026-01-31', code: 'OK', order: 'oldest', cursor: 7, limit: 3 }),
    ],
    ['audit since never', (service) => service.listAudit({ since: 'never' })],
    ['audit of no page', (service) => service.listAudit({ limit: 0 })],
    ['verify', (service) => service.verifyAudit()],
    ['verify with a head', (service) => service.verifyAudit({ seq: 3, hash: 'f'.repeat(64) })],
    ['verify with half a head', (service) => service.verifyAudit({ seq: 3, hash: '' })],
    [
      'execute',
      (service) => service.execute({ id: 'echo', action: 'echo', payload: { text: 'grüße 🚀', n: 1.5, deep: [{}] } }),
    ],
    ['execute without a payload', (service) => service.execute({ id: 'echo', action: 'echo' })],
    ['execute of an unknown action', (service) => service.execute({ id: 'echo', action: 'dance' })],
    ['execute on nobody', (service) => service.execute({ id: 'ghost', action: 'echo' })],
    ['execute on a disabled one', (service) => service.execute({ id: 'prometheus', action: 'echo' })],
    ['execute with text', (service) => service.executeText({ id: 'echo', action: 'echo', payload: ' {"a" : 1.0} ' })],
    ['execute with empty text', (service) => service.executeText({ id: 'echo', action: 'echo', payload: '' })],
    [
      'execute with text that is no JSON',
      (service) => service.executeText({ id: 'echo', action: 'echo', payload: '{a' }),
    ],
    ['execute with an array', (service) => service.executeText({ id: 'echo', action: 'echo', payload: '[1]' })],
    ['execute with a key', (service) => service.execute({ id: 'keyed', action: 'count', idempotencyKey: 'k' })],
    ['execute with the same key', (service) => service.execute({ id: 'keyed', action: 'count', idempotencyKey: 'k' })],
    ['what is kept', (service) => service.getOutcome('keyed', 'k')],
    ['what is cleared', (service) => service.clearOutcome('keyed', 'k')],
    ['what is kept no more', (service) => service.getOutcome('keyed', 'k')],
    [
      'start',
      (service) => service.startExecution({ id: 'echo', action: 'echo', payload: { text: 'grüße 🚀' }, priority: -7 }),
    ],
    ['how it ended', async (service) => (await all(service.watchExecution('1'))).at(-1)],
    ['get it', (service) => service.getExecution('1')],
    ['get nothing', (service) => service.getExecution('nope')],
    ['get no id', (service) => service.getExecution('')],
    ['watch nothing', (service) => all(service.watchExecution('nope'))],
    ['watch no id', (service) => all(service.watchExecution(7 as never))],
    ['run it again', (service) => service.rerunExecution('1')],
    ['cancel it', (service) => service.cancelExecution('1')],
    [
      'start later',
      (service) =>
        service.startExecution({
          ...{ id: 'keyed', action: 'count', payload: '', idempotencyKey: 'e', priority: 100 },
          ...{ runAt: '2999-01-01T00:00:00+01:00', runTimeoutMs: 2 ** 31 - 1 },
          callbackUrl: 'https://hooks.example.com/a?b=%2F&c=%C3%BC',
        }),
    ],
    ['start it again', (service) => service.startExecution({ id: 'keyed', action: 'count', idempotencyKey: 'e' })],
    ['cancel what waits', (service) => service.cancelExecution('2')],
    ['run what was cancelled again', (service) => service.rerunExecution('2')],
    ['once more', (service) => service.rerunExecution('2')],
    ['how that ended', async (service) => (await all(service.watchExecution('3'))).at(-1)],
    ['start what fails', (service) => service.startExecution({ id: 'echo', action: 'dance', payload: '{}' })],
    ['how it failed', async (service) => (await all(service.watchExecution('4'))).at(-1)],
    ['start what is no JSON', (service) => service.startExecution({ id: 'echo', action: 'echo', payload: '{a' })],
    ['how that failed', async (service) => (await all(service.watchExecution('5'))).at(-1)],
    ['executions', (service) => service.listExecutions()],
    [
      'executions of one',
      (service) => service.listExecutions({ connector: 'keyed', status: ['succeeded', 'cancelled'] }),
    ],
    ['dead letters', (service) => service.listExecutions({ deadLetters: true, principal: 'local' })],
    ['a page of them', (service) => service.listExecutions({ limit: 2 })],
    ['the next page', (service) => service.listExecutions({ limit: 2, after: '2' })],
    ['of no status', (service) => service.listExecutions({ status: ['late' as never] })],
    ['of no page', (service) => service.listExecutions({ after: 'x' })],
    ['start on nobody', (service) => service.startExecution({ id: 'ghost', action: 'echo' })],
    ['start nothing', (service) => service.startExecution({ id: 'echo', action: '' })],
    ['start at no time', (service) => service.startExecution({ id: 'echo', action: 'echo', runAt: 'tomorrow' })],
    ['start at no priority', (service) => service.startExecution({ id: 'echo', action: 'echo', priority: 1.5 })],
    [
      'start with nobody to tell',
      (service) => service.startExecution({ id: 'echo', action: 'echo', callbackUrl: 'ftp://a' }),
    ],
    ['start for no time', (service) => service.startExecution({ id: 'echo', action: 'echo', runTimeoutMs: 0 })],
    [
      'start with too large a payload',
      (service) => service.startExecution({ id: 'echo', action: 'echo', payload: ' '.repeat(3 * 1024 * 1024 + 1) }),
    ],
    [
      'set a schedule',
      (service) =>
        service.setSchedule({ name: 's', id: 'echo', action: 'echo', payload: { a: 1 }, cron: '0 9 * * 1-5' }),
    ],
    [
      'set one whole',
      (service) =>
        service.setSchedule({
          ...{
            name: 't',
            id: 'keyed',
            action: 'count',
            payload: '{"n":1.0}',
            cron: '@daily',
            timeZone: 'Europe/Berlin',
          },
          ...{ priority: -100, runTimeoutMs: 90_000, callbackUrl: 'https://hooks.example.com/a?b=%2F&c=%C3%BC' },
        }),
    ],
    ['schedules', (service) => service.listSchedules()],
    ['pause one', (service) => service.pauseSchedule('t')],
    ['resume it', (service) => service.resumeSchedule('t')],
    ['remove it', (service) => service.removeSchedule('t')],
    ['remove it once more', (service) => service.removeSchedule('t')],
    ['pause what is not there', (service) => service.pauseSchedule('t')],
    ['pause what has no name', (service) => service.pauseSchedule('a b')],
    ['set one on nobody', (service) => service.setSchedule({ name: 's', id: 'ghost', action: 'a', cron: '* * * * *' })],
    ['set one at no time', (service) => service.setSchedule({ name: 's', id: 'echo', action: 'a', cron: '' })],
    [
      'set one in no zone',
      (service) => service.setSchedule({ name: 's', id: 'echo', action: 'a', cron: '* * * * *', timeZone: ' ' }),
    ],
    [
      'execute with a large result',
      (service) => service.execute({ id: 'echo', action: 'large', payload: { bytes: 3_000_000 } }),
    ],
    [
      'execute with too large a result',
      (service) => service.execute({ id: 'echo', action: 'large', payload: { bytes: 4_000_000 } }),
    ],
    [
      'execute with a large payload',
      (service) => service.execute({ id: 'echo', action: 'echo', payload: { text: 'x'.repeat(3_000_000) } }),
    ],
    [
      'execute with too large a payload',
      (service) => service.executeText({ id: 'echo', action: 'echo', payload: ' '.repeat(3 * 1024 * 1024 + 1) }),
    ],
    [
      'execute with a payload beyond the transport',
      (service) => service.executeText({ id: 'echo', action: 'echo', payload: ' '.repeat(5 * 1024 * 1024) }),
    ],
  ];

  // In order, each on what the ones before it left behind.
  it.each(calls)('%s', async (_, call) => {
    const [remote, direct] = [await outcome(call(grpc.client)), await outcome(call(local))];
    expect(timeless(remote)).toEqual(timeless(direct));
  });

  it.each((Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => !isAccessCode(code)))(
    'an action that fails with %s',
    async (code) => {
      const payload: JsonObject = {
        code,
        message: `${code}: the remote system said so`,
        retryable: true,
        effect: 'none',
        retryAfterMs: 1234,
        details: { status: 418, nested: { list: [1, null] } },
        problems: [
          { path: 'settings.x', expected: 'a', received: 'b', message: 'not so', file: 'f.yaml', line: 3, column: 7 },
        ],
      };
      const call = (service: ConnectorService) => outcome(service.execute({ id: 'echo', action: 'fail', payload }));
      const remote = await call(grpc.client);
      expect(remote).toMatchObject({ error: { code, connector: 'echo', retryAfterMs: 1234 } });
      expect(remote).toEqual(await call(local));
    },
  );

  it('a watch', async () => {
    const follow = async (service: ConnectorService): Promise<readonly ConnectorEvent[]> => {
      const events: ConnectorEvent[] = [];
      for await (const event of service.watch()) {
        events.push(event);
        if (event.kind === 'synced') {
          await service.register({ id: 'seen', kind: 'echo', settings: { broken: 'yes' } });
          await service.update({ id: 'seen', kind: 'echo', settings: { broken: 'still' } });
          await service.healthCheck('seen');
          await service.remove('seen');
        }
        if (event.kind === 'removed') break;
      }
      return events;
    };
    const withoutRevision = (events: readonly ConnectorEvent[]) => events.map(({ revision: _, ...event }) => event);
    const remote = await follow(grpc.client);
    expect(remote.map(({ kind }) => kind)).toEqual([
      'added',
      'added',
      'added',
      'synced',
      'added',
      'updated',
      'status',
      'removed',
    ]);
    expect(withoutRevision(remote)).toEqual(withoutRevision(await follow(local)));
    const revisions = remote.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  });
});
