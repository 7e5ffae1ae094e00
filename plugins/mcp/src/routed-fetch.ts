import { AsyncLocalStorage } from 'node:async_hooks';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline, Readable, Transform } from 'node:stream';
import type { ConnectorContext, ConnectorError } from '@automate/sdk';
import { errorForStatus, parseRetryAfter, UpstreamError } from '@automate/sdk';
import { authorizationHeaders, createTokenSource, openAgents } from '@automate/sdk/exchange';

/** A `fetch` for the library, over connections like those of `ctx.http`, with answers that go on for as long as the server wants. */
export interface RoutedFetch {
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** Runs what sends a request; `fail` is told when its answer is not heard out, of which the library itself tells nobody. */
  listen<T>(fail: FailRequest, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type FailRequest = (reason: Error) => void;

/** Statuses that have no body, of which `Response` takes none. */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/** What ends an event. One that is split between two chunks is only seen with the next. */
const EVENT_ENDS = ['\n\n', '\r\n\r\n', '\r\r'];

/** Of one message, in bytes: the library holds each of them whole. */
const MAX_MESSAGE = 32 * 1024 * 1024;

export function createRoutedFetch(context: ConnectorContext): RoutedFetch {
  const { id, config } = context;
  const agents = openAgents(context);
  agents.catch(() => {});
  const listeners = new AsyncLocalStorage<FailRequest>();
  const tokens = config.auth.type === 'oauth2' ? createTokenSource(context, config.auth) : undefined;
  const ask = async (url: URL, init: RequestInit, credentials: Readonly<Record<string, string>>): Promise<Response> => {
    const { agent } = await (await agents).own(url);
    const headers = { ...Object.fromEntries(new Headers(init.headers)), ...credentials };
    const { body, method = 'GET' } = init;
    const signal = init.signal ?? undefined;
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(url, { method, headers, agent, ...(signal === undefined ? {} : { signal }) }, resolve);
      request.once('error', reject);
      request.end(typeof body === 'string' ? body : undefined);
    });
    const status = answer.statusCode ?? 0;
    const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
    if (!EMPTY.has(status))
      return new Response(Readable.toWeb(bounded(answer, listeners.getStore())) as ReadableStream, {
        status,
        headers: pairs,
      });
    answer.resume();
    return new Response(null, { status, headers: pairs });
  };
  return {
    async fetch(url, init = {}) {
      const to = new URL(url);
      const answer = await ask(to, init, await authorizationHeaders(id, config.auth, tokens));
      const token = tokens?.peek();
      const waiting = busyError(answer);
      if (waiting !== undefined) {
        await answer.body?.cancel();
        throw waiting;
      }
      if (answer.status !== 401 || tokens === undefined || token === undefined) return answer;
      // A token may end before its time; who was not let in has done nothing.
      await answer.body?.cancel();
      tokens.refuse(token);
      return ask(to, init, await authorizationHeaders(id, config.auth, tokens));
    },
    listen: (fail, work) => listeners.run(fail, work),
    async close() {
      (await agents.catch(() => undefined))?.close();
    },
  };
}

/** The answer, which fails where a message in it is too long. Events may go on for ever, each of them may not. */
function bounded(answer: IncomingMessage, fail: FailRequest = () => {}): Readable {
  const isEvents = answer.headers['content-type']?.startsWith('text/event-stream') === true;
  let length = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const end = isEvents ? Math.max(...EVENT_ENDS.map((each) => chunk.lastIndexOf(each))) : -1;
      length = end === -1 ? length + chunk.length : chunk.length - end;
      if (length <= MAX_MESSAGE) return done(null, chunk);
      const reason = tooLong();
      fail(reason);
      done(reason);
    },
  });
  return pipeline(answer, limit, () => {});
}

/** How long to wait is in a header, which the library's own error leaves out. */
function busyError({ status, headers }: Response): ConnectorError | undefined {
  const retryAfterMs = status === 429 || status === 503 ? parseRetryAfter(headers.get('retry-after')) : undefined;
  if (retryAfterMs === undefined) return undefined;
  return errorForStatus(status, `the MCP server answered ${status}, and when to come back`, { retryAfterMs });
}

function tooLong(): UpstreamError {
  return new UpstreamError(`the MCP server answered with a message of more than ${MAX_MESSAGE} bytes`, {
    retryable: false,
    details: { reason: 'answer_too_large', maxBytes: MAX_MESSAGE },
  });
}
