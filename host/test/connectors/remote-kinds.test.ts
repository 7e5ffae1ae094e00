import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { Scope } from '@automate/contract';
import type { PluginSandbox } from '@automate/testing';
import { collectExits, findCanaries, readFilesBelow } from '../fixtures/canary-search.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const plugin = (name: string): string => fileURLToPath(new URL(`../../../plugins/${name}`, import.meta.url));
const STUBBORN = fileURLToPath(new URL('./fixtures/stubborn-server.mjs', import.meta.url));

/** Of every scheme that says who is asking. */
const CANARIES = {
  header: 'CANARY-hdr-1f7a93c2',
  query: 'CANARY-qry-2e8b04d1',
  cookie: 'CANARY-cke-3d9c15e0',
  basic: 'CANARY-bsc-4cad26ff',
  bearer: 'CANARY-brr-5bbe37ee',
  client: 'CANARY-clt-6acf48dd',
  token: 'CANARY-tkn-79d059cc',
  own: 'CANARY-own-88e16abb',
  program: 'CANARY-prg-97f27baa',
};

async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not so in time: ${what}`);
    await delay(20);
  }
}

const operation = (operationId: string, security: readonly object[], description = 'Tells.'): object => ({
  get: {
    operationId,
    description,
    security,
    responses: { 200: { description: 'Good', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
});

const SCHEMES = {
  header: { type: 'apiKey', in: 'header', name: 'X-Key' },
  query: { type: 'apiKey', in: 'query', name: 'api_key' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'session' },
  basic: { type: 'http', scheme: 'basic' },
  bearer: { type: 'http', scheme: 'bearer' },
  client: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://shop.example/token', scopes: {} } } },
};

/** A service that answers with all that it was sent, whatever it was asked, and as its document what it was sent as well. */
async function openTeller() {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url ?? '', 'http://localhost');
      const said = { url: request.url, headers: request.headers, body };
      const send = (status: number, value: unknown): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (url.pathname === '/token') return send(200, { access_token: CANARIES.token, expires_in: 3600 });
      if (url.pathname === '/openapi.json')
        return send(teller.status, {
          openapi: '3.1.0',
          info: { title: 'Teller', version: '1' },
          servers: [{ url: '/' }],
          paths: {
            ...Object.fromEntries(
              Object.keys(SCHEMES).flatMap((name) => [
                [`/good/${name}`, operation(name, [{ [name]: [] }])],
                [`/bad/${name}`, operation(`${name}_failing`, [{ [name]: [] }])],
              ]),
            ),
            '/told': operation('told', [], JSON.stringify(said)),
          },
          components: { securitySchemes: SCHEMES },
        });
      return send(url.pathname.startsWith('/bad/') ? 422 : 200, said);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const teller = {
    port: (server.address() as AddressInfo).port,
    status: 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return teller;
}

const tellerOf = (port: number): object => ({
  kind: 'openapi',
  host: '127.0.0.1',
  port,
  scheme: 'http',
  auth: { type: 'api_key', api_key_header: 'X-Own', api_key: '${OWN}' },
  settings: {
    document: `http://127.0.0.1:${port}/openapi.json`,
    credentials: {
      header: { value: '${HEADER}' },
      query: { value: '${QUERY}' },
      cookie: { value: '${COOKIE}' },
      basic: { username: 'ann', password: '${BASIC}' },
      bearer: { token: '${BEARER}' },
      client: { client_id: 'us', client_secret: '${CLIENT}', token_url: `http://127.0.0.1:${port}/token` },
    },
  },
});

const stubborn = (level: string): object => ({
  kind: 'mcp',
  isolation: level,
  settings: { command: process.execPath, args: [STUBBORN], env: { TOKEN: '${PROGRAM}' } },
});

function openHost(connectors: Readonly<Record<string, object>>, prepare = linkAll): Promise<SandboxHost> {
  const entries = Object.entries(connectors).map(([id, each]) => ({
    id,
    health_check: { enabled: false },
    retry: { attempts: 1 },
    ...each,
  }));
  const grants = {
    '@automate/connector-mcp': { network: ['*'], child_process: true, fs: { read: [STUBBORN] } },
    '*': { network: ['127.0.0.1'] },
  };
  return SandboxHost.open({
    kinds: [],
    yaml: JSON.stringify({ plugins: { scan: 'all', grants }, connectors: entries }),
    env: Object.fromEntries(Object.entries(CANARIES).map(([name, value]) => [name.toUpperCase(), value])),
    prepare,
  });
}

async function linkAll(sandbox: PluginSandbox): Promise<void> {
  await sandbox.linkPackage('@automate/connector-openapi', plugin('openapi'));
  await sandbox.linkPackage('@automate/connector-mcp', plugin('mcp'));
}

it('what says who is asking is told nowhere, though the remote systems repeat it', async () => {
  await using teller = await openTeller();
  const connectors = { teller: tellerOf(teller.port), tools: stubborn('thread'), apart: stubborn('process') };
  await using host = await openHost(connectors);
  const { exits, add } = collectExits();
  const { grpcAddress = '', httpAddress = '' } = host.host;
  await using grpc = await connect({ address: grpcAddress });
  const doors = { inside: host.service, grpc, rest: openRestBackend(httpAddress) };
  const calls = [
    ...Object.keys(SCHEMES).flatMap((name) => [
      ['teller', name],
      ['teller', `${name}_failing`],
    ]),
    ['teller', 'told'],
    ...['tools', 'apart'].flatMap((id) => ['tell', 'tell_failing', 'complain'].map((action) => [id, action])),
  ] as [string, string][];
  for (const [door, service] of Object.entries(doors)) {
    for (const id of Object.keys(connectors))
      add(`${door}: the description of ${id}`, '[secret]', await service.describe(id));
    for (const [id, action] of calls) {
      const said = await service.execute({ id, action, payload: {} }).then(
        ({ result }) => result,
        (error: { toEnvelope(): unknown }) => error.toEnvelope(),
      );
      add(`${door}: ${id} ${action}`, action === 'complain' ? 'done' : '[secret]', said);
    }
    add(`${door}: health`, 'teller', await service.healthCheckAll());
  }
  await eventually('the program complained', () => host.logText.includes('called with'));
  teller.status = 500;
  await using second = await host.restart();
  for (const id of ['teller', 'tools'])
    add(`after an end: the description of ${id}`, '[secret]', await second.service.describe(id));
  add('the log', 'called with', host.logText + second.logText);
  for (const { name, text: content } of await readFilesBelow(host.sandbox.root, ['/config/'])) add(name, '', content);
  expect(exits.filter(({ mark, text: found }) => !found.includes(mark)).map(({ name }) => name)).toEqual([]);
  expect(findCanaries(exits, CANARIES)).toEqual([]);
});

it('a caller that may do one discovered action may do no other, and sees no other connector', async () => {
  await using teller = await openTeller();
  await using host = await openHost({ teller: tellerOf(teller.port), tools: stubborn('process') });
  const { grpcAddress = '', httpAddress = '' } = host.host;
  const tokenFor = async (scope: Scope) => (await host.service.createToken({ name: 'one', scopes: [scope] })).token;
  const tokens = [await tokenFor('execute:teller/told'), await tokenFor('execute:tools/tell')] as const;
  for (const [index, token] of tokens.entries()) {
    await using grpc = await connect({ address: grpcAddress, token });
    for (const service of [grpc, openRestBackend(httpAddress, token)]) {
      const [mine, theirs] = index === 0 ? ['teller', 'tools'] : ['tools', 'teller'];
      const [may, mayNot] = index === 0 ? ['told', 'bearer'] : ['tell', 'pid'];
      await service.execute({ id: mine, action: may, payload: {} });
      const refused = { code: 'PERMISSION_DENIED' };
      await expect(service.execute({ id: mine, action: mayNot, payload: {} })).rejects.toMatchObject(refused);
      await expect(service.execute({ id: mine, action: `${may}.x`, payload: {} })).rejects.toMatchObject(refused);
      await expect(service.execute({ id: theirs, action: may, payload: {} })).rejects.toMatchObject({
        code: expect.stringMatching(/PERMISSION_DENIED|NOT_FOUND/),
      });
      expect((await service.list()).map(({ id }) => id)).toEqual([mine]);
    }
  }
});

it('a new version of either kind takes over under load, with the actions of the remote system', async () => {
  await using teller = await openTeller();
  const copies: Record<string, string> = {};
  const connectors = { teller: tellerOf(teller.port), tools: stubborn('process') };
  await using host = await openHost(connectors, async (sandbox) => {
    for (const name of ['openapi', 'mcp']) {
      const copy = join(sandbox.root, 'made', name);
      for (const part of ['dist', 'package.json'])
        await cp(join(plugin(name), part), join(copy, part), { recursive: true });
      await symlink(join(plugin(name), 'node_modules'), join(copy, 'node_modules'));
      await sandbox.linkPackage(`@automate/connector-${name}`, copy);
      copies[name] = copy;
    }
  });
  const { service } = host;
  const before = await Promise.all(Object.keys(connectors).map((id) => service.describe(id)));
  let stop = false;
  let done = 0;
  const failures: unknown[] = [];
  const load = [
    ['teller', 'told'],
    ['tools', 'tell'],
  ].map(async ([id = '', action = '']) => {
    while (!stop)
      await service.execute({ id, action, payload: {} }).then(
        () => (done += 1),
        (error: unknown) => failures.push(error),
      );
  });
  for (const [name, copy] of Object.entries(copies)) {
    for (const file of ['package.json', `dist/${name}-adapter.js`]) {
      const path = join(copy, file);
      const old = await readFile(path, 'utf8');
      await writeFile(path, old.replace(/(version"?\s*[:=]\s*['"])1\.0\.0/, '$11.0.1').replace('Calls ', 'Now calls '));
    }
  }
  await service.rescanPlugins();
  await eventually('both are of the new version', async () => {
    const now = await Promise.all(Object.keys(connectors).map((id) => service.describe(id)));
    return now.every(({ version }) => version === '1.0.1');
  });
  const reached = done;
  await eventually('the new version has answered', () => done > reached + 20 || failures.length > 0);
  stop = true;
  await Promise.all(load);
  expect(failures).toEqual([]);
  const after = await Promise.all(Object.keys(connectors).map((id) => service.describe(id)));
  expect(after.map(({ actions, discovery }) => [actions, discovery])).toEqual(
    before.map(({ actions, discovery }) => [actions, discovery]),
  );
});
