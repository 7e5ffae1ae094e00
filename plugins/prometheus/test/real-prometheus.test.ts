import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import PrometheusAdapter from '../src/prometheus-adapter.ts';
import { startPrometheus } from './start-prometheus.ts';
import type { RunningServer } from './start-server.ts';

const prometheus = {
  name: 'prometheus',
  available: () => isOnPath('prometheus'),
  remedy: 'apt-get install --no-install-recommends prometheus',
};

type Connector = Awaited<ReturnType<typeof startConnector<PrometheusAdapter>>>;

describeWith(prometheus, 'a real Prometheus', () => {
  let server: RunningServer;
  let connector: Connector;

  beforeAll(async () => {
    server = await startPrometheus({ job: 'self' });
    connector = await startConnector(PrometheusAdapter, { url: server.url });
    const hasScraped = (answer: object): boolean => JSON.stringify(answer).includes('job:up:sum');
    await eventually(() => connector.call('query', { query: '{__name__="job:up:sum"} == 1' }), hasScraped);
  });
  afterAll(async () => {
    await connector?.close();
    await server?.close();
  });

  const instance = (): string => new URL(server.url).host;

  it('lets the connector connect, and is healthy', async () => {
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: `${server.url} answers queries`,
    });
  });

  it('answers the value of an expression now', async () => {
    await expect(connector.call('query', { query: 'up' })).resolves.toStrictEqual({
      result_type: 'vector',
      result: [{ metric: { __name__: 'up', instance: instance(), job: 'self' }, value: [expect.any(Number), '1'] }],
      truncated: false,
    });
  });

  it('answers an empty list of what was not scraped yet', async () => {
    await expect(connector.call('query', { query: 'up', time: 100 })).resolves.toStrictEqual({
      result_type: 'vector',
      result: [],
      truncated: false,
    });
  });

  it('answers scalars and strings', async () => {
    await expect(connector.call('query', { query: '1 / 0', time: 100 })).resolves.toStrictEqual({
      result_type: 'scalar',
      result: [100, '+Inf'],
      truncated: false,
    });
    await expect(connector.call('query', { query: '"text"', time: '1970-01-01T00:01:40Z' })).resolves.toMatchObject({
      result_type: 'string',
      result: [100, 'text'],
    });
  });

  it('answers a range of values, one each step', async () => {
    const answer = await connector.call('query_range', { query: 'vector(7)', start: 100, end: '160', step: '30s' });
    expect(answer).toMatchObject({
      result_type: 'matrix',
      result: [
        {
          metric: {},
          values: [
            [100, '7'],
            [130, '7'],
            [160, '7'],
          ],
        },
      ],
    });
    await expect(connector.call('query', { query: 'up[5m]' })).resolves.toMatchObject({ result_type: 'matrix' });
  });

  it('takes a query that is too long for a URL', async () => {
    const query = `vector(1) or ${Array.from({ length: 4000 }, (_, n) => `metric_number_${n}`).join(' or ')}`;
    expect(query.length).toBeGreaterThan(64 * 1024);
    await expect(connector.call('query', { query })).resolves.toMatchObject({
      result: [{ value: [expect.any(Number), '1'] }],
    });
  });

  it('cuts an answer at the limit and says so', async () => {
    const query = 'vector(1) or label_replace(vector(2), "a", "b", "", "")';
    await expect(connector.call('query', { query, limit: 1 })).resolves.toMatchObject({
      truncated: true,
      result: [{}],
    });
    await expect(connector.call('query', { query, limit: 2 })).resolves.toMatchObject({
      truncated: false,
      result: [{}, {}],
    });
    const { values, truncated } = await connector.call('labels', { limit: 3 });
    expect([values, truncated]).toStrictEqual([[expect.any(String), expect.any(String), expect.any(String)], true]);
  });

  it('lists series, labels and their values, all or those that match', async () => {
    await expect(connector.call('series', { match: ['up', 'job:up:sum'] })).resolves.toStrictEqual({
      series: [
        { __name__: 'job:up:sum', job: 'self' },
        { __name__: 'up', instance: instance(), job: 'self' },
      ],
      truncated: false,
    });
    const labels = await connector.call('labels');
    expect(labels['values']).toEqual(expect.arrayContaining(['__name__', 'instance', 'job', 'le']));
    await expect(connector.call('labels', { match: ['job:up:sum'] })).resolves.toMatchObject({
      values: ['__name__', 'job'],
    });
    await expect(connector.call('label_values', { label: 'job' })).resolves.toMatchObject({ values: ['self'] });
    const metrics = await connector.call('label_values', { label: '__name__', match: ['{job="self", instance=""}'] });
    expect(metrics['values']).toStrictEqual(['job:up:sum']);
    await expect(connector.call('label_values', { label: 'job', end: 100 })).resolves.toMatchObject({ values: [] });
  });

  it('lists targets, and only those of the state and pool asked for', async () => {
    await expect(connector.call('targets')).resolves.toMatchObject({
      active: [
        {
          scrape_pool: 'self',
          health: 'up',
          last_error: '',
          scrape_url: `${server.url}/metrics`,
          labels: { job: 'self' },
        },
      ],
      dropped: [{ discovered_labels: { __address__: '127.0.0.1:1', job: 'dropped' } }],
    });
    await expect(connector.call('targets', { state: 'active' })).resolves.toMatchObject({ active: [{}], dropped: [] });
    await expect(connector.call('targets', { state: 'dropped' })).resolves.toMatchObject({ active: [], dropped: [{}] });
    await expect(connector.call('targets', { state: 'active', scrape_pool: 'other' })).resolves.toMatchObject({
      active: [],
    });
  });

  it('lists alerts by state', async () => {
    const firing = {
      labels: { alertname: 'AlwaysOn', severity: 'page' },
      annotations: { summary: 'it is on' },
      state: 'firing',
      active_at: expect.any(String),
      value: '1e+00',
    };
    const all = await connector.call('alerts');
    expect(all['alerts']).toHaveLength(2);
    await expect(connector.call('alerts', { state: 'firing' })).resolves.toStrictEqual({ alerts: [firing] });
    await expect(connector.call('alerts', { state: 'pending' })).resolves.toMatchObject({
      alerts: [{ labels: { alertname: 'Later' } }],
    });
  });

  it('lists rules by type', async () => {
    const { groups } = await connector.call('rules');
    expect(groups).toMatchObject([
      {
        name: 'example',
        interval_seconds: 1,
        rules: [
          { type: 'recording', name: 'job:up:sum', query: 'sum by (job) (up)', health: 'ok' },
          { type: 'alerting', name: 'AlwaysOn', state: 'firing', alerts: [{ state: 'firing' }] },
          { type: 'alerting', name: 'Later', state: 'pending', duration_seconds: 3600 },
        ],
      },
      { name: 'identity' },
    ]);
    await expect(connector.call('rules', { type: 'record' })).resolves.toMatchObject({
      groups: [{ rules: [{ name: 'job:up:sum' }] }, { rules: [{ name: 'server_name' }] }],
    });
  });

  it('gives the metadata of metrics', async () => {
    await expect(connector.call('metadata', { metric: 'go_goroutines' })).resolves.toStrictEqual({
      metadata: { go_goroutines: [{ type: 'gauge', help: expect.stringContaining('goroutines'), unit: '' }] },
      truncated: false,
    });
    const { metadata, truncated } = await connector.call('metadata', { limit: 2 });
    expect([Object.keys(metadata as object).length, truncated]).toStrictEqual([2, true]);
  });

  it.each([
    ['an expression that cannot be parsed', 'query', { query: 'up{' }, 'bad_data'],
    ['a range with too many points', 'query_range', { query: 'up', start: 0, end: 1e6, step: 1 }, 'bad_data'],
    ['an end before the start', 'query_range', { query: 'up', start: 10, end: 5, step: 1 }, 'bad_data'],
    ['matching that is ambiguous', 'query', { query: 'up * on() prometheus_http_requests_total' }, 'execution'],
  ])("blames the caller for %s, in the server's words", async (_title, action, payload, errorType) => {
    await expect(connector.call(action, payload)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
      details: { error_type: errorType },
    });
  });

  it('asks for no other path, whatever a label is called', async () => {
    for (const label of ['../query', '..', 'U__a'])
      await expect(connector.call('label_values', { label })).resolves.toMatchObject({ values: [] });
    // This version knows classic names alone, and says so.
    await expect(connector.call('label_values', { label: 'http.status' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { error_type: 'bad_data' },
    });
  });

  it('takes moments relative to now', async () => {
    const before = Date.now() / 1000;
    const { result } = await connector.call('query', { query: 'time()', time: 'now-1h30m' });
    const [time] = result as [number, string];
    expect(time + 5400).toBeGreaterThanOrEqual(before);
    expect(time + 5400).toBeLessThanOrEqual(Date.now() / 1000);
    const { result: ahead } = await connector.call('query', { query: 'time()', time: 'now+1h' });
    expect((ahead as [number, string])[0] - 3600).toBeGreaterThanOrEqual(before);
    const range = await connector.call('query_range', { query: 'vector(1)', start: 'now-1h', step: '30m' });
    expect((range['result'] as { readonly values: unknown[] }[])[0]?.values).toHaveLength(3);
    await expect(connector.call('query', { query: '1', time: 'now-soon' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'time' }],
    });
  });

  it('gives seven series of 11,000 points, whole', async () => {
    const query = 'label_replace(vector(time()), "n", "1", "", "")'.concat(
      ...[2, 3, 4, 5, 6, 7].map((n) => ` or label_replace(vector(time()), "n", "${n}", "", "")`),
    );
    const { result } = await connector.call('query_range', { query, start: 0, end: 10_999, step: 1 });
    expect((result as { readonly values: unknown[] }[]).map(({ values }) => values.length)).toStrictEqual(
      Array.from({ length: 7 }, () => 11_000),
    );
  });

  it('keeps a label called __proto__', async () => {
    const answer = await connector.call('query', { query: 'label_replace(vector(1), "__proto__", "x", "", "")' });
    expect(JSON.stringify(answer['result'])).toContain('{"__proto__":"x"}');
  });

  it('answers any other request, and refuses in its own words', async () => {
    await expect(connector.call('call', { path: '/api/v1/status/buildinfo' })).resolves.toMatchObject({
      status: 200,
      json: { status: 'success', data: { version: expect.any(String) } },
    });
    await expect(connector.call('call', { path: '/api/v1/query', query: { query: 'up{' } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { error_type: 'bad_data' },
    });
  });

  it('says that the server ran out of time', async () => {
    // No time at all is over before it begins, however fast the machine is.
    await expect(connector.call('query', { query: '1', timeout: '0s' })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('tells an endpoint below another path from a Prometheus', async () => {
    const other = await startConnector(PrometheusAdapter, { url: `${server.url}/elsewhere` });
    await expect(other.adapter.connect()).rejects.toMatchObject({ code: 'UPSTREAM_5XX', retryable: false });
    await other.close();
  });
});
