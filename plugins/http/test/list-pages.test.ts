import type { JsonObject } from '@automate/sdk';
import type { FakeHandler } from '@automate/testing';
import { FakeService, startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function pagesOf(answer: FakeHandler, payload: JsonObject = {}) {
  const server = await FakeService.start();
  running.push(server);
  server.on('GET', /./, answer);
  const connector = await startConnector(HttpAdapter, {
    url: `${server.url}/api`,
    config: { auth: { type: 'bearer', token: 'the-token' } },
  });
  running.push(connector);
  const call = (more: JsonObject = {}) =>
    connector.call('list_pages', { path: '/things?q=a%20b', ...payload, ...more });
  return { call, asked: () => server.requests.map(({ target }) => target), server };
}

const THREE = [[1, 2], [3], [4]];

describe('pages that a Link header leads through', () => {
  const linked: FakeHandler = ({ query }) => {
    const page = Number(query.get('page') ?? '1');
    const next = `<https://elsewhere.test/x>; rel="prev", </api/things?q=a%20b,c&page=${page + 1}>; title="a, b"; rel="last next"`;
    return { json: THREE[page - 1] ?? [], ...(page < 3 ? { headers: { link: next } } : {}) };
  };

  it('are read to the end', async () => {
    const { call, asked, server } = await pagesOf(linked);
    await expect(call()).resolves.toEqual({ items: [1, 2, 3, 4], pages: 3, complete: true });
    expect(asked()).toEqual(['/api/things?q=a%20b', '/api/things?q=a%20b,c&page=2', '/api/things?q=a%20b,c&page=3']);
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual(Array(3).fill('Bearer the-token'));
  });

  it('are read up to the bound, and it says where to go on', async () => {
    const { call } = await pagesOf(linked);
    await expect(call({ max_pages: 2 })).resolves.toEqual({
      items: [1, 2, 3],
      pages: 2,
      complete: false,
      next: expect.stringMatching(/page=3$/),
    });
  });

  it('never lead out of the endpoint with the credentials', async () => {
    const { call, asked } = await pagesOf(() => ({
      json: [],
      headers: { link: '<https://elsewhere.test/x>; rel=next' },
    }));
    await expect(call()).rejects.toMatchObject({ details: { reason: 'other_origin' } });
    expect(asked()).toHaveLength(1);
  });
});

describe('pages that the answer leads through', () => {
  const body: FakeHandler = ({ query }) => {
    const at = Number(query.get('after') ?? '0');
    return {
      json: {
        data: { items: THREE[at] ?? [] },
        meta: { next: at < 2 ? at + 1 : null, url: at < 2 ? `/api/things?after=${at + 1}` : '' },
      },
    };
  };

  it.each([
    [{ next: 'cursor', next_at: 'meta.next', param: 'after' }, '/api/things?q=a%20b&after=2'],
    [{ next: 'url', next_at: 'meta.url' }, '/api/things?after=2'],
  ])('are read to the end by %j', async (how, last) => {
    const { call, asked } = await pagesOf(body, { items: 'data.items', ...how });
    await expect(call()).resolves.toEqual({ items: [1, 2, 3, 4], pages: 3, complete: true });
    expect(asked().at(-1)).toBe(last);
  });

  it('need to be told where', async () => {
    const { call, asked } = await pagesOf(body, { next: 'cursor' });
    await expect(call()).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'next_at' }] });
    expect(asked()).toEqual([]);
  });

  it('that lead to themselves, or hold no list, are an error', async () => {
    const { call } = await pagesOf(() => ({ json: { list: [1], next: 'same' } }));
    const how = { next: 'cursor', next_at: 'next' };
    await expect(call({ ...how, items: 'list' })).rejects.toMatchObject({ details: { reason: 'bad_page' } });
    await expect(call(how)).rejects.toMatchObject({ details: { reason: 'bad_page' } });
  });

  it('that lead in a circle, or to no URL, are an error', async () => {
    const next: Readonly<Record<string, string>> = { '': 'b', b: 'c', c: 'b' };
    const { call, asked } = await pagesOf(({ query }) => ({
      json: { list: [1], next: next[query.get('cursor') ?? ''] ?? '' },
    }));
    const refused = { code: 'UPSTREAM_5XX', details: { reason: 'bad_page' } };
    await expect(call({ next: 'cursor', next_at: 'next', items: 'list' })).rejects.toMatchObject(refused);
    expect(asked()).toHaveLength(3);
    const other = await pagesOf(() => ({ json: { list: [1], next: 'http://[' } }));
    await expect(other.call({ next: 'url', next_at: 'next', items: 'list' })).rejects.toMatchObject(refused);
    const linked = await pagesOf(() => ({ json: [1], headers: { link: '<http://[>; rel=next' } }));
    await expect(linked.call()).rejects.toMatchObject(refused);
  });
});

describe('pages by number', () => {
  it('are read until one is empty, or as many bytes are there as fit', async () => {
    const numbered: FakeHandler = ({ query }) => ({ json: THREE[Number(query.get('p'))] ?? [] });
    const { call, asked } = await pagesOf(numbered, { next: 'page', param: 'p', first_page: 0 });
    await expect(call()).resolves.toEqual({ items: [1, 2, 3, 4], pages: 4, complete: true });
    expect(asked()).toHaveLength(4);
    await expect(call({ max_bytes: 8 })).resolves.toEqual({ items: [1, 2, 3], pages: 2, complete: false, next: '2' });
  });
});
