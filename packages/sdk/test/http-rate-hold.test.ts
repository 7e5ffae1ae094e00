import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
import { ConnectorAdapter } from '../src/index.ts';
import type { JsonObject } from '../src/index.ts';
import { attachContext, checkHealth } from '../src/runtime/index.ts';
import { openHttp, rejection } from './open-http.ts';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});

afterEach(() => service.close());

const LIMITED = { status: 429, headers: { 'retry-after': '30' } };

describe("a remote system's Retry-After", () => {
  it.each([
    [429, 'RATE_LIMITED'],
    [503, 'UPSTREAM_5XX'],
  ])('of a %i holds all further requests, which are not sent', async (status, code) => {
    service.on('*', /./, { ...LIMITED, status });
    using remote = openHttp(service.endpoint);
    await rejection(remote.call().http.request({ path: '/a' }));
    const errors = await Promise.all(
      Array.from({ length: 10 }, () => rejection(remote.call().http.request({ method: 'POST', path: '/b' }))),
    );
    expect(service.requests).toHaveLength(1);
    for (const error of errors) {
      expect(error).toMatchObject({ code, effect: 'none', retryable: true, details: { status, reason: 'held_back' } });
      expect(error.retryAfterMs).toBeGreaterThan(1000);
      expect(error.retryAfterMs).toBeLessThanOrEqual(30_000);
    }
    expect(errors[0]?.message).toMatch(
      /^POST .*\/b was not sent: the remote system answered an earlier request with 429|503/,
    );
  });

  it('holds where its status was accepted as an answer, too', async () => {
    service.on('*', /./, LIMITED);
    using remote = openHttp(service.endpoint);
    await remote.http.request({ path: '/a', accept: () => true });
    expect(await rejection(remote.http.request({ path: '/a', accept: () => true }))).toMatchObject({
      code: 'RATE_LIMITED',
    });
    expect(service.requests).toHaveLength(1);
  });

  it("holds the requests of its class alone, which is the action's where the request names none", async () => {
    service.on('*', '/slow', LIMITED);
    service.on('*', '/free', {});
    using remote = openHttp(service.endpoint);
    const search = remote.call({ rateLimitClass: 'search' }).http;
    await rejection(search.request({ path: '/slow' }));
    await expect(rejection(search.request({ path: '/free' }))).resolves.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(remote.call().http.request({ path: '/free' })).resolves.toMatchObject({ status: 200 });
    await expect(search.request({ path: '/free', rateLimitClass: 'other' })).resolves.toMatchObject({ status: 200 });
    const failed = rejection(remote.http.request({ path: '/free', rateLimitClass: 'search' }));
    await expect(failed).resolves.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('holds every class where the answer says so, in whatever encoding, and only what asks that of its own', async () => {
    const all = gzipSync(JSON.stringify({ all: true }));
    service.on('*', '/all', { ...LIMITED, headers: { ...LIMITED.headers, 'content-encoding': 'gzip' }, bytes: all });
    service.on('*', '/one', { ...LIMITED, json: { all: false } });
    service.on('*', '/free', {});
    using remote = openHttp(service.endpoint);
    const ask = (path: string, rateLimitClass: string) =>
      remote.call().http.request({
        path,
        rateLimitClass,
        accept: () => true,
        holdsAll: (answer) => (answer.json() as JsonObject)['all'] === true,
      });
    await ask('/one', 'a');
    await expect(ask('/free', 'b')).resolves.toMatchObject({ status: 200 });
    await ask('/all', 'c');
    const seen = service.requests.length;
    for (const rateLimitClass of ['a', 'b', 'c', 'd'])
      expect(await rejection(ask('/free', rateLimitClass))).toMatchObject({
        code: 'RATE_LIMITED',
        details: { reason: 'held_back' },
      });
    expect(service.requests).toHaveLength(seen);
    await expect(remote.http.request({ path: '/free', rateLimitClass: 'c' })).resolves.toMatchObject({ status: 200 });
  });

  it('of every class once over lets one request go first, whatever its class', async () => {
    service.on('*', '/all', { status: 429, headers: { 'retry-after': '0.2' } });
    service.on('*', '/next', { ...LIMITED, delayMs: 20 });
    using remote = openHttp(service.endpoint);
    const ask = (path: string, rateLimitClass: string) =>
      remote.call().http.request({ path, rateLimitClass, holdsAll: () => true });
    await rejection(ask('/all', 'first'));
    await sleep(250);
    const classes = Array.from({ length: 10 }, (_, index) => `class-${index}`);
    const errors = await Promise.all(classes.map((each) => rejection(ask('/next', each))));
    expect(service.requests).toHaveLength(2);
    expect(errors.map(({ code }) => code)).toEqual(classes.map(() => 'RATE_LIMITED'));
  });

  it('of another connector, or of a stranger that was asked in passing, holds nothing', async () => {
    service.on('*', '/slow', LIMITED);
    service.on('*', '/free', {});
    await using other = await FakeService.start();
    other.on('*', /./, LIMITED);
    using remote = openHttp(service.endpoint);
    using second = openHttp(service.endpoint);
    await rejection(remote.http.request({ path: `${other.url}/x`, anyOrigin: true }));
    await expect(remote.http.request({ path: '/free' })).resolves.toMatchObject({ status: 200 });
    await rejection(remote.http.request({ path: '/slow' }));
    await expect(second.http.request({ path: '/free' })).resolves.toMatchObject({ status: 200 });
  });

  it.each(['soon', '0', '-1', 'Mon, 01 Jan 2001 00:00:00 GMT'])('of %j holds nothing', async (value) => {
    service.on('*', /./, { status: 429, headers: { 'retry-after': value } });
    using remote = openHttp(service.endpoint);
    for (let count = 0; count < 2; count += 1) await rejection(remote.http.request({ path: '/a' }));
    expect(service.requests).toHaveLength(2);
  });

  it.each(['9'.repeat(400), '99999999', 'Fri, 01 Jan 3000 00:00:00 GMT'])('of %.12s… is bounded', async (value) => {
    service.on('*', /./, { status: 429, headers: { 'retry-after': value } });
    using remote = openHttp(service.endpoint);
    expect(await rejection(remote.http.request({ path: '/a' }))).toMatchObject({ retryAfterMs: 86_400_000 });
    const { retryAfterMs } = await rejection(remote.http.request({ path: '/a' }));
    expect(retryAfterMs).toBeLessThanOrEqual(300_000);
  });

  it('once over lets one request go first, and the others heed what that one meets', async () => {
    service.on('*', /./, [
      { status: 429, headers: { 'retry-after': '0.2' } },
      { ...LIMITED, delayMs: 20 },
    ]);
    using remote = openHttp(service.endpoint);
    await rejection(remote.http.request({ path: '/a' }));
    await sleep(250);
    const errors = await Promise.all(Array.from({ length: 10 }, () => rejection(remote.http.request({ path: '/a' }))));
    expect(service.requests).toHaveLength(2);
    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 'RATE_LIMITED'));
  });

  it('once over lets all go on where the first one is well received', async () => {
    service.on('*', /./, [{ status: 429, headers: { 'retry-after': '0.2' } }, {}]);
    using remote = openHttp(service.endpoint);
    await rejection(remote.http.request({ path: '/a' }));
    await sleep(250);
    await Promise.all(Array.from({ length: 10 }, () => remote.http.request({ path: '/a' })));
    expect(service.requests).toHaveLength(11);
  });

  it('once over is found out anew where the first one does not get through', async () => {
    service.on('*', /./, [{ status: 429, headers: { 'retry-after': '0.2' } }, { drop: 'request' }, {}]);
    using remote = openHttp(service.endpoint);
    await rejection(remote.http.request({ path: '/a' }));
    await sleep(250);
    expect(await rejection(remote.http.request({ method: 'POST', path: '/a' }))).toMatchObject({
      code: 'TRANSIENT_NETWORK',
    });
    await expect(remote.http.request({ path: '/a' })).resolves.toMatchObject({ status: 200 });
  });

  describe('in a health check', () => {
    class Watched extends ConnectorAdapter {
      readonly name = 'watched';
      readonly version = '1.0.0';
      override async connect(): Promise<boolean> {
        await this.context.http.request({ path: '/up' });
        return true;
      }
    }

    it.each([
      ['connect()', {}],
      ['a path', { healthPath: '/up' }],
    ])('by %s is not heeded, so that the check tells of now', async (_how, options) => {
      service.on('*', /./, [{ ...LIMITED, status: 503 }, {}]);
      using remote = openHttp({ ...service.endpoint, ...options });
      const adapter = new Watched();
      attachContext(adapter, remote.context);
      await rejection(remote.call().http.request({ path: '/a' }));
      await rejection(remote.call().http.request({ path: '/a' }));
      expect(service.requests).toHaveLength(1);
      expect(await checkHealth(adapter, remote.call())).toMatchObject({ status: 'healthy' });
      expect(service.requests).toHaveLength(2);
      await expect(remote.call().http.request({ path: '/a' })).resolves.toMatchObject({ status: 200 });
    });

    it('is over for the requests of every class where the service is well again', async () => {
      service.on('*', /./, [{ ...LIMITED, status: 503 }, {}]);
      using remote = openHttp(service.endpoint);
      const adapter = new Watched();
      attachContext(adapter, remote.context);
      const { http } = remote.call({ rateLimitClass: 'search' });
      await rejection(http.request({ path: '/a' }));
      expect(await checkHealth(adapter, remote.call())).toMatchObject({ status: 'healthy' });
      await expect(http.request({ path: '/a' })).resolves.toMatchObject({ status: 200 });
    });

    it('goes on for calls where it limits them', async () => {
      service.on('*', '/a', LIMITED);
      service.on('*', '/up', {});
      using remote = openHttp({ ...service.endpoint, healthPath: '/up' });
      const adapter = new Watched();
      attachContext(adapter, remote.context);
      await rejection(remote.call().http.request({ path: '/a' }));
      expect(await checkHealth(adapter, remote.call())).toMatchObject({ status: 'healthy' });
      expect(await rejection(remote.call().http.request({ path: '/a' }))).toMatchObject({
        details: { reason: 'held_back' },
      });
      expect(service.requests).toHaveLength(2);
    });
  });
});
