import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

describeWith(prometheus, 'several real Prometheus servers', () => {
  const servers: RunningServer[] = [];
  const connectors: Connector[] = [];

  beforeAll(async () => {
    servers.push(
      ...(await Promise.all([startPrometheus({ job: 'open' }), startPrometheus({ job: 'locked', password: true })])),
    );
  });
  afterAll(async () => {
    await Promise.all(connectors.map((connector) => connector.close()));
    await Promise.all(servers.map((server) => server.close()));
  });

  async function connect(server: RunningServer, password?: string): Promise<Connector> {
    const auth = password === undefined ? {} : { auth: { type: 'basic' as const, username: 'ann', password } };
    const connector = await startConnector(PrometheusAdapter, { url: server.url, config: auth });
    connectors.push(connector);
    return connector;
  }

  it('are asked side by side, each with its own credentials', async () => {
    const [open, locked] = servers as [RunningServer, RunningServer];
    const pair = [await connect(open), await connect(locked, 'correct horse')];
    const names = (connector: Connector) => connector.call('label_values', { label: 'server' });
    const answers = await Promise.all(
      pair.map((connector) =>
        eventually(
          () => names(connector),
          ({ values }) => (values as string[]).length > 0,
        ),
      ),
    );
    expect(answers.map(({ values }) => values)).toStrictEqual([['open'], ['locked']]);
  });

  it('are told apart when one refuses the credentials', async () => {
    const [, locked] = servers as [RunningServer, RunningServer];
    const wrong = await connect(locked, 'wrong');
    await expect(wrong.call('query', { query: 'up' })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await expect(wrong.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
    await expect((await connect(locked)).health()).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
  });

  describe('of which one is stopped', () => {
    it('is unreachable, while the other one answers, and answers again once it is back', async () => {
      const [open, locked] = servers as [RunningServer, RunningServer];
      const [first, second] = [await connect(open), await connect(locked, 'correct horse')];
      await expect(first.health()).resolves.toMatchObject({ status: 'healthy' });
      await open.stop();
      await expect(first.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'TRANSIENT_NETWORK' },
      });
      await expect(first.call('query', { query: 'up' })).rejects.toMatchObject({
        code: 'TRANSIENT_NETWORK',
        retryable: true,
      });
      await expect(second.call('query', { query: '1' })).resolves.toMatchObject({ result_type: 'scalar' });
      await open.restart();
      await expect(first.call('query', { query: '1' })).resolves.toMatchObject({ result_type: 'scalar' });
    });
  });
});
