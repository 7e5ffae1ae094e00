import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

/** How long a caller may take, in milliseconds. Slow ones are cut off, so that they cannot hold all that there is. */
export interface CallerTimeouts {
  /** From a connection until its first frame of HTTP/2. Default 10 000. */
  readonly handshakeMs: number;
  /** For a whole request; the answer may take as long as the call does. Default 20 000. */
  readonly requestMs: number;
}

export const CALLER_TIMEOUTS: CallerTimeouts = { handshakeMs: 10_000, requestMs: 20_000 };

/** How often requests are looked at, in milliseconds: a timer for each call would cost more than the look. */
const LOOK_MS = 1_000;
const INVALID_ARGUMENT = 3;

/** What a caller is told whose request was not whole in time; `explainStatus` gives it its details. */
export const TOO_SLOW = 'the request did not arrive in time';

/**
 * Cuts off connections that never begin and requests that never end, by the times as they are at that moment. `mayGoOn` are those that a caller may leave open, as it has more to
 * ask. Until what comes back is called.
 */
export function cutOffSlowCallers(
  server: Http2Server,
  timeouts: CallerTimeouts,
  mayGoOn: (path: string) => boolean,
): () => void {
  const arriving = new Map<ServerHttp2Stream, number>();
  server.on('session', (session: ServerHttp2Session) => {
    const timer = setTimeout(() => session.destroy(), timeouts.handshakeMs);
    session.once('remoteSettings', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
  server.on('stream', (stream, headers) => {
    if (mayGoOn(headers[':path'] ?? '')) return;
    arriving.set(stream, performance.now());
    stream.once('close', () => arriving.delete(stream));
  });
  const timer = setInterval(() => {
    const before = performance.now() - timeouts.requestMs;
    for (const [stream, since] of arriving) {
      // In the order in which they came.
      if (since > before) break;
      arriving.delete(stream);
      if (!stream.readableEnded) refuse(stream);
    }
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function refuse(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.headersSent) return;
  const status = { 'grpc-status': INVALID_ARGUMENT, 'grpc-message': encodeURI(TOO_SLOW) };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto', ...status }, { endStream: true });
  stream.close();
}
