import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { LONGEST_TIMER_MS } from '@automate/contract';
import type { Server } from '@grpc/grpc-js';

/** Milliseconds of each of gRPC's units of time. */
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The library has longer times overflow and ends the call at once. */
const LONGEST_SECONDS = Math.floor(LONGEST_TIMER_MS / 1000);

/**
 * Shortens deadlines that lie further away than timers reach, before the library reads them. It offers no place for that,
 * so the listener goes before its own on the HTTP/2 servers that it keeps; a test holds that they are found.
 */
export function clampDeadlines(server: Server): void {
  const { http2Servers } = server as unknown as { readonly http2Servers: ReadonlyMap<Http2Server, unknown> };
  for (const http2 of http2Servers.keys()) http2.prependListener('stream', shorten);
}

function shorten(_stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const [, value, unit = ''] = /^(\d{1,8})\s*([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? '')) ?? [];
  if (Number(value) * (UNIT_MS[unit] ?? 0) > LONGEST_SECONDS * 1000) headers['grpc-timeout'] = `${LONGEST_SECONDS}S`;
}
