import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { BodyTooLargeError, ForeignHttp2Error } from './failure.ts';
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
  /** Repeated ones joined, or the first of those that can be there only once. */
  readonly headers: Readonly<Record<string, string>>;
  readonly headersDistinct: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
  /** Why `body` is not all of it. Only where the status says enough without one. */
  readonly fault?: unknown;
  /** The proxy that may have answered itself. */
  readonly via?: string;
}

/** One request on its way. */
export interface Exchange {
  readonly answer: Promise<Answer>;
  /** Whether a connection was made, so that the remote system may have seen the request. */
  readonly connected: () => boolean;
  /** Ends it: `answer` rejects with the reason. */
  readonly abort: (reason: Error) => void;
}

/** Bytes of an answer's headers: four times what Node takes, as some gateways send a lot. */
const MOST_HEADER_BYTES = 64 * 1024;

/** How much of an error's body is read, and for how long: enough for its message. */
const ERROR_BYTES = 16 * 1024;
const ERROR_BODY_MS = 5000;

/** Headers that can be there only once: of several, as some senders make them, the first counts. */
const SINGLE: ReadonlySet<string> = new Set([
  'age',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
]);

export function startExchange(input: ExchangeInput): Exchange {
  const { url, method, headers, body, agent } = input;
  const send = url.protocol === 'https:' ? https.request : http.request;
  const maxHeaderSize = MOST_HEADER_BYTES;
  const request = send(url, { method, headers: { ...headers, ...lengthOf(method, body) }, agent, maxHeaderSize });
  let connected = false;
  watchConnection(request, () => (connected = true));
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
  let responded = false;
  let endless: IncomingMessage | undefined;
  const fail = (error: Error): void => {
    // Once the response has begun, its reader alone knows what an error means, unless the end of the connection is its own.
    if (responded) endless?.destroy(error);
    else reject(error);
  };
  request.on('error', (error) => fail(speaksHttp2(error, request.socket) ? new ForeignHttp2Error() : error));
  request.on('response', (response) => {
    responded = true;
    connected = true;
    const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders, headers: heads } = response;
    if (heads['content-length'] === undefined && heads['transfer-encoding'] === undefined) endless = response;
    readHttpAnswer(input, { status, statusText, rawHeaders }, response).then(resolve, reject);
  });
  // Nobody asked for another protocol. Without this, nothing would be heard of the request any more.
  request.on('upgrade', ({ statusCode: status = 0, statusMessage: statusText = '', rawHeaders }, socket) => {
    socket.destroy();
    responded = true;
    connected = true;
    readHttpAnswer(input, { status, statusText, rawHeaders }, socket).then(resolve, reject);
  });
  request.end(body);
  return {
    answer,
    connected: () => connected,
    abort(reason) {
      request.destroy(reason);
      // While a tunnel opens, the request itself would not hear of it.
      fail(reason);
    },
  };
}

export function lengthOf(method: string, body: Uint8Array | undefined): Record<string, string> {
  if (body !== undefined) return { 'content-length': String(body.byteLength) };
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? { 'content-length': '0' } : {};
}

/**
 * Whether the first that ever came over the connection are the settings with which a server of HTTP/2 begins. It then reads
 * nothing that does not begin as HTTP/2 does.
 */
function speaksHttp2(error: Error & { readonly rawPacket?: Buffer }, socket: Socket | null): boolean {
  const { rawPacket: first } = error;
  // A frame's head: three bytes of length, type 4, flags, and of the settings' stream number all zero.
  return (
    first !== undefined &&
    first.byteLength >= 9 &&
    first.byteLength === socket?.bytesRead &&
    first[3] === 4 &&
    first.readUInt32BE(5) === 0
  );
}

/** A connection counts from when a request could go over it: over TLS, a proxy's too, that is after the handshake. */
function watchConnection(request: ClientRequest, onConnected: () => void): void {
  request.once('socket', (socket: Socket) => {
    // Through a tunnel the handshake is done before the request gets its connection.
    const { encrypted = false, secureConnecting = false } = socket as Partial<
      TLSSocket & { readonly secureConnecting: boolean }
    >;
    if (request.reusedSocket || !(encrypted ? secureConnecting : socket.connecting)) onConnected();
    else socket.once(encrypted ? 'secureConnect' : 'connect', onConnected);
  });
}

/** What comes before a body. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

export async function readHttpAnswer(
  input: ExchangeInput,
  { status, statusText, rawHeaders }: Head,
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
): Promise<Answer> {
  const accepted = input.accept(status);
  const vital = isVital(status, accepted);
  const most = accepted ? input.maxBytes : Math.min(ERROR_BYTES, input.maxBytes);
  const head = { status, statusText, ...headersOf(rawHeaders) };
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A failure's status must not be lost because its body never ends.
  const timer = vital ? undefined : setTimeout(() => body.destroy(), ERROR_BODY_MS);
  try {
    // Without a body the length is that of another answer's.
    const bodiless = input.method === 'HEAD' || status === 204 || status === 304;
    const announced = Number(head.headers['content-length'] ?? 0);
    if (vital && !bodiless && announced > most) throw new BodyTooLargeError(most);
    for await (const chunk of body) {
      length += chunk.byteLength;
      chunks.push(length > most ? chunk.subarray(0, chunk.byteLength - (length - most)) : chunk);
      if (length > most) throw new BodyTooLargeError(most);
    }
  } catch (fault) {
    body.destroy();
    if (vital) throw fault;
    return { ...head, body: Buffer.concat(chunks), fault };
  } finally {
    clearTimeout(timer);
  }
  return { ...head, body: Buffer.concat(chunks) };
}

/** Whether an answer is worth nothing without its whole body: of a failure, status and headers say what matters. */
export function isVital(status: number, accepted: boolean): boolean {
  return accepted && status < 400;
}

/** Of the headers as they came: names that objects have by nature would get lost elsewhere, and so would repeated ones. */
function headersOf(raw: readonly string[]): Pick<Answer, 'headers' | 'headersDistinct'> {
  // Without a prototype `__proto__` is a name like any other.
  const headers = Object.create(null) as Record<string, string>;
  const headersDistinct = Object.create(null) as Record<string, string[]>;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const before = headersDistinct[name];
    if (before === undefined) {
      headers[name] = value;
      headersDistinct[name] = [value];
    } else {
      before.push(value);
      if (!SINGLE.has(name)) headers[name] = `${headers[name]}, ${value}`;
    }
  }
  return { headers, headersDistinct };
}
