import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import AlertmanagerAdapter from '../src/alertmanager-adapter.ts';
import { startAlertmanager } from './start-alertmanager.ts';
import type { RunningServer } from './start-server.ts';

const alertmanager = {
  name: 'prometheus-alertmanager',
  available: () => isOnPath('prometheus-alertmanager'),
  remedy: 'apt-get install --no-install-recommends prometheus-alertmanager',
};

const UNKNOWN = '11111111-1111-4111-8111-111111111111';
const PASSWORD = 'correct horse';

describeWith(alertmanager, 'a real Alertmanager', () => {
  let server: RunningServer;
  let connector: Awaited<ReturnType<typeof start>>;

  const start = (password = PASSWORD, url = server.url) =>
    startConnector(AlertmanagerAdapter, { url, config: { auth: { type: 'basic', username: 'ann', password } } });

  /** What another program sees. */
  async function outside(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      authorization: `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`,
      'content-type': 'application/json',
    };
    return fetch(`${server.url}/api/v2${path}`, { ...init, headers });
  }
  const silencesOutside = async (): Promise<JsonObject[]> =>
    (await (await outside('/silences')).json()) as JsonObject[];
  const namesOf = (answer: JsonObject): string[] =>
    (answer['alerts'] as { labels: Record<string, string> }[])
      .map(({ labels }) => `${labels['alertname']} ${labels['severity'] ?? ''}`.trim())
      .toSorted();

  beforeAll(async () => {
    server = await startAlertmanager();
    connector = await start();
    const alerts = [
      { labels: { alertname: 'Disk', severity: 'critical', instance: 'a' }, annotations: { summary: 'full' } },
      { labels: { alertname: 'Disk', severity: 'warning', instance: 'b' } },
      { labels: { alertname: 'Slow', team: 'shop' }, generatorURL: 'http://p:9090/graph' },
    ];
    await outside('/alerts', { method: 'POST', body: JSON.stringify(alerts) });
    await eventually(
      () => connector.call('list_alerts', { inhibited: false }),
      (answer) => namesOf(answer).length === 2,
    );
  });
  afterAll(async () => {
    await connector?.close();
    await server?.close();
  });

  it('lets the connector connect, is healthy, and says what it is', async () => {
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(connector.call('get_status')).resolves.toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/),
      cluster_status: 'disabled',
      config: expect.stringContaining('receiver: team'),
    });
  });

  it('is unhealthy where it refuses the credentials, or is elsewhere, whatever its page of health says', async () => {
    const wrong = await start('wrong');
    await expect(wrong.health()).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    await expect(wrong.call('list_silences')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await wrong.close();
    const elsewhere = await start(PASSWORD, server.url.replace('/am', '/elsewhere'));
    await expect(elsewhere.adapter.connect()).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      blame: 'operator',
      details: { reason: 'bad_answer' },
    });
    await elsewhere.close();
  });

  it('lists alerts with what keeps them quiet', async () => {
    const answer = await connector.call('list_alerts', { filter: ['alertname="Disk"'] });
    expect(answer).toMatchObject({ truncated: false });
    const alerts = answer['alerts'] as JsonObject[];
    const of = (severity: string) => alerts.find(({ labels }) => (labels as JsonObject)['severity'] === severity);
    expect(of('critical')).toMatchObject({
      annotations: { summary: 'full' },
      state: 'active',
      silenced_by: [],
      inhibited_by: [],
      receivers: ['team'],
    });
    expect(of('warning')).toMatchObject({ state: 'suppressed', inhibited_by: [of('critical')?.['fingerprint']] });
  });

  it('lists the alerts that are asked for', async () => {
    const names = async (payload: JsonObject) => namesOf(await connector.call('list_alerts', payload));
    await expect(names({ inhibited: false })).resolves.toStrictEqual(['Disk critical', 'Slow']);
    await expect(names({ active: false })).resolves.toStrictEqual(['Disk warning']);
    await expect(names({ receiver: 'sh.p' })).resolves.toStrictEqual(['Slow']);
    await expect(names({ filter: ['alertname=~"D.*"', 'severity!="warning"'] })).resolves.toStrictEqual([
      'Disk critical',
    ]);
    await expect(connector.call('list_alerts', { limit: 1 })).resolves.toMatchObject({
      alerts: [{}],
      truncated: true,
    });
  });

  it('lists alerts in their groups', async () => {
    const { groups } = await connector.call('list_alert_groups', { receiver: 'shop' });
    expect(groups).toMatchObject([
      {
        labels: { alertname: 'Slow' },
        receiver: 'shop',
        alerts: [{ labels: { alertname: 'Slow', team: 'shop' }, generator_url: 'http://p:9090/graph' }],
      },
    ]);
  });

  const silence = (value: string): JsonObject => ({
    matchers: [{ name: 'alertname', value }],
    duration: '2h',
    created_by: 'ann',
    comment: 'known',
  });

  it('keeps an alert quiet while a silence of it lasts', async () => {
    const { id } = await connector.call('create_silence', silence('Slow'));
    expect(await silencesOutside()).toContainEqual(
      expect.objectContaining({ id, status: { state: 'active' }, createdBy: 'ann', comment: 'known' }),
    );
    const names = async (payload: JsonObject) => namesOf(await connector.call('list_alerts', payload));
    await eventually(
      () => names({ silenced: false }),
      (found) => !found.includes('Slow'),
    );
    await expect(connector.call('list_alerts', { filter: ['alertname="Slow"'] })).resolves.toMatchObject({
      alerts: [{ state: 'suppressed', silenced_by: [id] }],
    });
    await expect(connector.call('get_silence', { id: String(id).toUpperCase() })).resolves.toMatchObject({
      id,
      state: 'active',
      matchers: [{ name: 'alertname', value: 'Slow', is_regex: false, is_equal: true }],
    });
    await expect(connector.call('expire_silence', { id: id as string })).resolves.toStrictEqual({ expired: true });
    expect(await silencesOutside()).toContainEqual(expect.objectContaining({ id, status: { state: 'expired' } }));
    await eventually(
      () => names({ silenced: false }),
      (found) => found.includes('Slow'),
    );
    // What has expired stays expired.
    await expect(connector.call('expire_silence', { id: id as string })).resolves.toStrictEqual({ expired: true });
  });

  it('lists silences by their matchers and their state', async () => {
    const { id } = await connector.call('create_silence', { ...silence('Listed'), starts_at: '2999-01-01T00:00:00Z' });
    const list = (payload: JsonObject) => connector.call('list_silences', payload);
    const filter = ['alertname="Listed"'];
    await expect(list({ filter })).resolves.toMatchObject({
      silences: [{ id, state: 'pending', ends_at: '2999-01-01T02:00:00.000Z' }],
      truncated: false,
    });
    await expect(list({ filter, state: 'pending' })).resolves.toMatchObject({ silences: [{ id }] });
    await expect(list({ filter, state: 'active' })).resolves.toMatchObject({ silences: [] });
    await expect(list({ filter: ['alertname="Other"'] })).resolves.toMatchObject({ silences: [] });
  });

  it('changes a silence as it is, and replaces it where the matchers are others', async () => {
    const { id } = await connector.call('create_silence', silence('Changed'));
    const longer = { id: id as string, duration: '1d', comment: 'longer' };
    await expect(connector.call('update_silence', longer)).resolves.toStrictEqual({ id, replaced: false });
    const read = await connector.call('get_silence', { id: id as string });
    expect(read).toMatchObject({ comment: 'longer', created_by: 'ann', matchers: [{ value: 'Changed' }] });
    expect(Date.parse(read['ends_at'] as string)).toBeGreaterThan(Date.now() + 23 * 3600 * 1000);

    const matchers = [{ name: 'alertname', value: 'Ch.*', is_regex: true }];
    const replaced = await connector.call('update_silence', { id: id as string, matchers });
    expect(replaced).toMatchObject({ replaced: true });
    expect(replaced['id']).not.toBe(id);
    const seen = (await silencesOutside()).filter(({ comment }) => comment === 'longer');
    expect(seen.map(({ id: one, status }) => [one, status])).toStrictEqual(
      expect.arrayContaining([
        [id, { state: 'expired' }],
        [replaced['id'], { state: 'active' }],
      ]),
    );
    // Of what has expired the Alertmanager would make a new silence.
    await expect(connector.call('update_silence', longer)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'silence_expired' },
    });
    expect((await silencesOutside()).filter(({ comment }) => comment === 'longer')).toHaveLength(2);
  });

  it.each(['get_silence', 'update_silence', 'expire_silence'])(
    'has no silence that does not exist: %s',
    async (name) => {
      await expect(connector.call(name, { id: UNKNOWN })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        effect: 'none',
        blame: 'caller',
        message: expect.stringContaining('silence not found'),
      });
    },
  );

  it.each([
    ['list_alerts', { filter: ['x'] }, 'bad matcher format'],
    ['list_alerts', { filter: ['a=~"("'] }, 'missing closing'],
    ['list_alerts', { receiver: '(' }, 'receiver'],
    ['list_silences', { filter: ['x'] }, 'bad matcher format'],
    ['create_silence', silence(''), 'must not match the empty string'],
    ['create_silence', { ...silence('x'), matchers: [{ name: 'a b', value: 'x' }] }, 'invalid label name'],
    ['create_silence', { ...silence('x'), duration: undefined, ends_at: '2020-01-01T00:00:00Z' }, 'time'],
  ] as const)('refuses in its own words: %s %j', async (name, payload, words) => {
    const before = await silencesOutside();
    await expect(connector.call(name, payload as unknown as JsonObject)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      message: expect.stringContaining(words),
    });
    expect(await silencesOutside()).toHaveLength(before.length);
  });

  it('is not asked for what cannot be', async () => {
    const payloads: readonly (readonly [string, JsonObject])[] = [
      ['get_silence', { id: '../status' }],
      ['create_silence', { ...silence('x'), ends_at: '2999-01-01T00:00:00Z' }],
      ['create_silence', { ...silence('x'), duration: 'soon' }],
      ['create_silence', { matchers: [], created_by: 'a', comment: 'b', duration: '1h' }],
    ];
    for (const [name, payload] of payloads)
      await expect(connector.call(name, payload)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('takes any request', async () => {
    await expect(connector.call('call', { path: '/api/v2/receivers' })).resolves.toMatchObject({
      json: [{ name: 'team' }, { name: 'shop' }],
    });
    await expect(
      connector.call('call', { method: 'DELETE', path: `/api/v2/silence/${UNKNOWN}` }),
    ).rejects.toMatchObject({ code: 'UPSTREAM_5XX', message: expect.stringContaining('silence not found') });
    await expect(connector.call('call', { path: '/api/v2/nowhere' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('was not found'),
    });
    await expect(connector.call('call', { path: '/nowhere' })).rejects.toMatchObject({ blame: 'operator' });
  });
});
