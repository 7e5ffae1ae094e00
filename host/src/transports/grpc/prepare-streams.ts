import { constants } from 'node:http2';
import type { Http2Server, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { LONGEST_TIMER_MS } from '@automate/contract';
import type { Server } from '@automate/grpc';

/** The headers of an answer with what the library left out. */
export type ExplainStatus = (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders;

export interface PrepareStreamsOptions {
  readonly explain: ExplainStatus;
  /** Lets a call in; throws for a caller who has to go. `taken`: the stream is no call, and the library hears nothing of it. */
  admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): 'taken' | undefined;
  /** The headers that say why. */
  refuse(reason: unknown): Promise<OutgoingHttpHeaders>;
}

/** Milliseconds of each of gRPC's units of time. */
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The longest time that the library's timer takes: a longer one overflows and ends the call at once. */
const LONGEST_SECONDS = Math.floor(LONGEST_TIMER_MS / 1000);

/**
 * Goes before the library on the HTTP/2 servers that it keeps, as it offers no place for that; a test holds that they are
 * found. Whoever is not let in is answered before anything that they send is read, and the library hears nothing of it. Deadlines that lie further away than timers reach are shortened, what is no deadline is refused, and what the library answers by itself gets the
 * details that all of our errors have.
 */
export function prepareStreams(server: Server, { explain, admit, refuse }: PrepareStreamsOptions): void {
  for (const http2 of http2ServersOf(server)) {
    const handlers = http2.listeners('stream') as StreamHandler[];
    http2.removeAllListeners('stream');
    http2.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...more: unknown[]) => {
      try {
        if (admit(stream, headers) === 'taken') return;
      } catch (reason) {
        void refuse(reason).then((answer) => turnAway(stream, answer));
        return;
      }
      shortenDeadline(headers);
      explainAnswers(stream, explain);
      for (const handle of handlers) handle.call(http2, stream, headers, ...more);
    });
  }
}

/** The servers that the library keeps to itself. */
export function http2ServersOf(server: Server): Iterable<Http2Server> {
  const { http2Servers } = server as unknown as { readonly http2Servers: ReadonlyMap<Http2Server, unknown> };
  return http2Servers.keys();
}

type StreamHandler = (
  this: Http2Server,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  ...more: unknown[]
) => void;

/** Answers by headers alone, and reads nothing of what the caller may still send. */
function turnAway(stream: ServerHttp2Stream, answer: OutgoingHttpHeaders): void {
  if (stream.destroyed || stream.closed) return;
  stream.on('error', () => undefined);
  stream.respond(answer, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function shortenDeadline(headers: IncomingHttpHeaders): void {
  const timeout = headers['grpc-timeout'];
  if (timeout === undefined) return;
  const [whole, value, unit = ''] = /^(\d{1,8})\s*([HMSmun])$/.exec(String(timeout)) ?? [];
  // The library takes any text that contains a time, such as "1.5S" for five seconds, and refuses its hexadecimal.
  if (whole === undefined) headers['grpc-timeout'] = Buffer.from(String(timeout)).toString('hex');
  else if (Number(value) * (UNIT_MS[unit] ?? 0) > LONGEST_SECONDS * 1000)
    headers['grpc-timeout'] = `${LONGEST_SECONDS}S`;
}

/** A call that fails before its first message is answered by headers alone. */
function explainAnswers(stream: ServerHttp2Stream, explain: ExplainStatus): void {
  const respond = stream.respond.bind(stream);
  stream.respond = (headers?: OutgoingHttpHeaders | readonly string[], options?: Parameters<typeof respond>[1]) =>
    respond(
      headers === undefined || Array.isArray(headers) ? headers : explain(headers as OutgoingHttpHeaders),
      options,
    );
}
