import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { BodyTooLargeError } from './failure.ts';
import { http, https } from './node-http.ts';

export interface ExchangeInput {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly agent: Agent;
  /** Most bytes of the answer's body that are read; more fail, or end the reading where the answer is an error. */
  readonly maxBytes: number;
  /** Whether the status is an answer; of others only the beginning is read. */
  readonly accept: (status: number) => boolean;
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** One request on its way. */
export interface Exchange {
  readonly answer: Promise<Answer>;
  /** Whether a connection was made, so that the remote system may have seen the request. */
  readonly connected: () => boolean;
  /** Whether it went over a connection that was kept from before, which the other side may have just closed. */
  readonly reused: () => boolean;
  /** Ends it: `answer` rejects with the reason. */
  readonly abort: (reason: Error) => void;
}

/** How much of an error's body is read: enough for its message. */
const ERROR_BYTES = 16 * 1024;

export function startExchange(input: ExchangeInput): Exchange {
  const { url, method, headers, body, agent } = input;
  const send = url.protocol === 'https:' ? https.request : http.request;
  const request = send(url, { method, headers: { ...headers, ...lengthOf(method, body) }, agent });
  let connected = false;
  watchConnection(request, url.protocol === 'https:', () => (connected = true));
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      connected = true;
      // An error after the response has begun comes out of the body's reader alone.
      readAnswer(input, response, request).then(resolve, reject);
    });
  });
  request.end(body);
  return {
    answer,
    connected: () => connected,
    reused: () => request.reusedSocket,
    abort: (reason) => void request.destroy(reason),
  };
}

function lengthOf(method: string, body: Uint8Array | undefined): Record<string, string> {
  if (body !== undefined) return { 'content-length': String(body.byteLength) };
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? { 'content-length': '0' } : {};
}

/** A connection counts from when a request could go over it: over TLS that is after the handshake. */
function watchConnection(request: ClientRequest, secure: boolean, onConnected: () => void): void {
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket || (!secure && !socket.connecting)) onConnected();
    else socket.once(secure ? 'secureConnect' : 'connect', onConnected);
  });
}

async function readAnswer(input: ExchangeInput, response: IncomingMessage, request: ClientRequest): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const accepted = input.accept(status);
  const most = accepted ? input.maxBytes : Math.min(ERROR_BYTES, input.maxBytes);
  const announced = Number(response.headers['content-length'] ?? 0);
  const hasBody = input.method !== 'HEAD';
  if (accepted && hasBody && announced > most) {
    request.destroy();
    throw new BodyTooLargeError(most);
  }
  const head = { status, statusText: response.statusMessage ?? '', headers: plain(response.headers) };
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > most) {
      if (accepted) throw new BodyTooLargeError(most);
      chunks.push(chunk.subarray(0, chunk.byteLength - (length - most)));
      break;
    }
    chunks.push(chunk);
  }
  return { ...head, body: Buffer.concat(chunks) };
}

function plain(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}
