import type { ConnectorEvent, ConnectorService } from '@automate/contract';
import { connect } from '@automate/client';
import { describe, expect, it } from '@jest/globals';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Its own health check always finds it well; it connects and answers as the file of its settings says. */
const HOPEFUL = `
import { readFileSync } from 'node:fs';
import { AuthFailedError, ConnectorAdapter, InvalidInputError, NotFoundError, UpstreamError } from '@automate/sdk';
export default class Hopeful extends ConnectorAdapter {
  name = 'hopeful';
  version = '1.0.0';
  trouble() { return readFileSync(this.context.settings.file, 'utf8'); }
  async connect() {
    if (this.trouble() === 'connect') throw new AuthFailedError('the token has expired');
    return this.trouble() !== 'false';
  }
  async healthCheck() { return { status: 'healthy', message: 'all is well' }; }
  async execute(action) {
    switch (this.trouble()) {
      case 'auth': throw new AuthFailedError('the token has expired');
      case 'caller': throw new AuthFailedError('the token of the payload has expired', { blame: 'caller' });
      case 'missing': throw new NotFoundError('no such thing');
      case 'broken': throw new UpstreamError('503');
      default: return action;
    }
  }
}
`;

const DOORS = {
  'in process': async (it: SandboxHost): Promise<ConnectorService> => it.service,
  gRPC: (it: SandboxHost) => connect({ address: it.host.grpcAddress ?? '' }),
  REST: async (it: SandboxHost) => openRestBackend(it.host.httpAddress ?? ''),
} as const;

async function open(): Promise<SandboxHost & { trouble(what: string): Promise<void> }> {
  let write: (what: string) => Promise<void> = async () => {};
  let file = '';
  const it = await SandboxHost.open({
    kinds: [],
    env: { HEALTH_INTERVAL: '500h' },
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'hopeful', source: HOPEFUL });
      write = async (what) => void (await sandbox.writeFile('trouble', what));
      await write('none');
      file = `${sandbox.root}/trouble`;
    },
  });
  await it.service.register({ id: 'it', kind: 'hopeful', settings: { file }, retry: { attempts: 1 } });
  return Object.assign(it, { trouble: write });
}

/** What each place says of the connector, as one sentence. */
async function told(host: SandboxHost): Promise<readonly string[]> {
  const places: string[] = [];
  for (const door of Object.values(DOORS)) {
    const service = await door(host);
    const [listed] = await service.list();
    const { connector } = await service.get('it');
    const health = (await service.healthCheckAll({ cached: true }))['it'];
    places.push(`${listed?.status} ${listed?.lastError}`, `${connector.status} ${connector.lastError}`);
    places.push(`${health?.status} ${health?.healthy ? '' : health?.message}`);
    if (service !== host.service) await service.close();
  }
  return [...new Set(places.map((place) => place.trim()))];
}

const call = (service: ConnectorService) => service.execute({ id: 'it', action: 'ask' });
const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);
const REFUSED = ['unhealthy credentials refused: the token has expired'];

describe('a connector whose own check finds it well', () => {
  it.each(Object.entries(DOORS))(
    'is unhealthy at once when a test over %s fails, until one succeeds',
    async (_, door) => {
      await using it = await open();
      const service = await door(it);
      expect(await service.test('it')).toMatchObject({ success: true });
      expect(await told(it)).toEqual(['healthy']);
      await it.trouble('connect');
      expect(await service.test('it')).toMatchObject({ success: false, error: REFUSED[0]?.slice(10) });
      expect(await told(it)).toEqual(REFUSED);
      await it.trouble('none');
      expect(await service.test('it')).toMatchObject({ success: true });
      expect(await told(it)).toEqual(['healthy']);
      if (service !== it.service) await service.close();
    },
  );

  it.each(Object.entries(DOORS))(
    'is unhealthy at once when a call over %s is refused, until one succeeds',
    async (_, door) => {
      await using it = await open();
      const service = await door(it);
      await call(service);
      await it.trouble('auth');
      await quietly(call(service));
      expect(await told(it)).toEqual(REFUSED);
      expect((await it.service.healthCheckAll({ cached: true }))['it']).toMatchObject({
        blame: 'operator',
        consecutiveFailures: 1,
      });
      await it.trouble('none');
      await call(service);
      expect(await told(it)).toEqual(['healthy']);
      if (service !== it.service) await service.close();
    },
  );

  it('is unhealthy at once when it cannot connect for a call, and by its check as long as it cannot', async () => {
    await using it = await open();
    await it.trouble('connect');
    await quietly(call(it.service));
    expect(await told(it)).toEqual(REFUSED);
    expect(await it.service.healthCheck('it')).toMatchObject({ status: 'unhealthy', consecutiveFailures: 2 });
    expect(await told(it)).toEqual(REFUSED);
    await it.trouble('none');
    expect(await it.service.healthCheck('it')).toMatchObject({ status: 'healthy', message: 'all is well' });
    expect(await told(it)).toEqual(['healthy']);
  });

  it('is not found well by a check before it has connected', async () => {
    await using it = await open();
    await it.trouble('false');
    expect(await it.service.healthCheck('it')).toMatchObject({ status: 'unhealthy', blame: 'remote' });
  });

  it('is connected anew by a check after a refused call', async () => {
    await using it = await open();
    await call(it.service);
    await it.trouble('auth');
    await quietly(call(it.service));
    await it.trouble('connect');
    expect(await it.service.healthCheck('it')).toMatchObject({ status: 'unhealthy' });
    await it.trouble('none');
    expect(await it.service.healthCheck('it')).toMatchObject({ status: 'healthy' });
  });

  it('stays well whatever else a call comes to', async () => {
    await using it = await open();
    await it.service.healthCheck('it');
    for (const trouble of ['caller', 'missing', 'broken']) {
      await it.trouble(trouble);
      await quietly(call(it.service));
      expect(await told(it)).toEqual(['healthy']);
    }
  });

  it('is well again once it connects for a call, whatever else that comes to', async () => {
    await using it = await open();
    await it.trouble('connect');
    await quietly(call(it.service));
    expect(await told(it)).toEqual(REFUSED);
    await it.trouble('missing');
    await quietly(call(it.service));
    expect(await told(it)).toEqual(['healthy']);
  });

  it('is told to watchers and to the log once each way, with who must act', async () => {
    await using it = await open();
    const events: ConnectorEvent[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: stop.signal })) events.push(event);
    })();
    await it.service.test('it');
    await it.trouble('auth');
    for (let again = 0; again < 3; again += 1) await quietly(call(it.service));
    await it.trouble('none');
    await call(it.service);
    stop.abort();
    await watching;
    const statuses = events.flatMap((event) => (event.kind === 'status' ? [event.connector.status] : []));
    expect(statuses.filter((status) => status !== 'unknown')).toEqual(['healthy', 'unhealthy', 'healthy']);
    const lines = it.logText.split('\n').filter((line) => /"event":"(un)?healthy"/.test(line));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', event: 'unhealthy', reason: REFUSED[0]?.slice(10), blame: 'operator' },
      { level: 'info', event: 'healthy', reason: 'a call succeeded', blame: 'operator' },
    ]);
  });

  it('is told to watchers as healthy by the test that finds it well', async () => {
    await using it = await open();
    await call(it.service);
    const statuses: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: stop.signal }))
        if (event.kind === 'status') statuses.push(event.connector.status);
    })();
    await it.trouble('auth');
    await quietly(call(it.service));
    await it.trouble('none');
    await it.service.test('it');
    stop.abort();
    await watching;
    expect(statuses.slice(-2)).toStrictEqual(['unhealthy', 'healthy']);
  });

  it('is told to watchers anew when it is unhealthy for another reason', async () => {
    await using it = await open();
    const reasons: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: stop.signal }))
        if (event.kind === 'status' && event.connector.status === 'unhealthy') reasons.push(event.connector.lastError);
    })();
    for (const trouble of ['connect', 'false', 'false']) {
      await it.trouble(trouble);
      await it.service.test('it');
    }
    stop.abort();
    await watching;
    expect(reasons).toStrictEqual([REFUSED[0]?.slice(10), expect.stringMatching(/^remote unreachable/)]);
    expect(it.logText.match(/"event":"unhealthy"/g)).toHaveLength(1);
  });
});
