import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import { startPrometheus } from '../../prometheus/test/start-prometheus.ts';
import type { RunningServer } from '../../prometheus/test/start-server.ts';
import GrafanaAdapter from '../src/grafana-adapter.ts';
import type { GrafanaStandIn } from './grafana-stand-in.ts';
import { startGrafana, TOKEN } from './grafana-stand-in.ts';

const prometheus = {
  name: 'prometheus',
  available: () => isOnPath('prometheus'),
  remedy: 'apt-get install --no-install-recommends prometheus',
};

describeWith(prometheus, 'queries to a data source that is a real Prometheus', () => {
  let server: RunningServer;
  let grafana: GrafanaStandIn;
  let connector: Awaited<ReturnType<typeof startConnector<GrafanaAdapter>>>;

  beforeAll(async () => {
    server = await startPrometheus({ job: 'self' });
    grafana = await startGrafana({ prometheus: server.url });
    connector = await startConnector(GrafanaAdapter, {
      url: grafana.url,
      config: { auth: { type: 'bearer', token: TOKEN } },
    });
  });
  afterAll(async () => {
    await connector?.close();
    await grafana?.close();
    await server?.close();
  });

  const instant = (expr: string) => ({ datasource_uid: 'prom', model: { expr, instant: true } });

  it('give frames of columns', async () => {
    const ask = () => connector.call('query', { queries: [instant('server_name')] });
    const answer = await eventually(ask, (result) => JSON.stringify(result).includes('server_name'));
    expect(answer).toStrictEqual({
      results: {
        A: {
          frames: [
            {
              name: 'server_name',
              fields: [
                { name: 'Time', type: 'time' },
                { name: 'Value', type: 'number', labels: { __name__: 'server_name', server: 'self' } },
              ],
              values: [[expect.any(Number)], [1]],
            },
          ],
        },
      },
    });
  });

  it('tell numbers that JSON has no word for as Prometheus does', async () => {
    const words = { 'vector(0)/0': 'NaN', 'vector(1)/0': '+Inf', 'vector(-1)/0': '-Inf' };
    for (const [expr, word] of Object.entries(words)) {
      const answer = await connector.call('query', { queries: [instant(expr)] });
      expect(answer).toMatchObject({ results: { A: { frames: [{ values: [[expect.any(Number)], [word]] }] } } });
    }
  });

  it('may be several at once, over a span of time', async () => {
    const queries = [
      { ref_id: 'A', datasource_uid: 'prom', model: { expr: 'vector(1)' } },
      { ref_id: 'B', datasource_uid: 'prom', model: { expr: 'vector(2)' } },
    ];
    const { results } = await connector.call('query', { queries, from: '0', to: '30000' });
    expect(results).toMatchObject({
      A: {
        frames: [
          {
            values: [
              [0, 15_000, 30_000],
              [1, 1, 1],
            ],
          },
        ],
      },
      B: { frames: [{ values: [{}, [2, 2, 2]] }] },
    });
  });

  it('are refused in the words of Prometheus', async () => {
    await expect(connector.call('query', { queries: [instant('up{')] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('parse error'),
    });
  });

  it('need a data source that exists', async () => {
    await expect(connector.call('query', { queries: [{ datasource_uid: 'ghost', model: {} }] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
