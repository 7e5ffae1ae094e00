import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonValue } from '@automate/sdk';

/** A request that a fake service got. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query as they came, nothing decoded. */
  readonly target: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  text(): string;
  json(): JsonValue;
}

/** What a fake service answers. One of `json`, `text` and `bytes` at most. */
export interface FakeReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: JsonValue;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** Milliseconds to wait first. */
  readonly delayMs?: number;
  /** `request`: close the connection without an answer; `body`: after half of the body; `never`: leave the request hanging. */
  readonly drop?: 'request' | 'body' | 'never';
}

export type FakeHandler = (request: RecordedRequest) => FakeReply | Promise<FakeReply>;

/** One reply for ever, a handler, or replies one after the other, the last of which stays. */
export type FakeScript = FakeReply | FakeHandler | readonly (FakeReply | FakeHandler)[];

export interface FakeServiceOptions {
  /** Serves over TLS. PEM; `ca` with `requestCert` asks clients for a certificate signed by it. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean };
}

interface Route {
  readonly method: string;
  readonly path: string | RegExp;
  readonly script: readonly (FakeReply | FakeHandler)[];
  calls: number;
}

/**
 * A scripted remote system: a real server on 127.0.0.1 and a free port, which answers as it is told, well or badly, and
 * remembers what it was asked.
 *
 * ```ts
 * await using service = await FakeService.start();
 * service.on('GET', '/api/status', { json: { ok: true } });
 * service.on('POST', '/api/messages', [{ status: 429, headers: { 'retry-after': '1' } }, { json: { id: 1 } }]);
 * ```
 */
export class FakeService implements AsyncDisposable {
  readonly #server: Server;
  readonly #secure: boolean;
  readonly #routes: Route[] = [];
  readonly #requests: RecordedRequest[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #closed = new AbortController();
  #accepted = 0;

  private constructor(options: FakeServiceOptions) {
    this.#secure = options.tls !== undefined;
    const listener: RequestListener = (request, response) => void this.#answer(request, response);
    const { tls } = options;
    this.#server =
      tls === undefined
        ? createHttpServer(listener)
        : createHttpsServer({ ...tls, rejectUnauthorized: tls.requestCert === true }, listener);
    this.#server.on('connection', (socket: Socket) => {
      this.#accepted += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // A client that goes away is part of the game.
      socket.on('error', () => undefined);
    });
  }

  /** A service that listens. Every request is answered with 404 until a route fits. */
  static async start(options: FakeServiceOptions = {}): Promise<FakeService> {
    const service = new FakeService(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    service.#server.once('error', reject);
    service.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return service;
  }

  /** The endpoint as a connector's configuration names it. */
  get endpoint(): { readonly scheme: 'http' | 'https'; readonly host: string; readonly port: number } {
    const { port } = this.#server.address() as AddressInfo;
    return { scheme: this.#secure ? 'https' : 'http', host: '127.0.0.1', port };
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    const { scheme, host, port } = this.endpoint;
    return `${scheme}://${host}:${port}`;
  }

  /** Everything asked so far, in order, answered or not. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Connections that were made so far, also by what does not speak HTTP. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Answers requests of a method (`*` for any) and a path. A later route goes before an earlier one. */
  on(method: string, path: string | RegExp, script: FakeScript): this {
    const list = Array.isArray(script)
      ? (script as readonly (FakeReply | FakeHandler)[])
      : [script as FakeReply | FakeHandler];
    if (list.length === 0) throw new Error(`the route ${method} ${String(path)} has no reply`);
    this.#routes.unshift({ method, path, script: list, calls: 0 });
    return this;
  }

  /** Forgets the requests; the routes stay. */
  clearRequests(): void {
    this.#requests.length = 0;
  }

  /** Closes every connection now, as a restart of the remote system would. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops listening and closes every connection. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed.abort();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.dropConnections();
    await promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await record(incoming);
      this.#requests.push(request);
      const reply = await this.#replyTo(request);
      if (reply.delayMs !== undefined) await sleep(reply.delayMs, undefined, { signal: this.#closed.signal });
      sendReply(reply, response);
    } catch (error) {
      // The client went away, the service closed, or the script itself failed; the last must be seen by the test.
      if (response.headersSent || response.destroyed) return;
      response
        .writeHead(500, { 'content-type': 'text/plain' })
        .end(`the fake service's script failed: ${String(error)}`);
    }
  }

  async #replyTo(request: RecordedRequest): Promise<FakeReply> {
    const route = this.#routes.find(
      ({ method, path }) =>
        (method === '*' || method === request.method) &&
        (typeof path === 'string' ? path === request.path : path.test(request.path)),
    );
    if (route === undefined) return { status: 404, json: { error: `no route for ${request.method} ${request.path}` } };
    const next = route.script[Math.min(route.calls, route.script.length - 1)] ?? {};
    route.calls += 1;
    return typeof next === 'function' ? next(request) : next;
  }
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const headers = new Map<string, string>();
  // Of the raw ones: node:http itself fails over a header of the name `__proto__`.
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = incoming.rawHeaders.slice(index, index + 2);
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '/',
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    body,
    text: () => body.toString(),
    json: () => JSON.parse(body.toString()) as JsonValue,
  };
}

function sendReply(reply: FakeReply, response: ServerResponse): void {
  if (reply.drop === 'never') return;
  if (reply.drop === 'request') {
    response.socket?.destroy();
    return;
  }
  const body = replyBody(reply);
  const type =
    reply.json !== undefined ? 'application/json' : reply.text !== undefined ? 'text/plain; charset=utf-8' : undefined;
  const headers = new Map<string, string | string[]>(type === undefined ? [] : [['content-type', type]]);
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    headers.set(name.toLowerCase(), typeof value === 'string' ? value : [...value]);
  if (!headers.has('transfer-encoding') && !headers.has('content-length'))
    headers.set('content-length', String(body.byteLength));
  response.writeHead(reply.status ?? 200, Object.fromEntries(headers));
  if (reply.drop !== 'body') {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, Math.floor(body.byteLength / 2)), () => response.socket?.destroy());
}

function replyBody({ json, text, bytes }: FakeReply): Uint8Array {
  if (json !== undefined) return Buffer.from(JSON.stringify(json));
  return bytes ?? Buffer.from(text ?? '');
}
