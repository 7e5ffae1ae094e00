import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { startConnector } from '@automate/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import PrometheusAdapter from '../src/prometheus-adapter.ts';
import type { RunningServer } from './start-server.ts';
import { importSeries, startVictoriaMetrics } from './start-victoria-metrics.ts';

const victoriaMetrics = {
  name: 'victoria-metrics',
  available: () => isOnPath('victoria-metrics'),
  remedy: 'apt-get install --no-install-recommends victoria-metrics',
};

const STEP = 15;
const POINTS = 11_000;
const START = 1_700_000_010;
const END = START + (POINTS - 1) * STEP;

describeWith(victoriaMetrics, 'a real VictoriaMetrics', () => {
  let server: RunningServer;
  let connector: Awaited<ReturnType<typeof startConnector<PrometheusAdapter>>>;

  beforeAll(async () => {
    server = await startVictoriaMetrics();
    connector = await startConnector(PrometheusAdapter, { url: `${server.url}/prometheus` });
    const timestamps = Array.from({ length: POINTS }, (_, n) => (START + n * STEP) * 1000);
    const values = timestamps.map((_, n) => n * 1.25);
    const wide = Array.from({ length: 24 }, (_, n) => ({
      metric: { __name__: 'wide', series: String(n) },
      values,
      timestamps,
    }));
    await importSeries(server.url, wide);
    await importSeries(server.url, [
      {
        metric: { __name__: 'odd.name', 'http.status': '200', 'a b': 'c', ünicode: 'ü' },
        values: [1],
        timestamps: [END * 1000],
      },
    ]);
  });
  afterAll(async () => {
    await connector?.close();
    await server?.close();
  });

  const range = { start: START, end: END, step: STEP };

  it('lets the connector connect, and is healthy', async () => {
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('gives seven series of 11,000 points, whole', async () => {
    const answer = await connector.call('query_range', { query: 'wide{series=~"[0-6]"}', ...range });
    const result = answer['result'] as { readonly values: unknown[] }[];
    expect(result.map(({ values }) => values.length)).toStrictEqual(Array.from({ length: 7 }, () => POINTS));
    expect(result[0]?.values.at(-1)).toStrictEqual([END, String((POINTS - 1) * 1.25)]);
    expect(answer['truncated']).toBe(false);
  });

  it('has more to say than a result may hold, which its asker learns with the ways out', async () => {
    const failure = {
      code: 'INVALID_INPUT',
      blame: 'caller',
      effect: 'none',
      message: expect.stringMatching(/larger `step`.*shorter span.*fewer series.*`limit`/),
      details: { reason: 'answer_too_large' },
    };
    await expect(connector.call('query_range', { query: 'wide', ...range })).rejects.toMatchObject(failure);
    // The ways out lead out, also the limit, which this server does not know.
    await expect(connector.call('query_range', { query: 'wide', ...range, step: 300 })).resolves.toMatchObject({
      truncated: false,
    });
    await expect(connector.call('query_range', { query: 'sum(wide)', ...range })).resolves.toMatchObject({
      truncated: false,
    });
    const limited = await connector.call('query_range', { query: 'wide', ...range, limit: 2 });
    expect(limited).toMatchObject({ truncated: true, result: [{}, {}] });
  });

  it.each([
    ['an expression that cannot be parsed', { query: 'up{' }],
    ['too many points', { query: 'up', start: 0, end: 1e7, step: 1 }],
  ])('blames the caller for %s', async (_title, payload) => {
    await expect(connector.call('start' in payload ? 'query_range' : 'query', payload)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      blame: 'caller',
      details: { status: 422, error_type: '422' },
    });
  });

  it.each([
    ['http.status', '200'],
    ['a b', 'c'],
    ['ünicode', 'ü'],
  ])('lists the values of a label with any name: %s', async (label, value) => {
    await expect(connector.call('label_values', { label, start: START })).resolves.toMatchObject({ values: [value] });
  });

  it('keeps a label called __proto__', async () => {
    const query = 'label_replace(vector(1), "__proto__", "x", "", "")';
    const answer = await connector.call('query', { query });
    expect(JSON.stringify(answer['result'])).toContain('{"__proto__":"x"}');
  });

  it('is told from another service below another path', async () => {
    const other = await startConnector(PrometheusAdapter, { url: `${server.url}/elsewhere` });
    await expect(other.adapter.connect()).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      blame: 'operator',
      details: { reason: 'bad_answer' },
    });
    await other.close();
  });
});
