import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startAlertmanager } from '../../prometheus/test/start-alertmanager.ts';
import type { RunningServer } from '../../prometheus/test/start-server.ts';
import GrafanaAdapter from '../src/grafana-adapter.ts';
import type { GrafanaStandIn } from './grafana-stand-in.ts';
import { startGrafana, TOKEN } from './grafana-stand-in.ts';

const alertmanager = {
  name: 'prometheus-alertmanager',
  available: () => isOnPath('prometheus-alertmanager'),
  remedy: 'apt-get install --no-install-recommends prometheus-alertmanager',
};

const id = '11111111-1111-4111-8111-111111111111';

describeWith(alertmanager, 'an Alertmanager behind Grafana', () => {
  let server: RunningServer;
  let grafana: GrafanaStandIn;
  let connector: Awaited<ReturnType<typeof start>>;

  const start = (url: string) =>
    startConnector(GrafanaAdapter, { url, config: { auth: { type: 'bearer', token: TOKEN } } });

  beforeAll(async () => {
    server = await startAlertmanager({ password: false });
    grafana = await startGrafana({ alertmanager: server.url });
    connector = await start(grafana.url);
    await fetch(`${server.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([
        { labels: { alertname: 'Disk', severity: 'critical' } },
        { labels: { alertname: 'Slow', team: 'shop' } },
      ]),
    });
  });
  afterAll(async () => {
    await connector?.close();
    await grafana?.close();
    await server?.close();
  });

  it('lists what is firing, also in groups', async () => {
    await expect(connector.call('list_firing_alerts', { filter: ['alertname="Disk"'] })).resolves.toMatchObject({
      alerts: [{ labels: { alertname: 'Disk' }, receivers: ['team'] }],
      truncated: false,
    });
    await expect(connector.call('list_firing_groups', { receiver: 'shop' })).resolves.toMatchObject({
      groups: [{ labels: { alertname: 'Slow' }, receiver: 'shop' }],
    });
  });

  it('takes silences, changes and ends them', async () => {
    const wanted: JsonObject = {
      matchers: [{ name: 'alertname', value: 'Disk' }],
      duration: '2h',
      created_by: 'ann',
      comment: 'known',
    };
    const made = (await connector.call('create_silence', wanted))['id'] as string;
    await expect(connector.call('get_silence', { id: made })).resolves.toMatchObject({ state: 'active' });
    await expect(connector.call('update_silence', { id: made, comment: 'still' })).resolves.toStrictEqual({
      id: made,
      replaced: false,
    });
    await expect(connector.call('expire_silence', { id: made })).resolves.toStrictEqual({ expired: true });
    const outside = (await (await fetch(`${server.url}/api/v2/silences`)).json()) as JsonObject[];
    expect(outside).toMatchObject([{ id: made, comment: 'still', status: { state: 'expired' } }]);
    await expect(connector.call('list_silences', { state: 'active' })).resolves.toMatchObject({ silences: [] });
  });

  it.each(['get_silence', 'update_silence', 'expire_silence'])(
    'has no silence that does not exist: %s',
    async (name) => {
      await expect(connector.call(name, { id })).rejects.toMatchObject({ code: 'NOT_FOUND', effect: 'none' });
    },
  );

  it('may be one that is no data source', async () => {
    await expect(connector.call('list_silences', { alertmanager_uid: 'ghost' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('data source'),
    });
    expect(grafana.service.requests.map(({ path }) => path)).toContain('/api/alertmanager/ghost/api/v2/silences');
  });

  it('may be starting still, which passes', async () => {
    await using other = await startGrafana();
    const early = await start(other.url);
    const failure = { code: 'UPSTREAM_5XX', retryable: true, effect: 'none' };
    await expect(early.call('expire_silence', { id })).rejects.toMatchObject(failure);
    await early.close();
  });

  it('may be an older one that says 500 of what it has not', async () => {
    await using other = await startGrafana();
    other.service.on('DELETE', /./, { status: 500, json: { message: '"silence not found"\n' } });
    const older = await start(other.url);
    await expect(older.call('expire_silence', { id, alertmanager_uid: 'am' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      effect: 'none',
    });
    await older.close();
  });
});
