import type * as Http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { InvalidInputError } from '@automate/contract';
import { toErrorReply, writeErrorReply } from './error-reply.ts';
import { createHostGuard } from './host-guard.ts';
import { HttpFailure } from './http-failure.ts';

// Importing it would read every export, the lazy WebSocket too, which loads all of Node's HTTP client: a tenth of a start.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof Http;

/** How long a client may take, in milliseconds. Slow ones are cut off, so that they cannot hold all sockets. */
export interface HttpTimeouts {
  readonly headersMs: number;
  /** For the whole request, its body included; the answer may take as long as the call does. */
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

export const HTTP_TIMEOUTS: HttpTimeouts = { headersMs: 10_000, requestMs: 20_000, keepAliveMs: 30_000 };

/**
 * What browsers are told of every answer: never to show it, frame it, guess its type or lend it to another site. Fixed,
 * and set before anything else runs, so that no answer goes without; a plugin would work them out anew for each request,
 * which costs a third of what a call costs in all.
 */
const SECURITY_HEADERS = new Map(
  Object.entries({
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }),
);

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Node's server, with bounds, and with a guard before the router. */
export function createHttpServer(
  handle: Listener,
  options: { readonly host: string; readonly timeouts: HttpTimeouts },
): Server {
  const { host, timeouts } = options;
  const guard = createHostGuard(host);
  return createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: Math.min(2_000, timeouts.headersMs),
    },
    (request, response) => {
      response.setHeaders(SECURITY_HEADERS);
      const failure = guard(request);
      if (failure === undefined) handle(request, response);
      else writeErrorReply(response, failure);
    },
  );
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, phrase: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', "the request's headers are too large"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', "the request's chunk extensions are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request did not arrive in time'],
};

/** Answers what is no HTTP, or comes too slowly, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, message] = CLIENT_ERRORS[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'the request is not HTTP/1.1 as it should be',
  ];
  const { headers, body } = toErrorReply(new HttpFailure(status, new InvalidInputError(message)));
  const head = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${phrase}\r\n${lines}\r\n${body}`);
}
