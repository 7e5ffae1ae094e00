// What comes back: charsets, encodings, numbers, and answers whose body fails after their status has come.
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FakeReply } from '@automate/testing';
import { FakeService } from '@automate/testing';
import { answerTo, openHttp } from './open-http.ts';
import { sayRaw } from './raw-server.ts';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});

afterEach(() => service.close());

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const big = (text: string): Buffer => utf16(text).swap16();

describe('text', () => {
  it.each<[string, string, Uint8Array]>([
    ['its charset', 'application/json; charset=iso-8859-1', Buffer.from('{"a":"café"}', 'latin1')],
    ['its charset, quoted', 'text/plain; x=1; Charset="ISO-8859-1"', Buffer.from('{"a":"café"}', 'latin1')],
    ['its charset, UTF-16', 'application/json; charset=utf-16le', utf16('{"a":"café"}')],
    ['its charset, the other way round', 'application/json; charset=utf-16be', big('{"a":"café"}')],
    ['its charset in the wrong quotes', "text/plain; charset='latin1'", Buffer.from('{"a":"café"}', 'latin1')],
    ['what UTF-16 without a mark begins with', 'text/plain; charset=utf-16', utf16('{"a":"café"}')],
    ['that, the other way round', 'application/json; charset=UTF-16', big('{"a":"café"}')],
    ['its byte order mark', 'application/json', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('{"a":"café"}')])],
    ['its byte order mark before its charset', 'text/plain; charset=utf-16', big('\ufeff{"a":"café"}')],
    ['a mark of UTF-8, which is no part of it', 'application/json', Buffer.from('\ufeff{"a":"café"}')],
    ['UTF-8 where nothing is said', 'application/json', Buffer.from('{"a":"café"}')],
    ['UTF-8 where ASCII is said', 'text/plain; charset=us-ascii', Buffer.from('{"a":"café"}')],
  ])('is read by %s', async (_how, type, bytes) => {
    const answer = await answerTo(service, { bytes, headers: { 'content-type': type } });
    expect(answer.text()).toBe('{"a":"café"}');
    expect(answer.json()).toEqual({ a: 'café' });
  });

  it.each<[string, string, Uint8Array]>([
    ['the charset "utf-7"', 'text/plain; charset=utf-7', Buffer.from('x')],
    ['the charset "utf-32le"', 'text/plain', Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0])],
    ['without a byte order mark', 'text/plain; charset=utf-16', big('\u4e2d\u6587')],
    ['not text in utf-8', 'application/json', Buffer.from('"café"', 'latin1')],
    ['not text in utf-16le', 'application/json; charset=utf-16', Buffer.from([65, 0, 66])],
  ])('is refused by name and never replaced: %s', async (named, type, bytes) => {
    const answer = await answerTo(service, { bytes, headers: { 'content-type': type } });
    for (const read of [() => answer.text(), () => answer.json()])
      expect(read).toThrow(expect.objectContaining({ message: expect.stringContaining(named) }));
  });
});

describe('numbers in JSON', () => {
  it('keep their digits as text where a number would be another one', async () => {
    const text = '{"id":9007199254740993,"neg":-12345678901234567890,"sum":12345678901234567.25,"far":1e999}';
    const answer = await answerTo(service, { text });
    expect(answer.json()).toEqual({
      id: '9007199254740993',
      neg: '-12345678901234567890',
      sum: '12345678901234567.25',
      far: '1e999',
    });
  });

  it('stay numbers everywhere else', async () => {
    const text = '[9007199254740991,0.30000000000000004,1.5e300,"9007199254740993",{"__proto__":1732600000000123}]';
    const value = (await answerTo(service, { text })).json();
    expect(JSON.stringify(value)).toBe(
      '[9007199254740991,0.30000000000000004,1.5e+300,"9007199254740993",{"__proto__":1732600000000123}]',
    );
  });
});

const limited = { 'retry-after': '7' };
const said = JSON.stringify({ error: 'slow down' });

describe("a failure's status and headers count, whatever its body is", () => {
  it.each<[string, FakeReply]>([
    ['in an encoding that nobody reads', { text: 'x', headers: { ...limited, 'content-encoding': 'sealed' } }],
    ['no gzip at all', { text: 'plain', headers: { ...limited, 'content-encoding': 'gzip' } }],
    ['cut off', { text: said, headers: limited, drop: 'body' }],
    ['longer than is read', { text: 'x'.repeat(100_000), headers: limited }],
    ['a bomb', { bytes: gzipSync(Buffer.alloc(10_000_000)), headers: { ...limited, 'content-encoding': 'gzip' } }],
    ['of another charset', { bytes: Buffer.from('caf\xe9', 'latin1'), headers: limited }],
  ])('429 with a body %s', async (_what, reply) => {
    const failed = answerTo(service, { status: 429, ...reply });
    await expect(failed).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 7000, effect: 'none' });
  });

  it.each(['accepted', 'not accepted'])('404 with a body cut off, %s', async (how) => {
    service.on('GET', '/x', { status: 404, text: said, drop: 'body' });
    using remote = openHttp(service.endpoint);
    const failed = remote.http.request({ path: '/x', ...(how === 'accepted' ? { accept: () => true } : {}) });
    await expect(failed).rejects.toMatchObject({ code: 'NOT_FOUND', details: { status: 404 } });
  });

  it('is known also where the body never ends', async () => {
    using remote = openHttp({
      ...(await sayRaw('HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 99\r\n\r\nhalf')),
    });
    const failed = remote.call({ deadline: Date.now() + 1500 }).http.request({ method: 'POST', path: '/' });
    await expect(failed).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 7000 });
  });
});

describe('an answer that ends before its end', () => {
  it.each([
    ['fewer bytes than announced', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"half":1}'],
    ['chunks without the last', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{"half":1}\r\n'],
    ['a chunk cut in two', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"half":1}'],
    ['headers without the end', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'],
  ])('is no success: %s', async (_what, text) => {
    using remote = openHttp(await sayRaw(text, 'end'));
    await expect(remote.http.json({ method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
    });
  });

  it.each([
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}  '],
    ['headers without bound', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['a line that is no header', 'HTTP/1.1 200 OK\r\nno header\r\n\r\n'],
  ])('is not HTTP: %s', async (_what, text) => {
    using remote = openHttp(await sayRaw(text, 'end'));
    await expect(remote.http.request({ path: '/' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_http' },
    });
  });

  it('may have many headers', async () => {
    const { headers } = await answerTo(service, { headers: { 'x-policy': 'a'.repeat(40_000) } });
    expect(headers['x-policy']).toHaveLength(40_000);
  });

  it('may be announced by others, and may have headers at its end', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n';
    const text = `${hints}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n`;
    using remote = openHttp(await sayRaw(text));
    expect(await remote.http.json({ path: '/' })).toEqual({});
  });
});

describe("a page that is not the service's own", () => {
  const page: FakeReply = { status: 404, text: '<h1>nginx</h1>', headers: { 'content-type': 'text/html' } };

  it.each([400, 402, 404, 405, 406, 409, 410, 421, 422, 451])(
    'is not its "no such thing" where it answers in JSON: %i',
    async (status) => {
      service.on('GET', '/x', { ...page, status });
      using remote = openHttp(service.endpoint);
      const wrong = { code: 'UPSTREAM_5XX', blame: 'operator', effect: 'none', details: { reason: 'not_the_service' } };
      await expect(remote.http.json({ path: '/x' })).rejects.toMatchObject(wrong);
      const accepted = remote.http.request({ path: '/x', answers: 'json', accept: () => true });
      await expect(accepted).rejects.toMatchObject(wrong);
    },
  );

  it('is what it is where nobody said that the service answers in JSON, or where it does', async () => {
    await expect(answerTo(service, page)).rejects.toMatchObject({ code: 'NOT_FOUND', blame: 'caller' });
    service.on('GET', '/x', { status: 404, json: { error: 'no such user' } });
    using remote = openHttp(service.endpoint);
    await expect(remote.http.json({ path: '/x' })).rejects.toMatchObject({ code: 'NOT_FOUND', blame: 'caller' });
  });
});
