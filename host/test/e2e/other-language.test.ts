import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith, findPython } from '@automate/tooling/require-service';
import { CliProject, plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';
import type { ServingHost } from '../cli/fixtures/serving-host.ts';

const CLIENT = repositoryPath('host', 'test', 'transports', 'grpc', 'fixtures');
const python = findPython(['grpc', 'google.protobuf']);

const YAML = `
connectors:
  - { id: echo, type: messaging, tags: [blue], metadata: { team: core }, host: 127.0.0.1, port: 8123, health_check: { interval: 1m30s } }
  - { id: off, kind: echo, enabled: false }
  - { id: refused, kind: unreachable }
`;

describeWith(
  {
    name: 'Python with gRPC',
    available: () => python !== undefined,
    remedy: 'apt-get install --no-install-recommends python3-grpcio python3-protobuf',
  },
  'a Python client, generated from the original protocol of six methods, at a real host',
  () => {
    let folder: string;
    let descriptors: string;
    let project: CliProject;
    let host: ServingHost;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'automate-original-'));
      descriptors = join(folder, 'original.binpb');
      const buf = repositoryPath('node_modules', '.bin', 'buf');
      await mustRun(buf, ['build', join(CLIENT, 'connectors-original.proto'), '-o', descriptors], {
        cwd: folder,
        env: plainEnvironment(),
      });
      project = await CliProject.open({ yaml: YAML });
      host = await project.start();
    });

    afterAll(async () => {
      await host?.[Symbol.asyncDispose]();
      await project?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** Makes the calls one after the other and gives their answers. */
    async function call(...calls: readonly (readonly [string, object])[]): Promise<readonly unknown[]> {
      const input = calls.map((one) => `${JSON.stringify(one)}\n`).join('');
      const args = [join(CLIENT, 'original_client.py'), host.ready.grpc, descriptors];
      const { stdout } = await mustRun(python!, args, { cwd: folder, env: plainEnvironment(), input });
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    }

    it('reads the connectors of the configuration file', async () => {
      const [all, enabled, typed, one] = await call(
        ['ListConnectors', {}],
        ['ListConnectors', { enabled_only: true }],
        ['ListConnectors', { type: 'CONNECTOR_TYPE_MESSAGING' }],
        ['GetConnector', { id: 'echo' }],
      );
      expect(all).toMatchObject({ response: { connectors: [{ id: 'echo' }, { id: 'off' }, { id: 'refused' }] } });
      expect(enabled).toMatchObject({ response: { connectors: [{ id: 'echo' }, { id: 'refused' }] } });
      expect(typed).toMatchObject({ response: { connectors: [{ id: 'echo', type: 'CONNECTOR_TYPE_MESSAGING' }] } });
      expect(one).toMatchObject({
        response: {
          connector: {
            id: 'echo',
            endpoint: 'http://127.0.0.1:8123',
            enabled: true,
            mode: 'CONNECTION_MODE_LOCAL',
            tags: ['blue'],
            metadata: { team: 'core' },
          },
          config: {
            host: '127.0.0.1',
            port: 8123,
            scheme: 'http',
            health_check: { enabled: true, interval_ms: '90000' },
          },
        },
      });
    });

    it('checks their health', async () => {
      const [echo, off, refused, all] = await call(
        ['HealthCheck', { id: 'echo' }],
        ['HealthCheck', { id: 'off' }],
        ['HealthCheck', { id: 'refused' }],
        ['HealthCheckAll', {}],
      );
      expect(echo).toMatchObject({ response: { id: 'echo', status: 'CONNECTOR_STATUS_HEALTHY' } });
      expect(off).toMatchObject({ response: { status: 'CONNECTOR_STATUS_UNAVAILABLE' } });
      expect(refused).toMatchObject({
        response: { status: 'CONNECTOR_STATUS_UNHEALTHY', message: expect.stringMatching(/ECONNREFUSED/) },
      });
      expect(all).toMatchObject({
        response: { statuses: { echo: 'CONNECTOR_STATUS_HEALTHY', refused: 'CONNECTOR_STATUS_UNHEALTHY' } },
      });
    });

    it('registers a connector, which answers our callers, survives a restart, and goes when it is removed', async () => {
      const config = { id: 'mine', enabled: true, metadata: { kind: 'echo' } };
      expect(await call(['RegisterConnector', { config }], ['RegisterConnector', { config }])).toMatchObject([
        { response: { success: true, connector_id: 'mine' } },
        { code: 'ALREADY_EXISTS' },
      ]);
      const said = async (): Promise<unknown> => project.json(['execute', 'mine', 'say', '--input', '{"text":"x"}']);
      expect(await said()).toMatchObject({ result: { text: 'x' } });
      await host.end();
      host = await project.start();
      expect(await said()).toMatchObject({ result: { text: 'x' } });
      expect(
        await call(
          ['HealthCheck', { id: 'mine' }],
          ['RemoveConnector', { id: 'mine' }],
          ['GetConnector', { id: 'mine' }],
        ),
      ).toMatchObject([
        { response: { status: 'CONNECTOR_STATUS_HEALTHY' } },
        { response: { success: true } },
        { code: 'NOT_FOUND' },
      ]);
    });

    it('gets the statuses that it knows', async () => {
      const answers = await call(
        ['GetConnector', {}],
        ['HealthCheck', { id: 'ghost' }],
        ['RemoveConnector', { id: 'echo' }],
        ['RegisterConnector', { config: { id: 'bad', port: -1, metadata: { kind: 'nobody' } } }],
      );
      expect(answers).toMatchObject([
        { code: 'INVALID_ARGUMENT' },
        { code: 'NOT_FOUND' },
        { code: 'INVALID_ARGUMENT', details: expect.stringMatching(/configuration file/) },
        { code: 'INVALID_ARGUMENT', trailers: expect.arrayContaining(['grpc-status-details-bin']) },
      ]);
    });
  },
);
