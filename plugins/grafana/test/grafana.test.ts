import type { FakeReply, FakeService } from '@automate/testing';
import { closedPort } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { grafana, start } from './running-grafana.ts';

const board = (title: string, tags: string[] = []) => ({ title, tags, panels: [] });

describe('dashboards', () => {
  it('with half a character are not sent with another one, and a backslash is no such half', async () => {
    const connector = await start();
    await expect(connector.call('save_dashboard', { dashboard: board('a\ud83d') })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'dashboard' }],
    });
    expect(grafana.service.requests).toHaveLength(0);
    await connector.call('save_dashboard', { dashboard: board(String.raw`a\ud83d 😀`) });
    await expect(connector.call('search_dashboards', {})).resolves.toMatchObject({
      dashboards: [{ title: String.raw`a\ud83d 😀` }],
    });
  });

  it('are created, found, read and replaced', async () => {
    const connector = await start();
    const saved = await connector.call('save_dashboard', {
      dashboard: board('Orders', ['shop']),
      folder_uid: 'f1',
      message: 'first',
    });
    expect(saved).toStrictEqual({ uid: 'made-1', version: 1, url: '/d/made-1', folder_uid: 'f1' });

    await expect(connector.call('search_dashboards', { query: 'order', tags: ['shop'] })).resolves.toStrictEqual({
      dashboards: [
        {
          uid: 'made-1',
          title: 'Orders',
          url: '/d/made-1',
          tags: ['shop'],
          folder_uid: 'f1',
          folder_title: 'A folder',
          is_starred: false,
        },
      ],
    });

    const read = await connector.call('get_dashboard', { uid: 'made-1' });
    expect(read).toMatchObject({ uid: 'made-1', title: 'Orders', version: 1, folder_uid: 'f1', provisioned: false });

    const dashboard = { ...(read['dashboard'] as object), title: 'All orders' };
    await expect(connector.call('save_dashboard', { dashboard })).resolves.toMatchObject({ version: 2 });
    await expect(connector.call('get_dashboard', { uid: 'made-1' })).resolves.toMatchObject({
      title: 'All orders',
      version: 2,
    });
  });

  it('are not replaced by who has not seen the newest version, unless told to', async () => {
    const connector = await start();
    await connector.call('save_dashboard', { dashboard: { ...board('One'), uid: 'one' } });
    const stale = { ...board('Other'), uid: 'one', version: 0 };
    await expect(connector.call('save_dashboard', { dashboard: stale })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringMatching(
        /version 1 was saved by bob at 2026-02-01.*of version 0; read it again.*overwrite/,
      ),
      details: { grafana_status: 'version-mismatch', current_version: 1, updated_by: 'bob' },
    });
    await expect(connector.call('get_dashboard', { uid: 'one' })).resolves.toMatchObject({ title: 'One' });
    await expect(connector.call('save_dashboard', { dashboard: stale, overwrite: true })).resolves.toMatchObject({
      version: 2,
    });
  });

  it('are deleted, and are gone then', async () => {
    const connector = await start();
    await connector.call('save_dashboard', { dashboard: { ...board('One'), uid: 'one' } });
    await expect(connector.call('delete_dashboard', { uid: 'one' })).resolves.toStrictEqual({ deleted: true });
    await expect(connector.call('get_dashboard', { uid: 'one' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(connector.call('delete_dashboard', { uid: 'one' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('count as deleted where a repeated attempt finds them gone', async () => {
    const connector = await start();
    await expect(connector.call('delete_dashboard', { uid: 'one' }, { repeated: true })).resolves.toStrictEqual({
      deleted: true,
    });
  });

  it('and all else can be asked for by any request', async () => {
    const connector = await start();
    await expect(connector.call('call', { path: '/api/org' })).resolves.toMatchObject({ json: { name: 'Main Org.' } });
  });

  it('come a page at a time, and the last page says that it is the last', async () => {
    const connector = await start();
    for (const title of ['a', 'b', 'c'])
      await connector.call('save_dashboard', { dashboard: { ...board(title), uid: title } });
    const titles: unknown[] = [];
    let page: unknown = 1;
    while (page !== undefined) {
      const found = await connector.call('search_dashboards', { limit: 2, page: page as number });
      titles.push(...(found['dashboards'] as { title: string }[]).map(({ title }) => title));
      page = found['next_page'];
    }
    expect(titles).toStrictEqual(['a', 'b', 'c']);
  });

  it('that do not exist are NOT_FOUND, and what is no uid leads nowhere', async () => {
    const connector = await start();
    await expect(connector.call('get_dashboard', { uid: 'ghost' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const uid of ['../../org', '..', 'a/b', '%2e%2e']) {
      await expect(connector.call('get_dashboard', { uid })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
    expect(grafana.service.requests).toHaveLength(1);
  });

  it('without a title are refused in the words of Grafana', async () => {
    const connector = await start();
    await expect(connector.call('save_dashboard', { dashboard: { panels: [] } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('title cannot be empty'),
    });
  });
});

describe('annotations', () => {
  it('mark a moment of all dashboards or a span of one panel', async () => {
    const connector = await start();
    await expect(connector.call('create_annotation', { text: 'deployed', tags: ['v1.2'] })).resolves.toStrictEqual({
      id: 1,
    });
    const span = { text: 'outage', time: 1000, time_end: 2000, dashboard_uid: 'one', panel_id: 3 };
    await expect(connector.call('create_annotation', span)).resolves.toStrictEqual({ id: 2 });
    expect(grafana.annotations).toStrictEqual([
      { text: 'deployed', tags: ['v1.2'] },
      { text: 'outage', tags: [], time: 1000, timeEnd: 2000, dashboardUID: 'one', panelId: 3 },
    ]);
  });

  it('of a panel need its dashboard', async () => {
    const connector = await start();
    await expect(connector.call('create_annotation', { text: 'x', panel_id: 3 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'dashboard_uid' }],
    });
  });
});

describe('lists', () => {
  it('name the data sources, all or of one type', async () => {
    const connector = await start();
    await expect(connector.call('list_datasources')).resolves.toStrictEqual({
      datasources: [
        { uid: 'prom', name: 'Metrics', type: 'prometheus', url: 'http://p:9090', is_default: true, read_only: false },
        { uid: 'loki', name: 'Logs', type: 'loki', is_default: false, read_only: true },
      ],
    });
    await expect(connector.call('list_datasources', { type: 'loki' })).resolves.toMatchObject({
      datasources: [{ uid: 'loki' }],
    });
  });

  it('name the alert rules, all or of one folder', async () => {
    const connector = await start();
    const { alerts } = await connector.call('list_alerts');
    expect(alerts).toHaveLength(2);
    await expect(connector.call('list_alerts', { folder_uid: 'f1' })).resolves.toStrictEqual({
      alerts: [
        {
          uid: 'r1',
          title: 'Disk full',
          folder_uid: 'f1',
          group: 'every minute',
          for: '5m',
          is_paused: false,
          labels: { team: 'a' },
          annotations: {},
          no_data_state: 'NoData',
          error_state: 'Error',
        },
      ],
    });
    await expect(connector.call('list_alerts', { group: 'none' })).resolves.toStrictEqual({ alerts: [] });
  });
});

describe('queries that fail', () => {
  it.each([
    [400, 'INVALID_INPUT'],
    [429, 'RATE_LIMITED'],
    [502, 'UPSTREAM_5XX'],
    [504, 'TIMEOUT'],
  ])('with the status %i of their data source become %s', async (status, code) => {
    const connector = await start();
    const results = { A: { status: 200, frames: [] }, B: { status, error: 'because', errorSource: 'downstream' } };
    grafana.service.on('POST', '/api/ds/query', { status: 207, json: { results } });
    const queries = ['A', 'B'].map((ref_id) => ({ ref_id, datasource_uid: 'prom', model: {} }));
    await expect(connector.call('query', { queries })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('because'),
      details: { ref_id: 'B', error_source: 'downstream' },
    });
  });

  it.each([207, 400, 500])('are all told by their names, whatever the whole answers: %i', async (whole) => {
    const connector = await start();
    const results = { A: { status: 500 }, B: { status: 200, frames: [] }, C: { status: 400, error: 'no such metric' } };
    grafana.service.on('POST', '/api/ds/query', { status: whole, json: { results } });
    const queries = ['A', 'B', 'C'].map((ref_id) => ({ ref_id, datasource_uid: 'prom', model: {} }));
    await expect(connector.call('query', { queries })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      message: 'query A failed: no reason given; query C failed: no such metric',
      details: { ref_id: 'A', status: 500 },
    });
  });

  it('with a page of something before Grafana are told by its status', async () => {
    const connector = await start();
    grafana.service.on('POST', '/api/ds/query', { status: 503, text: '<html>busy</html>' });
    const queries = [{ ref_id: 'A', datasource_uid: 'prom', model: {} }];
    await expect(connector.call('query', { queries })).rejects.toMatchObject({ code: 'UPSTREAM_5XX', retryable: true });
  });

  it('because two have one name are refused before they are sent', async () => {
    const connector = await start();
    const queries = [1, 2].map(() => ({ ref_id: 'A', datasource_uid: 'prom', model: {} }));
    await expect(connector.call('query', { queries })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(grafana.service.requests).toStrictEqual([]);
  });
});

describe('health', () => {
  it('is good where Grafana is up and the credentials are right', async () => {
    const connector = await start();
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: 'Grafana 12.3.0 is up; signed in to Main Org.',
    });
  });

  it('tells refused credentials, a wrong port, a stopped, a failing, a slow and a malformed answer apart', async () => {
    await expect((await start({ token: 'wrong' })).health()).resolves.toMatchObject({
      details: { code: 'AUTH_FAILED' },
    });
    await expect((await start({ url: `http://127.0.0.1:${await closedPort()}` })).health()).resolves.toMatchObject({
      details: { code: 'TRANSIENT_NETWORK' },
    });
    const connector = await start();
    const onHealth = (reply: FakeReply): FakeService => grafana.service.on('GET', '/api/health', reply);
    onHealth({ json: { database: 'failing', version: '12.3.0' } });
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('failing'),
    });
    onHealth({ status: 503 });
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'UPSTREAM_5XX' } });
    onHealth({ json: { status: 'UP' } });
    await expect(connector.health()).resolves.toMatchObject({
      details: { code: 'UPSTREAM_5XX', reason: 'bad_answer' },
    });
    onHealth({ text: '<html>', headers: { 'content-type': 'text/html' } });
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'UPSTREAM_5XX', reason: 'bad_json' } });
    onHealth({ drop: 'never' });
    await expect(connector.health({ timeoutMs: 200 })).resolves.toMatchObject({ details: { code: 'TIMEOUT' } });
    await grafana.close();
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
  });
});
