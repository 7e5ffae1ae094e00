import type * as Http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { ConnectorError } from '@automate/contract';
import { InvalidInputError, quote } from '@automate/contract';
import type { ClientErrors } from './client-errors.ts';
import { writeErrorReply } from './error-reply.ts';
import { createHostGuard } from './host-guard.ts';
import { HttpFailure } from './http-failure.ts';
import { SecuredResponse } from './secured-response.ts';

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

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Node's server, with bounds, and with a guard before the router. */
export function createHttpServer(
  handle: Listener,
  options: {
    readonly host: string;
    readonly scheme: 'http' | 'https';
    readonly allowedHosts: readonly string[];
    readonly behindTls: boolean;
    readonly timeouts: HttpTimeouts;
    readonly clientErrors: ClientErrors;
    /** Lets a request in; gives why a caller has to go. */
    admit(request: IncomingMessage): HttpFailure | ConnectorError | undefined;
  },
): Server {
  const { host, timeouts, clientErrors } = options;
  const guard = createHostGuard(host, options);
  const answer =
    (handleOthers: Listener): Listener =>
    (request, response) => {
      const failure = guard(request) ?? options.admit(request);
      if (failure === undefined) handleOthers(request, response);
      else writeErrorReply(response, failure);
    };
  const server = createServer(
    {
      ServerResponse: SecuredResponse,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      // The guard requires it, with a problem document.
      requireHostHeader: false,
      connectionsCheckingInterval: Math.min(2_000, timeouts.headersMs),
    },
    answer(handle),
  );
  server.on('checkExpectation', answer(refuseExpectation));
  // A request for a tunnel (CONNECT) is refused with an answer; Node would only close the connection.
  server.on('connect', (_request, socket) => clientErrors.answer(new Error('no proxy'), socket as Socket));
  clientErrors.watch(server);
  return server;
}

function refuseExpectation({ headers: { expect = '' } }: IncomingMessage, response: ServerResponse): void {
  const problems = [{ path: 'header Expect', expected: '100-continue', received: quote(expect.slice(0, 100)) }];
  writeErrorReply(
    response,
    new HttpFailure(417, new InvalidInputError('what the Expect header asks for cannot be done', { problems })),
  );
}
