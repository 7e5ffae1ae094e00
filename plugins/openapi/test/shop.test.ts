import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { conformance, startConnector } from '@automate/testing';
import type { JsonObject, JsonValue } from '@automate/sdk';
import OpenApiAdapter from '../src/openapi-adapter.ts';
import type { Shop } from './start-shop.ts';
import { SHOP, startShop } from './start-shop.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const PATH = fileURLToPath(SHOP);

conformance(OpenApiAdapter, { settings: { document: PATH }, packageJson }, { describe, it });

const KEYS: JsonObject = {
  key: { value: 'the-key-of-shop' },
  basic: { username: 'ann', password: 'secret-of-ann' },
};

/** A connector to the shop, which found its actions. */
async function open(shop: Shop, settings: JsonObject = {}, config: JsonObject = {}) {
  const connector = await startConnector(OpenApiAdapter, {
    config: config as never,
    settings: {
      document: PATH,
      server_variables: { scheme: 'http', host: new URL(shop.url).host },
      credentials: KEYS,
      ...settings,
    },
  });
  await connector.adapter.connect();
  const found = await connector.discover();
  return { ...connector, found, [Symbol.asyncDispose]: connector.close };
}

type Opened = Awaited<ReturnType<typeof open>>;

/** A result that is no object as it is. */
async function run({ call }: Opened, action: string, payload: JsonObject): Promise<JsonValue> {
  return (await call(action, payload)) as JsonValue;
}

describe('a service by its document', () => {
  it('has an action for each operation, and says what has none', async () => {
    await using shop = await startShop();
    await using connector = await open(shop);
    expect(
      connector.found.actions.map(({ name, sideEffects, idempotent, idempotencyKey }) => [
        name,
        sideEffects ? 'changes' : 'reads',
        idempotent ? 'again' : 'once',
        idempotencyKey !== false,
      ]),
    ).toEqual([
      ['create_item', 'changes', 'once', true],
      ['delete_item', 'changes', 'again', false],
      ['get_item', 'reads', 'again', false],
      ['get_photo', 'reads', 'again', false],
      ['list_items', 'reads', 'again', false],
      ['login', 'changes', 'once', false],
      ['put_photo', 'changes', 'again', false],
      ['report', 'reads', 'again', false],
      ['upload', 'changes', 'once', false],
    ]);
    expect(connector.found.leftOut).toEqual([
      {
        name: 'GET /odd (odd)',
        reason: expect.stringContaining('"other.yaml#/answer", which is not in this document'),
      },
    ]);
    expect(await connector.health()).toMatchObject({ status: 'healthy', details: { actions: 9, left_out: 1 } });
  });

  it('is asked as its document says', async () => {
    await using shop = await startShop();
    await using connector = await open(shop, { result: 'response' });
    const listed = await run(connector, 'list_items', {
      limit: 5,
      tags: ['a b', 'c&d'],
      where: { color: 'blue' },
      'X-Trace': 't1',
    });
    expect(listed).toMatchObject({ status: 200, body: [{ id: '1' }] });
    const [{ name } = { name: '' }] = (listed as { body: { name: string }[] }).body;
    expect(JSON.parse(name)).toEqual({ tags: ['a b', 'c&d'], color: 'blue', trace: 't1' });
    await expect(run(connector, 'create_item', { body: { name: 'chair', price: 3.5 } })).resolves.toMatchObject({
      status: 201,
      body: { id: 'new', name: 'chair' },
    });
    await expect(run(connector, 'get_item', { itemId: 'a/b ü?' })).resolves.toMatchObject({ body: { id: 'a/b ü?' } });
    await expect(run(connector, 'delete_item', { itemId: '1' })).resolves.toMatchObject({ status: 204, body: null });
    const png = Buffer.from([137, 80, 78, 71]).toString('base64');
    await expect(run(connector, 'put_photo', { itemId: '1', body: png })).resolves.toMatchObject({ status: 204 });
    await expect(run(connector, 'get_photo', { itemId: '1' })).resolves.toMatchObject({
      body: { base64: png, content_type: 'image/png' },
    });
    const file = { base64: btoa('hello'), filename: 'a.txt', content_type: 'text/plain' };
    await expect(run(connector, 'upload', { body: { file, note: 'n', meta: { a: 1 } } })).resolves.toMatchObject({
      body: 'a.txt text/plain hello n',
    });
    await expect(run(connector, 'login', { body: { user: 'ann', roles: ['x y', 'z'] } })).resolves.toMatchObject({
      body: { user: 'ann', roles: ['x y', 'z'] },
    });
  });

  it('gives the body alone unless it is asked for more, and a key where the operation takes one', async () => {
    await using shop = await startShop();
    await using connector = await open(shop);
    await expect(run(connector, 'get_item', { itemId: '7' })).resolves.toEqual({ id: '7', name: 'x' });
    await expect(
      connector.call('create_item', { body: { name: 'n' } }, { idempotencyKey: 'k-1' }),
    ).resolves.toMatchObject({ id: 'k-1' });
  });

  it('refuses what the document does not allow before anything is sent', async () => {
    await using shop = await startShop();
    await using connector = await open(shop);
    for (const [action, payload, path] of [
      ['list_items', { limit: 0 }, 'limit'],
      ['list_items', { limits: 1 }, 'limits'],
      ['create_item', { body: { name: '' } }, 'body.name'],
      ['create_item', {}, 'body'],
      ['get_item', { itemId: '..' }, '/items/{itemId}'],
      ['put_photo', { itemId: '1', body: 'no base64!' }, 'body'],
    ] as const)
      await expect(run(connector, action, payload)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [expect.objectContaining({ path })],
      });
    expect(shop.requests).toEqual([]);
  });

  it('that refuses is told of as by any other connector', async () => {
    await using shop = await startShop();
    await using connector = await open(shop);
    for (const [status, code] of [
      [404, 'NOT_FOUND'],
      [409, 'ALREADY_EXISTS'],
      [422, 'INVALID_INPUT'],
      [429, 'RATE_LIMITED'],
      [500, 'UPSTREAM_5XX'],
    ] as const) {
      shop.next.push(status);
      await expect(run(connector, 'get_item', { itemId: '1' })).rejects.toMatchObject({ code });
    }
  });

  it('whose answer is not what the document says is told to the log, or refused where that is wanted', async () => {
    await using shop = await startShop();
    shop.report = { total: 'three' };
    const credentials = { query: { value: 'a key&more' }, cookie: { value: 's-of-the-shop' } };
    await using lenient = await open(shop, { credentials });
    await expect(run(lenient, 'report', {})).resolves.toEqual({ total: 'three' });
    expect(lenient.records.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('GET /report (report)'),
    );
    await using strict = await open(shop, { credentials, check_answers: 'refuse' });
    await expect(run(strict, 'report', {})).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      blame: 'remote',
    });
  });
});

describe('who is asking', () => {
  it('is said by client credentials, with a new token where the last one is not taken any more', async () => {
    await using shop = await startShop();
    const oauth = { client_id: 'us', client_secret: 'secret-of-us', token_url: `${shop.url}/token` };
    await using connector = await open(shop, { credentials: { oauth } });
    await expect(run(connector, 'report', {})).resolves.toEqual({ total: 3 });
    await run(connector, 'report', {});
    expect(shop.requests.filter(({ line }) => line === 'POST /token')).toHaveLength(1);
    shop.next.push(401);
    await expect(run(connector, 'report', {})).resolves.toEqual({ total: 3 });
    expect(shop.requests.filter(({ line }) => line === 'POST /token')).toHaveLength(2);
  });

  it('is not said to operations that do not want it, and their refusal blames the operator', async () => {
    await using shop = await startShop();
    await using connector = await open(shop, { credentials: {} });
    await expect(run(connector, 'login', { body: { user: 'ann' } })).resolves.toMatchObject({ user: 'ann' });
    await expect(run(connector, 'get_item', { itemId: '1' })).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      blame: 'operator',
    });
  });

  it.each([
    ['document', { document: 'https://ann:hush@shop.example/openapi.yaml' }],
    ['base_url', { base_url: 'https://ann:hush@shop.example/v1' }],
    ['base_url', { base_url: 'https://shop.example/v1?key=hush' }],
    ['credentials.oauth.token_url', { credentials: { oauth: { token_url: 'https://ann:hush@shop.example/token' } } }],
  ])('does not go with a URL of the settings: %s', async (path, settings) => {
    await using shop = await startShop();
    const thrown = await open(shop, settings).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [expect.objectContaining({ path: `settings.${path}` })],
    });
    expect(JSON.stringify(thrown)).not.toContain('hush');
  });

  it('is asked for in words where the settings do not say it right', async () => {
    await using shop = await startShop();
    const credentials = { key: { token: 'hush' }, other: { value: 'hush' } };
    await expect(open(shop, { credentials })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [
        { path: 'settings.credentials.key', expected: expect.stringContaining('`value`') },
        { path: 'settings.credentials.other', expected: expect.stringContaining('key, query, cookie, basic, oauth') },
      ],
    });
  });
});

describe('the document', () => {
  it('may be chosen from, by names, paths, methods and tags', async () => {
    await using shop = await startShop();
    const namesOf = async (settings: JsonObject): Promise<readonly string[]> => {
      await using connector = await open(shop, settings);
      return connector.found.actions.map(({ name }) => name);
    };
    expect(await namesOf({ include: ['getItem', 'list_*'] })).toEqual(['get_item', 'list_items']);
    expect(await namesOf({ include: ['/items/*'] })).toEqual(['delete_item', 'get_item']);
    expect(await namesOf({ include: ['GET /items/**'] })).toEqual(['get_item', 'get_photo']);
    expect(await namesOf({ include: ['tag:admin'], exclude: ['login'] })).toEqual(['report']);
  });

  it('may come from a URL, whose own server is meant by a relative one, or stand in the settings', async () => {
    await using shop = await startShop();
    shop.text = shop.text.replace('{scheme}://{host}/v1', '/v1');
    await using fetched = await open(shop, { document: `${shop.url}/openapi.yaml` });
    await expect(run(fetched, 'get_item', { itemId: '1' })).resolves.toMatchObject({ id: '1' });
    await using inline = await open(shop, { document: shop.text, base_url: `${shop.url}/v1/` });
    await expect(run(inline, 'get_item', { itemId: '2' })).resolves.toMatchObject({ id: '2' });
    const { hostname, port } = new URL(shop.url);
    const place = { scheme: 'http', host: hostname, port: Number(port), basePath: '/v1' };
    await using placed = await open(shop, { document: shop.text }, place);
    await expect(run(placed, 'get_item', { itemId: '3' })).resolves.toMatchObject({ id: '3' });
    await using nowhere = await open(shop, { document: shop.text });
    expect(nowhere.found.actions).toEqual([]);
    expect(nowhere.found.leftOut).toContainEqual({
      name: 'GET /items (listItems)',
      reason: expect.stringContaining('settings.base_url'),
    });
  });

  it.each([
    ['a file that is not there', '/nowhere/at/all.yaml', 'CONFIG_INVALID', 'ENOENT'],
    ['a text that is none', 'openapi: 3.0.0\npaths: [', 'CONFIG_INVALID', 'neither'],
    ['another document', { swagger: '1.2' }, 'CONFIG_INVALID', 'Swagger 2.0'],
  ])('that cannot be read is named with the reason: %s', async (_, document, code, message) => {
    await using shop = await startShop();
    await expect(open(shop, { document })).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
