import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Created } from './run-create.ts';
import { contents, runCreate } from './run-create.ts';

const ORDERS = fileURLToPath(new URL('fixtures/orders.yaml', import.meta.url));

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'automate-create-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const create = (...args: readonly string[]): Promise<Created> =>
  runCreate(root, 'orders', '--yes', '--template', 'openapi', ...args);

describe('a package from a document', () => {
  it('has an action, a type and a test of each operation that was picked, and of no other', async () => {
    const { status, stderr } = await create('--document', ORDERS, '--operations', 'listOrders, POST /orders,delete');
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('made up') });
    const files = contents(join(root, 'orders'));
    const written = Object.keys(files).filter((path) => /^(src\/operations|test\/fixtures)\//.test(path));
    expect(written.toSorted()).toEqual([
      ...['src/operations/create-order.ts', 'src/operations/delete.ts', 'src/operations/index.ts'],
      ...['src/operations/list-orders.ts', 'test/fixtures/create-order.json', 'test/fixtures/delete.json'],
      'test/fixtures/list-orders.json',
    ]);
    expect(files['src/operations/list-orders.ts']).toContain('export type Output = readonly (Order)[];');
    expect(files['src/operations/list-orders.ts']).toContain('readonly "parent"?: Order | null;');
    expect(files['README.md']).toMatch(/host: orders\.example\n {4}port: 8443\n {4}base_path: \/v2\n/);
    expect(files['README.md']).toContain('| `delete` | yes | Removes an order. |');
    expect(JSON.parse(files['package.json'] ?? '')).toMatchObject({
      automate: { connectors: { orders: { permissions: { network: ['orders.example:8443'] } } } },
    });
  });

  it("calls with the document's examples where they fit, and with made up values where not", async () => {
    await create('--document', ORDERS, '--operations', '*');
    const fixture = (name: string): unknown =>
      JSON.parse(readFileSync(join(root, 'orders/test/fixtures', `${name}.json`), 'utf8'));
    const list = [{ id: 'o-1', items: [{ sku: 'chair', count: 2 }], parent: null }];
    expect(fixture('list-orders')).toMatchObject({
      input: { state: ['open'] },
      request: {
        target: '/orders?state=open&tenant%20id=a-tenant-for-tests',
        headers: { authorization: 'Bearer a-token-for-tests' },
      },
      answer: { status: 200, json: list },
      result: list,
    });
    expect(fixture('create-order')).toMatchObject({ input: { body: { items: [{ sku: 'chair' }] } } });
    expect(fixture('create-order')).not.toMatchObject({ answer: { json: { id: 7 } } });
    expect(fixture('delete')).toMatchObject({
      request: { target: '/orders/a%2Fb?tenant%20id=a-tenant-for-tests' },
      answer: { status: 204 },
      result: null,
    });
  });

  it('is read from a URL, with servers that are relative to it', async () => {
    const document = {
      openapi: '3.0.0',
      info: { title: 'x', version: '1' },
      servers: [{ url: '../api' }],
      paths: { '/a': { get: { operationId: 'a', responses: { 204: { description: 'ok' } } } } },
    };
    const server = createServer((_request, response) => response.end(JSON.stringify(document)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const { port } = server.address() as AddressInfo;
      expect(await create('--document', `http://127.0.0.1:${port}/docs/openapi.json`)).toMatchObject({ status: 0 });
      const readme = contents(join(root, 'orders'))['README.md'];
      expect(readme).toContain(`scheme: http\n    host: 127.0.0.1\n    port: ${port}\n    base_path: /api\n`);
    } finally {
      server.close();
    }
  });

  it('says what it leaves out of all that a pattern fits, and why', async () => {
    const { status, stderr } = await create('--document', ORDERS, '--operations', '*');
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^Left out: GET \/elsewhere \(elsewhere\): it is at https:\/\/other\.example, .*one endpoint$/m,
    );
    expect(stderr).toMatch(/^Left out: GET \/signed \(signed\): .*"signature" \(the HTTP scheme "hoba"\).*one auth$/m);
    expect(stderr).toMatch(/^Left out: POST \/never \(never\): no value could be made/m);
    expect(stderr).toMatch(/^Left out: GET \/outside \(outside\): .*must be bundled/m);
  });
});

describe('what is refused before anything is written', () => {
  it.each([
    [
      'an operation that there is not',
      ['--operations', 'listOders'],
      /no operation "listOders".*did you mean "list_orders"/,
    ],
    ['one that cannot be called', ['--operations', 'outside'], /"outside" cannot be an action: .*must be bundled/],
    [
      'one that needs another server',
      ['--operations', 'listOrders,createOrder,elsewhere'],
      /--operations: .*other\.example/,
    ],
    ['one that contradicts itself', ['--operations', 'listOrders,never'], /--operations: .*POST \/never/],
  ])('is %s', async (_, args, message) => {
    const { status, stderr } = await create('--document', ORDERS, ...args);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) });
    expect(readdirSync(root)).toEqual([]);
  });

  it('is a place where no document is', async () => {
    writeFileSync(join(root, 'page.html'), '<html>no document</html>');
    for (const [place, message] of [
      ['nowhere.yaml', 'ENOENT'],
      ['page.html', 'expected an OpenAPI document'],
      ['http://127.0.0.1:1/x', 'it cannot be fetched'],
    ] as const) {
      const { status, stderr } = await create('--document', place);
      expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) });
    }
    expect(readdirSync(root)).toEqual(['page.html']);
  });

  it('is a document of more operations than anybody wants unasked', async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`/p${index}`, { get: { responses: { 204: { description: 'ok' } } } }]),
    );
    writeFileSync(join(root, 'many.json'), JSON.stringify({ openapi: '3.0.0', paths }));
    const { status, stderr } = await create('--document', 'many.json');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(
        /--operations: expected operations of the document, or "\*" for all 60: get_p0, .* and 48 more/,
      ),
    });
  });

  it('is a document for a template that takes none, and a template without its document', async () => {
    const other = await runCreate(root, 'x', '--yes', '--template', 'minimal', '--document', ORDERS);
    expect(other).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--document: expected --template openapi beside it, received --template minimal'),
    });
    expect(await create()).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--document: .*none can be suggested/),
    });
    const operations = await runCreate(root, 'x', '--yes', '--operations', 'a');
    expect(operations).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--operations: expected --document'),
    });
    expect(readdirSync(root)).toEqual([]);
  });
});
