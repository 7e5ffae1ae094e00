import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith, findPython } from '@automate/tooling/require-service';
import { openGrpc } from './fixtures/open-grpc.ts';
import type { OpenGrpc } from './fixtures/open-grpc.ts';
import { runProgram } from './fixtures/run-program.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const python = findPython(['grpc', 'google.protobuf']);

describeWith(
  {
    name: 'Python with gRPC',
    available: () => python !== undefined,
    remedy: 'apt-get install --no-install-recommends python3-grpcio python3-protobuf',
  },
  'a Python client that was made from the original protocol',
  () => {
    let folder: string;
    let descriptors: string;
    let grpc: OpenGrpc;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'automate-original-'));
      descriptors = join(folder, 'original.binpb');
      const built = await runProgram('buf', ['build', join(FIXTURES, 'connectors-original.proto'), '-o', descriptors]);
      expect(built).toMatchObject({ status: 0 });
      grpc = await openGrpc([
        { id: 'echo', tags: ['x'], metadata: { team: 'core' }, host: 'localhost', port: 8080 },
        { id: 'prometheus', enabled: false },
      ]);
    });
    afterAll(async () => {
      await grpc[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** Makes the calls one after the other and gives their answers. */
    const call = async (...calls: readonly (readonly [string, object])[]): Promise<readonly unknown[]> => {
      const input = calls.map((one) => `${JSON.stringify(one)}\n`).join('');
      const args = [join(FIXTURES, 'original_client.py'), grpc.server.address, descriptors];
      const { status, stdout, stderr } = await runProgram(python!, args, input);
      if (status !== 0) throw new Error(stderr);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    };

    it('lists, filters and gets connectors', async () => {
      const [all, enabled, typed, one] = await call(
        ['ListConnectors', {}],
        ['ListConnectors', { enabled_only: true }],
        ['ListConnectors', { type: 'CONNECTOR_TYPE_OBSERVABILITY' }],
        ['GetConnector', { id: 'echo' }],
      );
      expect(all).toMatchObject({ response: { connectors: [{ id: 'echo' }, { id: 'prometheus' }] } });
      expect(enabled).toMatchObject({ response: { connectors: [{ id: 'echo', enabled: true }] } });
      expect(typed).toMatchObject({
        response: {
          connectors: [{ id: 'prometheus', status: 'CONNECTOR_STATUS_UNAVAILABLE', mode: 'CONNECTION_MODE_LOCAL' }],
        },
      });
      expect(one).toEqual({
        response: {
          connector: {
            id: 'echo',
            name: 'echo',
            type: 'CONNECTOR_TYPE_CUSTOM',
            endpoint: 'http://localhost:8080',
            enabled: true,
            status: 'CONNECTOR_STATUS_UNKNOWN',
            mode: 'CONNECTION_MODE_LOCAL',
            metadata: { team: 'core' },
            tags: ['x'],
          },
          config: {
            id: 'echo',
            name: 'echo',
            mode: 'CONNECTION_MODE_LOCAL',
            enabled: true,
            host: 'localhost',
            port: 8080,
            scheme: 'http',
            auth: { type: 'none' },
            metadata: { team: 'core' },
            tags: ['x'],
            health_check: { enabled: true, interval_ms: '30000', timeout_ms: '5000' },
          },
        },
      });
    });

    it('registers, checks and removes a connector whose kind it can only name in the metadata', async () => {
      const config = {
        id: 'mine',
        enabled: true,
        metadata: { kind: 'keyed' },
        auth: { type: 'basic', username: 'u', password: 'p' },
      };
      const answers = await call(
        ['RegisterConnector', { config }],
        ['GetConnector', { id: 'mine' }],
        ['HealthCheck', { id: 'mine' }],
        ['HealthCheckAll', {}],
        ['RemoveConnector', { id: 'mine' }],
        ['GetConnector', { id: 'mine' }],
      );
      expect(answers).toMatchObject([
        { response: { success: true, connector_id: 'mine' } },
        {
          response: {
            config: { auth: { type: 'basic', username: 'u', password: '[secret]' }, metadata: { kind: 'keyed' } },
          },
        },
        { response: { id: 'mine', status: 'CONNECTOR_STATUS_HEALTHY', message: 'ok', response_time_ms: '1' } },
        { response: { statuses: { mine: 'CONNECTOR_STATUS_HEALTHY', prometheus: 'CONNECTOR_STATUS_UNAVAILABLE' } } },
        { response: { success: true } },
        { code: 'NOT_FOUND' },
      ]);
      const registered = grpc.service.calls.find(({ method }) => method === 'register');
      expect(registered?.argument).toMatchObject({ id: 'mine', kind: 'keyed' });
    });

    it('gets the statuses that it knows, with the details in a trailer', async () => {
      const [empty, unknown, duplicate, bad, many] = await call(
        ['GetConnector', {}],
        ['HealthCheck', { id: 'ghost' }],
        ['RegisterConnector', { config: { id: 'echo', enabled: true } }],
        ['RegisterConnector', { config: { id: 'bad', port: -1, metadata: { kind: 'nobody' } } }],
        ['RegisterConnector', { config: { id: 'x'.repeat(20_000), port: -1, metadata: { kind: 'y'.repeat(20_000) } } }],
      );
      expect(empty).toMatchObject({
        code: 'INVALID_ARGUMENT',
        trailers: expect.arrayContaining(['grpc-status-details-bin']),
      });
      expect(unknown).toMatchObject({ code: 'NOT_FOUND', details: 'there is no connector "ghost"' });
      expect(duplicate).toMatchObject({ code: 'ALREADY_EXISTS' });
      expect(bad).toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: expect.stringContaining('"bad" is refused: port'),
      });
      // Its library takes 8 KiB of trailers at most.
      expect(many).toMatchObject({
        code: 'INVALID_ARGUMENT',
        trailers: expect.arrayContaining(['grpc-status-details-bin']),
      });
    });
  },
);
