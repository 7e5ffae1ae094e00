import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { closedPort } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { answers, startProgram } from '@automate/tooling/start-program';
import { AUTOMATE, plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';
import { ServingHost } from '../cli/fixtures/serving-host.ts';

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}
interface Vector {
  readonly result_type: string;
  readonly result: readonly Sample[];
}

const prometheus = {
  name: 'prometheus',
  available: () => isOnPath('prometheus'),
  remedy: 'apt-get install --no-install-recommends prometheus',
};

describeWith(prometheus, 'this repository as it is delivered, beside a real Prometheus that watches the host', () => {
  let folder: string;
  let server: Program | undefined;
  let host: ServingHost;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'automate-prometheus-'));
    const port = await closedPort();
    env = {
      ...plainEnvironment(),
      DATA_DIR: join(folder, 'data'),
      PROMETHEUS_PORT: String(port),
      PROMETHEUS_HOST: '127.0.0.1',
    };
    host = await ServingHost.start({
      command: process.execPath,
      args: [AUTOMATE, 'start'],
      cwd: repositoryPath(),
      env: { ...env, GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' },
    });
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: [{ job_name: 'automate', static_configs: [{ targets: [new URL(host.ready.http).host] }] }],
    };
    server = await startProgram({
      command: 'prometheus',
      port,
      env: plainEnvironment(),
      setUp: (place) => [
        // YAML takes JSON as it is.
        `--config.file=${place.write('prometheus.yml', JSON.stringify(config))}`,
        '--storage.tsdb.path=tsdb',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      isReady: answers('/-/ready'),
    });
    await eventually(
      () => query('up'),
      ({ result }) => result.some(({ value }) => value[1] === '1'),
    );
  });

  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Over REST. */
  async function query(expression: string): Promise<Vector> {
    const answer = await fetch(`${host.ready.http}/api/v1/connectors/prometheus/actions/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: expression }),
    });
    if (answer.status !== 200) return { result_type: 'vector', result: [] };
    return ((await answer.json()) as { result: Vector }).result;
  }

  const isTheHost = ({ result_type: type, result }: Vector): void => {
    const [sample] = result;
    expect({ type, metric: sample?.metric, value: sample?.value[1], length: result.length }).toEqual({
      type: 'vector',
      metric: { __name__: 'up', job: 'automate', instance: new URL(host.ready.http).host },
      value: '1',
      length: 1,
    });
  };

  it('answers the command of the README with real data, through the running host', async () => {
    const args = [AUTOMATE, 'execute', 'prometheus', 'query', '--input', '{"query":"up"}'];
    const { stdout } = await mustRun(process.execPath, args, { cwd: repositoryPath(), env });
    isTheHost(JSON.parse(stdout) as Vector);
  });

  it('answers the same over REST', async () => {
    isTheHost(await query('up'));
  });

  it('answers the same over gRPC to a client that is not ours', async () => {
    const payload = Buffer.from('{"query":"up"}').toString('base64');
    const schema = join('packages', 'contract', 'proto');
    const method = `http://${host.ready.grpc}/connectors.ConnectorsService/ExecuteAction`;
    const request = JSON.stringify({ id: 'prometheus', action: 'query', payload });
    const args = [
      'curl',
      '--schema',
      schema,
      '--protocol',
      'grpc',
      '--http2-prior-knowledge',
      '--data',
      request,
      method,
    ];
    const buf = repositoryPath('node_modules', '.bin', 'buf');
    const { stdout } = await mustRun(buf, args, { cwd: repositoryPath(), env: plainEnvironment() });
    const { result } = JSON.parse(stdout) as { result: string };
    isTheHost(JSON.parse(Buffer.from(result, 'base64').toString()) as Vector);
  });

  it('brings its own counts of those calls into Prometheus', async () => {
    const expression = 'sum by (connector, action) (automate_calls_total{connector="prometheus", code="OK"})';
    const { result } = await eventually(
      () => query(expression),
      (answer) => answer.result.some(({ value }) => Number(value[1]) >= 3),
    );
    expect(result.map(({ metric }) => metric)).toEqual([{ connector: 'prometheus', action: 'query' }]);
    for (const name of ['automate_call_duration_seconds_count', 'automate_build_info', 'automate_connector_health']) {
      expect((await query(name)).result.length).toBeGreaterThan(0);
    }
  });

  it('finds the connector healthy', async () => {
    const args = [AUTOMATE, 'connectors', 'health', 'prometheus', '--json'];
    const { stdout } = await mustRun(process.execPath, args, { cwd: repositoryPath(), env });
    expect(JSON.parse(stdout)).toMatchObject({ id: 'prometheus', status: 'healthy' });
  });

  it('says that Prometheus cannot be reached once it is gone, and serves on', async () => {
    await server?.close();
    const args = [AUTOMATE, 'connectors', 'health', 'prometheus', '--json'];
    await expect(mustRun(process.execPath, args, { cwd: repositoryPath(), env })).rejects.toThrow(
      /remote unreachable: .*refused the connection/,
    );
    expect((await fetch(`${host.ready.http}/health/ready`)).status).toBe(200);
  });
});
