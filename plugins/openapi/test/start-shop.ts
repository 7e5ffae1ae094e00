import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Validator } from '@cfworker/json-schema';
import { load } from 'js-yaml';

export const SHOP = new URL('./fixtures/shop.yaml', import.meta.url);

export interface Shop extends AsyncDisposable {
  readonly url: string;
  /** The document as this server gives it, at `/openapi.yaml`. */
  text: string;
  /** What was asked, in order, with everything that was sent. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  /** Statuses of the next answers, in place of the usual. */
  readonly next: number[];
  /** The access tokens that are good. */
  readonly tokens: Set<string>;
  /** What `GET /v1/report` answers. */
  report: unknown;
}

/**
 * The service of `shop.yaml`, written for itself: it reads requests as the document says, with the platform's own readers, and
 * refuses with 400 what the document does not allow.
 */
export async function startShop(): Promise<Shop> {
  const text = await readFile(SHOP, 'utf8');
  const { components } = load(text) as { components: object };
  const item = new Validator(
    { ...requiredOnCreate(components), $ref: '#/components/schemas/Item' } as never,
    '2020-12',
  );
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  const sent = (response: ServerResponse, status: number, value?: unknown, type = 'application/json'): void => {
    response.writeHead(status, value === undefined ? {} : { 'content-type': type });
    response.end(
      value === undefined || Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value),
    );
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', headers } = request;
    shop.requests.push({ line: `${method} ${request.url}`, headers, body: body.toString('latin1') });
    const url = new URL(request.url ?? '', shop.url);
    if (url.pathname === '/openapi.yaml') return sent(response, 200, shop.text, 'application/yaml');
    if (url.pathname === '/token') {
      const token = `token-${shop.tokens.size}-of-the-shop`;
      shop.tokens.add(token);
      return sent(response, 200, { access_token: token, expires_in: 3600, token_type: 'bearer' });
    }
    const status = shop.next.shift();
    if (status !== undefined) return sent(response, status, { error: 'as was asked' });
    const path = url.pathname.replace(/^\/v1/, '');
    if (method === 'HEAD') return sent(response, 404);
    const [, id, photo] = /^\/items\/([^/]+)(\/photo)?$/.exec(path) ?? [];
    const isKey = headers['x-key'] === 'the-key-of-shop';
    if (path === '/items' || id !== undefined) {
      if (!isKey) return sent(response, 401, {});
    }
    if (path === '/items' && method === 'GET') {
      const limit = url.searchParams.get('limit');
      if (limit !== null && !/^[1-9]\d?$|^100$/.test(limit)) return sent(response, 400, { error: 'limit' });
      const asked = {
        tags: url.searchParams.get('tags')?.split(','),
        color: url.searchParams.get('where[color]'),
        trace: headers['x-trace'],
      };
      return sent(response, 200, [{ id: '1', name: JSON.stringify(asked), price: null }]);
    }
    if (path === '/items' && method === 'POST') {
      const value: unknown = JSON.parse(body.toString());
      const { valid, errors } = item.validate(value);
      if (headers['content-type'] !== 'application/json' || !valid) return sent(response, 400, { errors });
      return sent(response, 201, { ...(value as object), id: headers['idempotency-key'] ?? 'new' });
    }
    if (id !== undefined && photo === undefined)
      return method === 'DELETE' ? sent(response, 204) : sent(response, 200, { id: decodeURIComponent(id), name: 'x' });
    if (photo !== undefined) {
      if (method === 'GET') return sent(response, 200, Buffer.from([137, 80, 78, 71]), 'image/png');
      return sent(response, headers['content-type'] === 'image/png' && body[0] === 137 ? 204 : 400);
    }
    if (path === '/upload') {
      if (headers.authorization !== `Basic ${btoa('ann:secret-of-ann')}`) return sent(response, 401, {});
      const form = await new Response(body, { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
      const file = form.get('file');
      if (!(file instanceof File)) return sent(response, 400, {});
      return sent(
        response,
        200,
        `${file.name} ${file.type} ${await file.text()} ${String(form.get('note'))}`,
        'text/plain',
      );
    }
    if (path === '/login') {
      if (isKey) return sent(response, 400, { error: 'no key is wanted here' });
      const form = new URLSearchParams(body.toString());
      return sent(response, 200, { user: form.get('user'), roles: form.getAll('roles') });
    }
    if (path === '/report') {
      const [, token = ''] = /^Bearer (.*)$/.exec(headers.authorization ?? '') ?? [];
      const byKeys = url.searchParams.get('api_key') === 'a key&more' && headers.cookie === 'session=s-of-the-shop';
      return sent(response, shop.tokens.has(token) || byKeys ? 200 : 401, shop.report);
    }
    return sent(response, 404, {});
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const shop: Shop = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text,
    requests: [],
    next: [],
    tokens: new Set(),
    report: { total: 3 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return shop;
}

/** What the service writes itself is not asked for. */
function requiredOnCreate(components: object): object {
  const text = JSON.stringify({ components }).replace('"required":["id","name"]', '"required":["name"]');
  return JSON.parse(text) as object;
}
