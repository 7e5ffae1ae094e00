import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type * as Http2 from 'node:http2';
import type { Agent, AgentOptions } from 'node:https';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Route } from './agents.ts';
import type { Answer, Exchange, ExchangeInput } from './exchange.ts';
import { lengthOf, readHttpAnswer } from './exchange.ts';
import { Http1RequiredError } from './failure.ts';

/** As OpenSSL says it where the server refuses by itself. */
const NO_HTTP2 = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

/** An idle session is kept as long as an idle connection. */
const IDLE_MS = 4000;

/**
 * HTTP/2 for servers that speak nothing else. Others are asked in HTTP/1.1: which of both a server refuses, it says in the
 * handshake, before anything is sent.
 */
export interface Http2Sessions {
  start(input: ExchangeInput, route: Route): Exchange;
  close(): void;
}

export function createHttp2Sessions(): Http2Sessions {
  const { connect: open, constants } = createRequire(import.meta.url)('node:http2') as typeof Http2;
  const { NGHTTP2_REFUSED_STREAM: REFUSED, NGHTTP2_HTTP_1_1_REQUIRED: HTTP1_REQUIRED } = constants;
  const sessions = new Map<string, Promise<ClientHttp2Session>>();
  const streams = new Set<ClientHttp2Stream>();
  /** Requests that the server has not looked at, with the reset that says so. */
  const unread = new WeakMap<ClientHttp2Stream, number>();

  const sessionOf = ({ url }: ExchangeInput, route: Route): Promise<ClientHttp2Session> => {
    const found = sessions.get(url.origin);
    if (found !== undefined) return found;
    const opening = connect(url, route).then((socket) => {
      const session = open(url.origin, { createConnection: () => socket });
      const forget = (): void => {
        if (sessions.get(url.origin) === opening) sessions.delete(url.origin);
      };
      // Each request hears of it by itself.
      session.on('error', forget).on('close', forget);
      session.on('goaway', (code, last) => {
        forget();
        // Of what came after the last one the server has read nothing, and will answer nothing.
        for (const stream of streams) {
          if (stream.session !== session || (stream.id ?? 0) <= last) continue;
          unread.set(stream, code === HTTP1_REQUIRED ? code : REFUSED);
          stream.close(REFUSED);
        }
      });
      session.setTimeout(IDLE_MS, () => {
        forget();
        session.close();
      });
      return session;
    });
    opening.catch(() => sessions.delete(url.origin));
    sessions.set(url.origin, opening);
    return opening;
  };

  return {
    start(input, route) {
      const stopped = Promise.withResolvers<never>();
      let stream: ClientHttp2Stream | undefined;
      let connected = false;
      const run = async (): Promise<Answer> => {
        const session = await Promise.race([stopped.promise, sessionOf(input, route)]);
        const made = session.request(headersOf(input), { endStream: input.body === undefined });
        stream = made;
        streams.add(made);
        made.once('close', () => streams.delete(made));
        connected = true;
        return answerOf(input, made, (error) => {
          // What ends a whole session gives its code to each of its streams.
          const isOfSession = (error as NodeJS.ErrnoException).code === 'ERR_HTTP2_SESSION_ERROR';
          const reset = unread.get(made) ?? (isOfSession ? undefined : made.rstCode);
          // After two resets it is certain that nothing was done.
          connected = reset !== REFUSED && reset !== HTTP1_REQUIRED;
          return reset === HTTP1_REQUIRED ? new Http1RequiredError('the server wants HTTP/1.1') : error;
        });
      };
      return {
        answer: run(),
        connected: () => connected,
        abort(reason) {
          stopped.promise.catch(() => undefined);
          stopped.reject(reason);
          stream?.destroy(reason);
        },
      };
    },
    close() {
      for (const opening of sessions.values())
        opening.then(
          (session) => session.destroy(),
          () => undefined,
        );
    },
  };
}

function headersOf({ url, method, headers, body }: ExchangeInput): Record<string, string> {
  return {
    ...headers,
    ...lengthOf(method, body),
    ':method': method,
    ':scheme': 'https',
    ':authority': url.host,
    ':path': `${url.pathname}${url.search}`,
  };
}

function answerOf(
  input: ExchangeInput,
  stream: ClientHttp2Stream,
  onUnanswered: (error: Error) => Error,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let responded = false;
  const fail = (error: Error): void => {
    // Once the answer has begun, its reader alone knows what an error means.
    if (responded) return;
    reject(onUnanswered(error));
  };
  stream.on('error', fail);
  stream.on('close', () => fail(sessionBrokenOff('closed without an answer')));
  stream.on('response', (headers, _flags, raw: readonly string[]) => {
    responded = true;
    const rawHeaders = raw.flatMap((name, index) =>
      index % 2 === 0 && !name.startsWith(':') ? [name, raw[index + 1] ?? ''] : [],
    );
    const head = { status: headers[':status'] ?? 0, statusText: '', rawHeaders };
    readHttpAnswer(input, head, wholeOf(stream)).then(resolve, reject);
  });
  if (input.body !== undefined) stream.end(input.body);
  return promise;
}

/** A stream that is reset ends like any other, once our side has ended; only its code tells. */
function wholeOf(stream: ClientHttp2Stream): AsyncIterable<Uint8Array> & { destroy(): unknown } {
  return {
    destroy: () => stream.destroy(),
    async *[Symbol.asyncIterator]() {
      yield* stream as AsyncIterable<Uint8Array>;
      if (!stream.destroyed) await once(stream, 'close');
      if (stream.rstCode !== 0) throw sessionBrokenOff(`reset with code ${stream.rstCode}`);
    },
  };
}

function sessionBrokenOff(how: string): Error {
  return Object.assign(new Error(how), { code: 'ECONNRESET' });
}

/** A connection as the agent would make it, through its proxy too, for the other protocol. */
async function connect(url: URL, { agent, proxy }: Route): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const options: AgentOptions = {
    ...(agent as Agent).options,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 443),
    ALPNProtocols: ['h2'],
  };
  const socket = agent.createConnection(options, (error, tunnelled) => (error ? reject(error) : resolve(tunnelled)));
  // Without a tunnel the callback is not called.
  if (proxy === undefined && socket)
    (socket as TLSSocket).once('secureConnect', () => resolve(socket)).once('error', reject);
  const made = (await promise) as TLSSocket;
  if (made.alpnProtocol === 'h2') return made;
  // Another server stands there now, which takes no part in the choice.
  made.destroy();
  throw Object.assign(new Error('the server does not speak HTTP/2 any more'), { code: NO_HTTP2 });
}
