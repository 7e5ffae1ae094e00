// Servers that begin in HTTP/2 whatever comes. They count what they did.
import type { ServerHttp2Session } from 'node:http2';
import { connect, performServerHandshake } from 'node:http2';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { createCertificateAuthority } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { openHttp, rejection } from './open-http.ts';
import { listen, serveRaw } from './raw-server.ts';

const authority = createCertificateAuthority();

async function speakHttp2(scheme: string) {
  const done: string[] = [];
  const take = (socket: Socket): void => {
    const session: ServerHttp2Session = performServerHandshake(socket.on('error', () => undefined));
    session.on('error', () => undefined);
    session.on('stream', (stream, headers) => {
      done.push(`${headers[':method']} ${headers[':path']}`);
      stream.respond({ ':status': 200 });
      stream.end('done');
    });
  };
  // Within TLS it takes no part in the choice of a protocol.
  const server = scheme === 'https' ? createTlsServer(authority.issue(), take) : createServer(take);
  return { done, endpoint: { scheme, tls: { insecure: true }, ...(await listen(server)) } };
}

describe.each(['http', 'https'])('a server that speaks HTTP/2 and does not say so, over %s', (scheme) => {
  it.each<[string, Uint8Array]>([
    ['small', Buffer.from('x')],
    ['large', Buffer.alloc(2 * 1024 * 1024)],
  ])('did nothing of a %s request, and the operator is told', async (_size, body) => {
    const { done, endpoint } = await speakHttp2(scheme);
    using remote = openHttp(endpoint);
    const error = await rejection(remote.http.request({ method: 'POST', path: '/order', body }));
    expect(error).toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
      retryable: false,
      blame: 'operator',
      details: { reason: 'http2_unannounced' },
      message: expect.stringContaining('speaks HTTP/2 alone'),
    });
    // Asked in its own way it counts, so that it would have counted before.
    const session = connect(`${scheme}://127.0.0.1:${endpoint.port}`, { rejectUnauthorized: false });
    await text(session.request({ ':method': 'POST', ':path': '/asked' }).end());
    session.destroy();
    expect(done).toEqual(['POST /asked']);
  });
});

const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe('what only looks like HTTP/2', () => {
  it.each<[string, (socket: Socket) => void]>([
    [
      'comes after an answer has begun',
      (socket) => {
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        socket.write(SETTINGS);
      },
    ],
    ['is of another type', (socket) => socket.write(Buffer.from([0, 0, 0, 5, 0, 0, 0, 0, 0]))],
    ['is of another stream', (socket) => socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 1]))],
  ])('and %s leaves the outcome unknown', async (_what, answer) => {
    using remote = openHttp(await serveRaw((socket) => void socket.once('data', () => answer(socket))));
    expect(await rejection(remote.http.request({ method: 'POST', path: '/' }))).toMatchObject({
      effect: 'maybe',
      details: { reason: 'bad_http' },
    });
  });
});
