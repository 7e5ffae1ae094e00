// Answers that are odd in their frame rather than in what they say.
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { createCertificateAuthority } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { openHttp } from './open-http.ts';
import { listen, sayRaw, serveRaw } from './raw-server.ts';

describe('an answer that has no body', () => {
  it.each([204, 304])('may say of which length another one would be: %i', async (status) => {
    using remote = openHttp(await sayRaw(`HTTP/1.1 ${status} x\r\nContent-Length: 99999999\r\n\r\n`));
    const answer = await remote.http.request({ path: '/', accept: () => true });
    expect(answer).toMatchObject({ status, body: new Uint8Array() });
  });

  it('may be one to HEAD, of any length', async () => {
    using remote = openHttp(await sayRaw('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n'));
    await expect(remote.http.request({ method: 'HEAD', path: '/' })).resolves.toMatchObject({ status: 200 });
  });

  it('and changes the protocol, which nobody asked for, is none that can be used', async () => {
    using remote = openHttp(
      await sayRaw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    );
    await expect(remote.http.request({ method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      details: { status: 101, reason: 'unexpected_status' },
    });
  });
});

describe('a status of nobody knows which meaning', () => {
  it.each([0, 600, 999])('is no answer: %i', async (status) => {
    using remote = openHttp(await sayRaw(`HTTP/1.1 ${String(status).padStart(3, '0')} x\r\nContent-Length: 0\r\n\r\n`));
    await expect(remote.http.request({ method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      retryable: false,
    });
  });
});

describe('bytes that nobody asked for', () => {
  it.each(['at once', 'later'])('are no answer to the next request: %s', async (when) => {
    const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
    let asked = 0;
    const { promise: sent, resolve } = Promise.withResolvers<void>();
    const address = await serveRaw((socket) => {
      socket.on('data', () => {
        asked += 1;
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${asked}`;
        if (asked > 1) socket.write(answer);
        else if (when === 'at once') socket.write(answer + forged, () => resolve());
        else socket.write(answer, () => setImmediate(() => socket.write(forged, () => resolve())));
      });
    });
    using remote = openHttp(address);
    expect((await remote.http.request({ path: '/' })).text()).toBe('1');
    await sent;
    const next = await remote.http.request({ method: 'POST', path: '/' }).then(
      (answer) => answer.text(),
      (error: { readonly effect: string }) => error.effect,
    );
    // The connection may also have been given up under the request.
    expect(['2', 'maybe']).toContain(next);
  });
});

describe('a body that only the end of its connection ends', () => {
  it.each([
    ['whole where the connection is closed', (socket: Socket) => socket.end(), 'half', undefined],
    ['no answer where it breaks', (socket: Socket) => socket.resetAndDestroy(), undefined, 'TRANSIENT_NETWORK'],
  ] as const)('is %s', async (_what, leave, text, code) => {
    const address = await serveRaw((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf'));
      // By then it has been read.
      socket.once('data', () => setTimeout(() => leave(socket), 200));
    });
    using remote = openHttp(address);
    const answer = await remote.http.request({ method: 'POST', path: '/' }).then(
      (response) => [response.text(), undefined],
      (error: { readonly code: string }) => [undefined, error.code],
    );
    expect(answer).toStrictEqual([text, code]);
  });
});

describe('TLS that is spoilt', () => {
  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['in one byte', (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([~(bytes.at(-1) ?? 0) & 255])])],
    ['altogether', () => Buffer.from('no TLS at all, and longer than the head of a record')],
  ])('on the way back, %s, does not undo what was done', async (_how, spoil) => {
    let done = 0;
    const server = createServer(createCertificateAuthority().issue(), (request, response) => {
      request.resume().on('end', () => {
        done += 1;
        response.end('done');
      });
    });
    const { port } = await listen(server);
    const between = await serveRaw((socket: Socket) => {
      const onward = connect(port, '127.0.0.1').on('error', () => socket.destroy());
      socket.pipe(onward);
      socket.on('close', () => onward.destroy());
      onward.on('data', (bytes) => socket.write(done === 0 ? bytes : spoil(bytes)));
    });
    using remote = openHttp({ scheme: 'https', ...between, tls: { insecure: true } });
    await expect(remote.http.request({ method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
      details: { reason: 'tls' },
      message: expect.stringContaining('spoilt on the way'),
    });
    expect(done).toBe(1);
  });
});
