// Bodies as they are packed: whole, cut off, one after the other, and far larger than they look.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
import { answerTo, openHttp, rejection } from './open-http.ts';
import { sayRaw } from './raw-server.ts';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});

afterEach(() => service.close());

const packed: [string, (bytes: Buffer) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))],
  ['Deflate,  identity,GZIP', (bytes) => gzipSync(deflateSync(bytes))],
];

describe('a packed body', () => {
  it.each(packed)('is read: %s', async (name, pack) => {
    const answer = await answerTo(service, {
      bytes: pack(Buffer.from('{"a":1}')),
      headers: { 'content-encoding': name },
    });
    expect(answer.json()).toEqual({ a: 1 });
  });

  it('is asked for truly, and not for a part of one', async () => {
    service.on('GET', '/x', {});
    using remote = openHttp(service.endpoint);
    await remote.http.request({ path: '/x' });
    await remote.http.request({ path: '/x', headers: { Range: 'bytes=0-9' } });
    await remote.http.request({ path: '/x', headers: { 'Accept-Encoding': 'gzip' } });
    expect(service.requests.map(({ headers }) => headers['accept-encoding'])).toEqual([
      'gzip, deflate, br, zstd',
      'identity',
      'gzip',
    ]);
  });

  it.each(packed)('of too many bytes is refused as soon as it has too many: %s', async (name, pack) => {
    const bytes = pack(Buffer.alloc(8 * 1024 * 1024));
    service.on('GET', '/x', { bytes, headers: { 'content-encoding': name } });
    using remote = openHttp(service.endpoint);
    expect(await rejection(remote.http.request({ path: '/x', maxBytes: 1024 * 1024 }))).toMatchObject({
      details: { reason: 'answer_too_large' },
    });
  });

  it.each(packed)('that is cut off is no answer: %s', async (name, pack) => {
    const whole = pack(Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, index) => index))));
    const bytes = whole.subarray(0, whole.byteLength - 12);
    const failed = answerTo(service, { bytes, headers: { 'content-encoding': name } });
    await expect(failed).rejects.toMatchObject({ code: 'UPSTREAM_5XX', details: { reason: 'bad_encoding' } });
  });

  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync('a,')],
    ['zstd', zstdCompressSync('a,')],
  ])('of several pieces is read to its end, or refused where the last is cut off: %s', async (name, one) => {
    const headers = { 'content-encoding': name };
    const all = Buffer.concat([one, one, one]);
    expect((await answerTo(service, { bytes: all, headers })).text()).toBe('a,a,a,');
    const maxBytes = 5;
    service.on('*', '/x', { bytes: all, headers });
    using remote = openHttp(service.endpoint);
    await expect(remote.http.request({ path: '/x', maxBytes })).rejects.toMatchObject({
      details: { reason: 'answer_too_large' },
    });
    for (let length = one.byteLength * 2 + 1; length < all.byteLength; length += 1)
      await expect(answerTo(service, { bytes: all.subarray(0, length), headers })).rejects.toMatchObject({
        details: { reason: 'bad_encoding' },
      });
  });

  it.each(packed)('with something after its end is not believed: %s', async (name, pack) => {
    const bytes = Buffer.concat([pack(Buffer.from('{"a":1}')), Buffer.from('more')]);
    await expect(answerTo(service, { bytes, headers: { 'content-encoding': name } })).rejects.toMatchObject({
      details: { reason: 'bad_encoding' },
    });
  });

  it('is read also where it was packed for the way only', async () => {
    const body = gzipSync('hello');
    const answer = Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'),
      Buffer.from(`${body.byteLength.toString(16)}\r\n`),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    using remote = openHttp(await sayRaw(answer));
    expect((await remote.http.request({ path: '/' })).text()).toBe('hello');
  });

  it('of nothing is nothing', async () => {
    for (const status of [200, 204]) {
      const answer = await answerTo(service, { status, headers: { 'content-encoding': 'gzip' } });
      expect(answer.body.byteLength).toBe(0);
    }
    service.on('HEAD', '/x', { headers: { 'content-encoding': 'gzip' } });
    using remote = openHttp(service.endpoint);
    await expect(remote.http.request({ method: 'HEAD', path: '/x' })).resolves.toMatchObject({ status: 200 });
  });

  it.each(packed)('of an error is quoted: %s', async (name, pack) => {
    const failed = answerTo(service, {
      status: 409,
      bytes: pack(Buffer.from('{"error":"slow down"}')),
      headers: { 'content-encoding': name, 'content-type': 'application/json' },
    });
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('slow down') });
  });
});
