import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectorError } from '@automate/contract';
import { InvalidInputError } from '@automate/contract';
import { READ_ON_MS, toErrorReply } from './error-reply.ts';
import { HttpFailure } from './http-failure.ts';
import type { RefuseRoute } from './route-refusal.ts';
import type { SecuredResponse } from './secured-response.ts';
import { SECURITY_HEADERS } from './secured-response.ts';

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "the request's headers are too large"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "the request's chunk extensions are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
};

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

/** A method that Node's parser does not know, in an otherwise good first line. */
const OTHER_METHOD = /^([!#$%&'*+.^_`|~\w-]+) (?:http:\/\/[^/\s]+)?(\/\S*) HTTP\/1\.[01]\r?\n/;

const HEAD = 'HEAD ';

interface Connection {
  /** How the request begins that has not become a message yet. */
  begin: string;
  last?: { readonly request: IncomingMessage; readonly response: SecuredResponse };
  refused?: true;
}

type ClientError = Error & { readonly code?: string; readonly bytesParsed?: number; readonly rawPacket?: Buffer };

/** What a request gets that never became one: Node calls it a client's error and leaves the answer to us. */
export interface ClientErrors {
  watch(server: Server): void;
  answer(error: ClientError, socket: Socket): void;
}

/**
 * Answers what is no HTTP, or comes too slowly, with a problem document, and closes the connection. The answer to HEAD has
 * no body even then, for which the first bytes of each request are kept: Node tells them of none that is incomplete.
 */
export function createClientErrors(refuseRoute: RefuseRoute): ClientErrors {
  const connections = new WeakMap<Socket, Connection>();
  return {
    watch(server) {
      server.on('connection', (socket) => {
        const connection: Connection = { begin: '' };
        connections.set(socket, connection);
        // Before the parser sees it, as it reports errors while it reads.
        socket.prependListener('data', (chunk: Buffer) => {
          const missing = HEAD.length - connection.begin.length;
          if (missing > 0 && connection.last?.request.complete !== false)
            connection.begin += chunk.toString('latin1', 0, missing);
        });
      });
      const track = (request: IncomingMessage, response: SecuredResponse): void => {
        const connection = connections.get(request.socket);
        if (connection === undefined) return;
        connection.begin = '';
        connection.last = { request, response };
      };
      server.prependListener('request', track).prependListener('checkExpectation', track);
    },
    answer(error, socket) {
      const connection = connections.get(socket);
      if (connection?.refused === true) return;
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
      }
      if (connection !== undefined) connection.refused = true;
      // What still comes is nobody's, and the parser would only fail on it again.
      socket.removeAllListeners('data').resume();
      setTimeout(() => socket.destroy(), READ_ON_MS).unref();
      const { request, response } = connection?.last ?? {};
      const isHead = request?.complete === false ? request.method === 'HEAD' : connection?.begin === HEAD;
      const write = (): void => {
        // Nothing follows an answer that closes the connection, whatever its sender added.
        const wasLast = request?.complete === true && response?.endsConnection === true;
        if (wasLast) socket.end();
        else socket.end(toRawAnswer(toFailure(error, refuseRoute), isHead));
      };
      // Answers come in the order of the requests: one that is whole gets its own first.
      if (request === undefined || response === undefined || response.writableFinished) write();
      else if (request.complete) response.once('finish', write);
      else if (response.headersSent) socket.end();
      else write();
    },
  };
}

function toFailure(
  { code = '', bytesParsed = 0, rawPacket }: ClientError,
  refuseRoute: RefuseRoute,
): HttpFailure | ConnectorError {
  if (code === 'HPE_INVALID_METHOD') {
    const [, method = '', url = ''] = OTHER_METHOD.exec(rawPacket?.toString('latin1') ?? '') ?? [];
    // Further on in what came at once stands another request, which the first line says nothing of.
    if (method !== '' && bytesParsed <= method.length) return refuseRoute(method, url);
  }
  const [status, message] = CLIENT_ERRORS[code] ?? [400, 'the request is not HTTP/1.1 as it should be'];
  return new HttpFailure(status, new InvalidInputError(message));
}

function toRawAnswer(failure: HttpFailure | ConnectorError, isHead: boolean): string {
  const { status, headers, body } = toErrorReply(failure);
  const head = Object.entries({
    ...SECURITY_HEADERS,
    date: new Date().toUTCString(),
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${PHRASES[status]}\r\n${lines}\r\n${isHead ? '' : body}`;
}
