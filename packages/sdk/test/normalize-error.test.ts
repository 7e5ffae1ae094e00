import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ConnectorError, NotFoundError } from '@automate/contract';
import { closedPort } from '@automate/testing';
import { normalizeError, parseRetryAfter } from '../src/normalize-error.ts';
import { rejection } from './open-http.ts';

describe('anything thrown becomes a connector error', () => {
  it('that already is one stays the same object', () => {
    const error = new NotFoundError('gone');
    expect(normalizeError(error)).toBe(error);
  });

  it.each([
    [{ status: 404, message: 'no' }, 'NOT_FOUND'],
    [{ statusCode: 401, message: 'no' }, 'AUTH_FAILED'],
    [{ response: { status: 503 }, message: 'no' }, 'UPSTREAM_5XX'],
    [{ status: 418, message: 'no' }, 'INVALID_INPUT'],
    [{ status: '404', message: 'no' }, 'INTERNAL_ERROR'],
    [{ status: 200, message: 'odd' }, 'INTERNAL_ERROR'],
    [{ code: 'ECONNRESET', message: 'reset' }, 'TRANSIENT_NETWORK'],
    [{ code: 'ETIMEDOUT', message: 'late' }, 'TIMEOUT'],
    [{ code: 'ABORT_ERR', message: 'left' }, 'CANCELLED'],
    [new DOMException('left', 'AbortError'), 'CANCELLED'],
    [new DOMException('late', 'TimeoutError'), 'TIMEOUT'],
    [new TypeError('x is not a function'), 'INTERNAL_ERROR'],
    ['text', 'INTERNAL_ERROR'],
    [undefined, 'INTERNAL_ERROR'],
    [null, 'INTERNAL_ERROR'],
    [Symbol('s'), 'INTERNAL_ERROR'],
  ])('%p is %s', (thrown, code) => {
    const error = normalizeError(thrown);
    expect(ConnectorError.is(error)).toBe(true);
    expect(error.code).toBe(code);
    expect(error.message).not.toBe('');
  });

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])('%s is certainly without effect', (code) => {
    expect(normalizeError({ code, message: code })).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      retryable: true,
    });
  });

  it('takes Retry-After from the headers of the response, plain or as Headers', () => {
    const plain = { status: 429, message: 'slow', response: { headers: { 'retry-after': '2' } } };
    const headers = { status: 429, message: 'slow', headers: new Headers({ 'Retry-After': '2' }) };
    for (const thrown of [plain, headers])
      expect(normalizeError(thrown)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 2000 });
  });

  it('knows what parsing JSON throws, and nothing else of the kind', () => {
    expect(normalizeError(thrownBy(() => JSON.parse('{"a":')))).toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      details: { reason: 'bad_json' },
    });
    expect(normalizeError(new SyntaxError('Unexpected identifier'))).toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  it('finds what fetch hides in the cause', async () => {
    const error = normalizeError(await rejection(fetch(`http://127.0.0.1:${await closedPort()}/`)));
    expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    expect(error.message).toMatch(/^fetch failed: .*ECONNREFUSED/);
  });

  it('knows a fetch that was cut off or aborted', async () => {
    const server = createServer((_request, response) => response.socket?.destroy());
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      expect(normalizeError(await rejection(fetch(url)))).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'maybe' });
      expect(normalizeError(await rejection(fetch(url, { signal: AbortSignal.abort() })))).toMatchObject({
        code: 'CANCELLED',
      });
    } finally {
      await new Promise((resolve) => void server.close(resolve));
    }
  });

  it('survives values that defend themselves', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hands off');
        },
      },
    );
    expect(normalizeError(hostile).code).toBe('INTERNAL_ERROR');
    expect(normalizeError(Object.create(null)).code).toBe('INTERNAL_ERROR');
  });

  it('keeps what was thrown as the cause', () => {
    const thrown = new Error('why');
    expect(normalizeError(thrown).cause).toBe(thrown);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);

  it.each([
    ['5', 5000],
    ['0', 0],
    ['1.5', 1500],
    [' 5 ', 5000],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
    [undefined, undefined],
    [null, undefined],
  ])('%j is %j ms', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
