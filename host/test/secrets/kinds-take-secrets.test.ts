import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', '..', 'plugins');
const TOKEN = { namespace: 'team', name: 'token' };
const HOOK = { namespace: 'team', name: 'hook' };

const restarts = async ({ host }: SandboxHost, id = 'one'): Promise<number> => {
  const text = await (await fetch(`${host.httpAddress}/metrics`)).text();
  return Number(new RegExp(`automate_worker_restarts_total\\{connector="${id}"\\} (\\d+)`).exec(text)?.[1]);
};

/** What the kinds need to hear so that they connect, by what their paths end in. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/users/@me': { id: '1', username: 'bot' },
  '/api/org': { id: 1, name: 'org' },
  '/api/v1/query': { status: 'success', data: { resultType: 'vector', result: [] } },
  '/api/v2/alerts': [],
  '/api/services': { data: [] },
};
const BUCKETS =
  '<?xml version="1.0"?><ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>';
const BEARER = 'auth: { type: bearer, token: secretref://store/team/token }';
const DOCUMENT = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'T', version: '1' },
  paths: { '/own': { get: { operationId: 'own', responses: { 200: { description: 'Good' } } } } },
  security: [{ key: [] }],
  components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
});

it.each([
  ['discord', 'discord', 'call', { path: '/users/@me' }, BEARER],
  ['grafana', 'grafana', 'call', { path: '/api/org' }, BEARER],
  ['prometheus', 'prometheus', 'call', { path: '/api/v1/query' }, BEARER],
  ['prometheus', 'alertmanager', 'call', { path: '/api/v2/alerts' }, BEARER],
  ['jaeger', 'jaeger', 'call', { path: '/api/services' }, BEARER],
  ['s3', 's3', 'list_buckets', {}, 'profile: keys'],
  ['s3', 'minio', 'list_buckets', {}, 'profile: keys'],
  [
    'openapi',
    'openapi',
    'own',
    {},
    `settings: { document: ${DOCUMENT}, credentials: { key: { token: secretref://store/team/token } } }`,
  ],
])('the plugin %s: the kind %s takes another secret as it runs', async (plugin, kind, action_, payload, more) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(String(request.headers.authorization));
    const path = String(request.url).replace(/\?.*/, '');
    const found = Object.entries(ANSWERS).find(([end]) => path.endsWith(end));
    response.setHeader('content-type', kind === 's3' || kind === 'minio' ? 'application/xml' : 'application/json');
    response.end(kind === 's3' || kind === 'minio' ? BUCKETS : JSON.stringify(found?.[1] ?? {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  await using host = await SandboxHost.open({
    kinds: [],
    env: { HEALTH_INTERVAL: '20h' },
    yaml: `
plugins: { scan: all }
profiles: { keys: { kind: ${kind}, secrets: { access_key_id: secretref://store/team/token, secret_access_key: secretref://store/team/hook } } }
connectors:
  - { id: it, kind: ${kind}, host: 127.0.0.1, port: ${port}, scheme: http, ${more} }
`,
    prepare: (sandbox) => sandbox.linkPackage(`@automate/connector-${plugin}`, join(PLUGINS, plugin)),
  });
  await host.service.setSecret({ ...TOKEN, value: 'token-one' });
  await host.service.setSecret({ ...HOOK, value: 'hook-one' });
  const run = () => host.service.execute({ id: 'it', action: action_, payload });
  await run();
  expect(seen.at(-1)).toContain('token-one');
  await host.service.setSecret({ ...TOKEN, value: 'token-two' });
  await run();
  expect(seen.at(-1)).toContain('token-two');
  await expect(restarts(host, 'it')).resolves.toBe(0);
});
