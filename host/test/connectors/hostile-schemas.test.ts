import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const plugin = (name: string): string => fileURLToPath(new URL(`../../../plugins/${name}`, import.meta.url));

/** An expression that takes for ever. */
const HOSTILE_PATTERN = { type: 'string', pattern: '^(a+)+$' };
/** What JavaScript cannot read. */
const OTHER_LANGUAGE = { type: 'string', pattern: '[\\w-.]' };
/** What makes it take for ever. */
const NEVER = `${'a'.repeat(60)}!`;
/** Types that are only one another. */
const CIRCLE = {
  A: { $ref: '#/$defs/B' },
  B: { $ref: '#/$defs/A' },
  C: { allOf: [{ $ref: '#/$defs/C' }, { type: 'object', required: ['n'] }] },
};

const inDocument = (value: object): object =>
  JSON.parse(JSON.stringify(value).replaceAll('#/$defs/', '#/components/schemas/')) as object;

const post = (schema: object, answer: object = {}): object => ({
  post: {
    requestBody: { required: true, content: { 'application/json': { schema } } },
    responses: { 200: { description: 'Good', content: { 'application/json': { schema: answer } } } },
  },
});

const DOCUMENT = {
  openapi: '3.0.3',
  info: { title: 'Hostile', version: '1' },
  paths: {
    '/named': post({ type: 'object', properties: { name: HOSTILE_PATTERN }, required: ['name'] }),
    '/answers': post({ type: 'object' }, { type: 'object', properties: { name: HOSTILE_PATTERN } }),
    '/circle': post({
      type: 'object',
      properties: { a: { $ref: '#/components/schemas/A' }, c: { $ref: '#/components/schemas/C' } },
    }),
    '/odd': post({ type: 'object', properties: { name: OTHER_LANGUAGE } }),
    '/quick': post({ type: 'object', properties: { n: { type: 'integer' } } }),
  },
  components: { schemas: inDocument(CIRCLE) },
};

const TOOLS = [
  { name: 'named', inputSchema: { type: 'object', properties: { name: HOSTILE_PATTERN }, required: ['name'] } },
  {
    name: 'answers',
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object', properties: { name: HOSTILE_PATTERN } },
  },
  {
    name: 'circle',
    inputSchema: {
      type: 'object',
      properties: { a: { $ref: '#/$defs/A' }, c: { $ref: '#/$defs/C' } },
      $defs: CIRCLE,
    },
  },
  {
    name: 'odd',
    inputSchema: { type: 'object', properties: { name: OTHER_LANGUAGE, other: { $ref: '#/$defs/none' } } },
  },
  { name: 'quick', inputSchema: { type: 'object', properties: { n: { type: 'integer' } } } },
];

/** Answers whatever it is asked, as a REST service and as an MCP server. */
async function openRemote() {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const send = (value: unknown): void =>
        void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
      if (request.url !== '/mcp') return send({ name: NEVER });
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const { id, method, params } = JSON.parse(body) as { id?: number; method: string; params?: JsonObject };
      const answer = (result: object): void => send({ jsonrpc: '2.0', id, ...result });
      if (id === undefined) return void response.writeHead(202).end();
      if (method === 'initialize')
        return answer({
          result: {
            protocolVersion: params?.['protocolVersion'],
            capabilities: { tools: {} },
            serverInfo: { name: 'hostile', version: '1' },
          },
        });
      if (method === 'tools/list') return answer({ result: { tools: TOOLS } });
      if (method === 'tools/call')
        return answer({ result: { content: [{ type: 'text', text: 'done' }], structuredContent: { name: NEVER } } });
      return answer({ error: { code: -32601, message: 'no such method' } });
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function openHost(port: number): Promise<SandboxHost> {
  const settings = {
    openapi: { document: DOCUMENT, base_url: `http://127.0.0.1:${port}` },
    mcp: { url: `http://127.0.0.1:${port}/mcp` },
  };
  const connectors = Object.entries(settings).map(([kind, each]) => ({
    id: kind,
    kind,
    health_check: { enabled: false },
    retry: { attempts: 1 },
    limits: { timeout: '8s' },
    settings: each,
  }));
  return SandboxHost.open({
    kinds: [],
    yaml: JSON.stringify({
      plugins: { scan: 'all', grants: { '*': { network: ['127.0.0.1'] } } },
      connectors,
    }),
    prepare: async (sandbox) => {
      await sandbox.linkPackage('@automate/connector-openapi', plugin('openapi'));
      await sandbox.linkPackage('@automate/connector-mcp', plugin('mcp'));
    },
  });
}

describe.each([
  ['openapi', (name: string) => `post_${name}`, (input: JsonObject) => ({ body: input })],
  ['mcp', (name: string) => name, (input: JsonObject) => input],
])('a remote system of the kind %s with hostile schemas', (id, actionOf, payloadOf) => {
  it('neither blocks its worker nor fails calls', async () => {
    await using remote = await openRemote();
    await using host = await openHost(remote.port);
    const { service } = host;
    const run = (name: string, input: JsonObject) =>
      service.execute({ id, action: actionOf(name), payload: payloadOf(input) });
    await run('quick', { n: 1 });
    await expect(run('quick', { n: 'one' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });

    await expect(run('circle', { a: { any: 1 }, c: { n: 1 } })).resolves.toBeDefined();
    await expect(run('circle', { c: { m: 1 } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(run('named', { name: 7 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(run('named', { name: 'b' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });

    // The service judges what cannot be judged here in time.
    await run('named', { name: NEVER });
    await run('answers', {});
    await run('odd', { name: 'x', ...(id === 'mcp' ? { other: 1 } : {}) });
    await expect(run('named', { name: 7 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(host.logText).toContain('it took more than 500 ms');
  });
});
