import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Http2SecureServer, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants, createSecureServer } from 'node:http2';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { createCertificateAuthority } from '@automate/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openHttp, rejection } from './open-http.ts';
import type { OpenOptions } from './open-http.ts';
import { listen } from './raw-server.ts';

const authority = createCertificateAuthority();

interface Asked {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let folder: string;
let caFile: string;
let server: Http2SecureServer;
let asked: Asked[];
let sessions: Set<ServerHttp2Session>;
let opened: number;
let answer: (stream: ServerHttp2Stream, request: Asked) => void;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'automate-http2-'));
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.cert);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  asked = [];
  sessions = new Set();
  opened = 0;
  answer = (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] });
    stream.end('{"spoken":2}');
  };
  server = createSecureServer(authority.issue());
  server.on('tlsClientError', () => undefined).on('sessionError', () => undefined);
  server.on('session', (session) => {
    opened += 1;
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    void text(stream).then((body) => {
      asked.push({ headers: { ...headers }, body });
      answer(stream, { headers: { ...headers }, body });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  for (const session of sessions) session.destroy();
  server.close();
});

const endpoint = (): OpenOptions => ({
  scheme: 'https',
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
  tls: { caFile },
});

describe('a server that speaks HTTP/2 alone', () => {
  it('is asked in HTTP/2, over one connection', async () => {
    using remote = openHttp({ ...endpoint(), auth: { type: 'bearer', token: 'the-token' } });
    const { http } = remote.call();
    const sent = await http.request({ method: 'POST', path: '/a?flag&s=a%20b', json: { n: 1 } });
    expect(sent.json()).toEqual({ spoken: 2 });
    expect(sent.headersDistinct['set-cookie']).toEqual(['a=1', 'b=2']);
    await Promise.all(Array.from({ length: 5 }, () => http.json({ path: '/b' })));
    expect(asked[0]).toMatchObject({
      headers: {
        ':method': 'POST',
        ':path': '/a?flag&s=a%20b',
        authorization: 'Bearer the-token',
        'content-length': '7',
        'content-type': 'application/json',
      },
      body: '{"n":1}',
    });
    expect(asked).toHaveLength(6);
    expect(opened).toBe(1);
    remote.close();
    while (sessions.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('is told what its failures are', async () => {
    answer = (stream) => {
      stream.respond({ ':status': 429, 'retry-after': '7' });
      stream.end('slow down');
    };
    using remote = openHttp(endpoint());
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 7000,
    });
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['before the answer', (stream) => void stream.close(2)],
    ['before the answer, with its connection', (stream) => void stream.session?.destroy()],
    [
      'in the middle',
      (stream) => {
        stream.respond({ ':status': 200 });
        // `close` would send the end first.
        stream.write('half', () => stream.destroy(new Error('broken')));
      },
    ],
    [
      'in the middle, with its connection',
      (stream) => {
        stream.respond({ ':status': 200 });
        stream.write('half', () => stream.session?.destroy());
      },
    ],
    [
      'short of what it announced',
      (stream) => {
        stream.respond({ ':status': 200, 'content-length': '99' });
        stream.end('half');
      },
    ],
  ])('that breaks off %s leaves the outcome unknown, and is asked again later', async (_when, breaking) => {
    const good = answer;
    answer = breaking;
    using remote = openHttp(endpoint());
    expect(await rejection(remote.http.request({ method: 'POST', path: '/' }))).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
    });
    answer = good;
    await expect(remote.http.json({ path: '/' })).resolves.toEqual({ spoken: 2 });
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['refuses one request', (stream) => void stream.close(constants.NGHTTP2_REFUSED_STREAM)],
    [
      'goes away and takes no more than the first',
      (stream) => {
        if (stream.id !== 1) stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
      },
    ],
    [
      'throws everybody out after the first',
      (stream) => void stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 1),
    ],
  ])('that %s has done nothing of it', async (_what, refusing) => {
    const good = answer;
    using remote = openHttp(endpoint());
    await expect(remote.http.json({ path: '/' })).resolves.toEqual({ spoken: 2 });
    answer = refusing;
    expect(await rejection(remote.http.request({ method: 'POST', path: '/' }))).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      retryable: true,
    });
    answer = good;
    await expect(remote.http.json({ method: 'POST', path: '/' })).resolves.toEqual({ spoken: 2 });
  });

  it.each(['HTTP/1.1', undefined])('and is replaced by one that offers %s is asked again', async (offered) => {
    const at = endpoint();
    using remote = openHttp(at);
    await expect(remote.http.json({ path: '/' })).resolves.toEqual({ spoken: 2 });
    for (const session of sessions) session.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const other = createServer((_request, response) => response.end('{"spoken":1}'));
    const certificate = authority.issue();
    const next = createTlsServer(
      { ...certificate, ...(offered === undefined ? {} : { ALPNProtocols: [offered.toLowerCase()] }) },
      (socket) => other.emit('connection', socket),
    );
    await listen(next, at.port);
    await expect(remote.http.json({ method: 'POST', path: '/' })).resolves.toEqual({ spoken: 1 });
  });

  describe('and wants HTTP/1.1 all the same', () => {
    const rows: [string, (stream: ServerHttp2Stream) => void][] = [
      ['one request', (stream) => void stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED)],
      ['all requests', (stream) => void stream.session?.goaway(constants.NGHTTP2_HTTP_1_1_REQUIRED, 1)],
    ];

    it.each(rows)('for %s: nothing was done, and only its operator can help', async (_what, refusing) => {
      const good = answer;
      using remote = openHttp(endpoint());
      for (let time = 0; time < 2; time += 1) {
        answer = good;
        await expect(remote.http.json({ path: '/' })).resolves.toEqual({ spoken: 2 });
        answer = refusing;
        expect(await rejection(remote.http.request({ method: 'POST', path: '/' }))).toMatchObject({
          code: 'UPSTREAM_5XX',
          effect: 'none',
          retryable: false,
          blame: 'operator',
          details: { reason: 'http1_required' },
        });
      }
    });

    it.each(rows)('for %s gets it where it has come to speak it', async (_what, refusing) => {
      const at = endpoint();
      using remote = openHttp(at);
      await expect(remote.http.json({ path: '/' })).resolves.toEqual({ spoken: 2 });
      const other = createServer((_request, response) => response.end('{"spoken":1}'));
      const next = createTlsServer({ ...authority.issue(), ALPNProtocols: ['http/1.1'] }, (socket) =>
        other.emit('connection', socket),
      );
      const seen: string[] = [];
      answer = (stream, { headers }) => {
        seen.push(String(headers[':method']));
        server.close();
        void listen(next, at.port).then(() => refusing(stream));
      };
      await expect(remote.http.json({ method: 'POST', path: '/' })).resolves.toEqual({ spoken: 1 });
      expect(seen).toEqual(['POST']);
    });
  });

  it('that does not answer is given up in time', async () => {
    answer = () => undefined;
    using remote = openHttp({ ...endpoint(), timeoutMs: 1500 });
    expect(await rejection(remote.http.request({ method: 'POST', path: '/' }))).toMatchObject({
      code: 'TIMEOUT',
      effect: 'maybe',
    });
  });

  it('that is not trusted is asked nothing', async () => {
    const { tls: _tls, ...untrusted } = endpoint();
    using remote = openHttp(untrusted);
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({
      effect: 'none',
      retryable: false,
      message: expect.stringContaining('tls.ca_file'),
    });
    expect(asked).toEqual([]);
  });
});
