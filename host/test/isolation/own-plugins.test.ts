import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import { redis, startRedis } from '../../../plugins/redis/test/start-redis.ts';
import { findPostgres, startPostgres } from '../../../plugins/postgres/test/start-postgres.ts';
import { auth, startServer } from '../../../plugins/s3/test/start-server.ts';
import { startWorkspace, TOKEN } from '../../../plugins/slack/test/slack-workspace.ts';
import { ROOT } from '../docs/fixtures/read-docs.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Opens no file that it is not shown, and is not to be restricted. */
const NOT_RESTRICTED = 'sqlite';

const FOLDERS = readdirSync(join(ROOT, 'plugins'));

interface Manifest {
  readonly name: string;
  readonly automate: { readonly connectors: Readonly<Record<string, unknown>> };
}
const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, 'plugins', folder, 'package.json'), 'utf8')) as Manifest;

/** A project with all plugins of this repository, linked as a workspace links them. */
function openRestricted(connectors: readonly unknown[]): Promise<SandboxHost> {
  return SandboxHost.open({
    serve: false,
    kinds: [],
    yaml: JSON.stringify({
      plugins: { isolation: 'restricted', grants: { '@automate/connector-*': { network: ['*'] } } },
      connectors,
    }),
    prepare: async (sandbox) => {
      const names = FOLDERS.map((folder) => manifestOf(folder).name);
      for (const folder of FOLDERS) await sandbox.linkPackage(manifestOf(folder).name, join(ROOT, 'plugins', folder));
      const dependencies = Object.fromEntries(names.map((name) => [name, 'workspace:*']));
      await writeFile(join(sandbox.root, 'package.json'), JSON.stringify({ name: 'project', dependencies }));
    },
  });
}

describe('the plugins of this repository, restricted', () => {
  const kinds = FOLDERS.filter((folder) => folder !== NOT_RESTRICTED).flatMap((folder) =>
    Object.keys(manifestOf(folder).automate.connectors),
  );
  let host: SandboxHost;
  beforeAll(async () => {
    host = await openRestricted(kinds.map((kind) => ({ id: kind, kind, enabled: true, isolation: 'restricted' })));
  }, 60_000);
  afterAll(() => host[Symbol.asyncDispose]());

  it.each(kinds)('loads and describes itself: %s', async (kind) => {
    const { actions, open, discovery } = await host.service.describe(kind);
    // The actions of some are for their remote system to say.
    expect(actions.length > 0 || open || discovery !== undefined).toBe(true);
  });
});

it('sqlite says which module it misses, where it is restricted against its recommendation', async () => {
  await using host = await openRestricted([{ id: 'sqlite', isolation: 'restricted', settings: { file: 'notes.db' } }]);
  await expect(host.service.execute({ id: 'sqlite', action: 'list_tables', payload: {} })).rejects.toMatchObject({
    message: expect.stringContaining('node:sqlite'),
  });
});

it('http asks a server, restricted', async () => {
  await using server = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end('{"well":true}'),
  );
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await using host = await openRestricted([{ id: 'http', host: '127.0.0.1', port }]);
  const { result } = await host.service.execute({
    id: 'http',
    action: 'request',
    payload: { method: 'GET', path: '/' },
  });
  expect(result).toMatchObject({ json: { well: true } });
});

it('slack sends a message, restricted', async () => {
  await using cleanup = new AsyncDisposableStack();
  const workspace = await startWorkspace();
  cleanup.defer(() => workspace.close());
  const url = new URL(workspace.url);
  await using host = await openRestricted([
    {
      id: 'slack',
      scheme: 'http',
      host: url.hostname,
      port: Number(url.port),
      auth: { type: 'bearer', token: TOKEN },
    },
  ]);
  const { result } = await host.service.execute({
    id: 'slack',
    action: 'send_message',
    payload: { channel: 'C024BE91L', text: 'hello' },
  });
  expect(result).toMatchObject({ ts: expect.any(String) });
});

it('s3 keeps an object, restricted', async () => {
  const server = await startServer();
  const url = new URL(server.url);
  await using host = await openRestricted([
    { id: 's3', scheme: 'http', host: url.hostname, port: Number(url.port), auth, settings: { region: 'us-east-1' } },
  ]);
  expect(await host.service.healthCheck('s3')).toMatchObject({ status: 'healthy' });
  await server.stop();
});

describeWith(redis, 'a real Redis', () => {
  it('answers a restricted connector', async () => {
    const server = await startRedis();
    await using host = await openRestricted([{ id: 'redis', host: '127.0.0.1', port: server.port }]);
    await host.service.execute({ id: 'redis', action: 'set', payload: { key: 'a', value: 'b' } });
    const { result } = await host.service.execute({ id: 'redis', action: 'get', payload: { key: 'a' } });
    expect(JSON.stringify(result)).toContain('b');
    await server.close();
  });
});

describeWith(
  { name: 'postgres', available: () => findPostgres() !== undefined, remedy: 'apt-get install postgresql' },
  'a real PostgreSQL',
  () => {
    it('answers a restricted connector', async () => {
      const server = await startPostgres();
      await using host = await openRestricted([
        {
          id: 'postgres',
          host: '127.0.0.1',
          port: server.port,
          auth: { type: 'basic', username: 'postgres', password: 'correct horse' },
          settings: { database: 'postgres' },
        },
      ]);
      const { result } = await host.service.execute({
        id: 'postgres',
        action: 'query',
        payload: { sql: 'SELECT 40 + 2 AS answer' },
      });
      expect(JSON.stringify(result)).toContain('42');
      await server.close();
    });
  },
);
