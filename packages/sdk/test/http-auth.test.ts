import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuthConfig } from '@automate/contract';
import { FakeService } from '@automate/testing';
import { openHttp, rejection } from './open-http.ts';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
  service.on('*', /./, {});
});

afterEach(() => service.close());

const BASIC = `Basic ${Buffer.from('ann:päss').toString('base64')}`;

describe("the connector's auth", () => {
  it.each<[string, AuthConfig, Record<string, string>]>([
    ['basic', { type: 'basic', username: 'ann', password: 'päss' }, { authorization: BASIC }],
    ['bearer', { type: 'bearer', token: 'abc.def' }, { authorization: 'Bearer abc.def' }],
    ['api_key', { type: 'api_key', apiKey: 'k1' }, { 'x-api-key': 'k1' }],
    ['api_key', { type: 'api_key', apiKey: 'k1', apiKeyHeader: 'X-Other' }, { 'x-other': 'k1' }],
    ['none', { type: 'none', headers: { 'X-Tenant': 't1' } }, { 'x-tenant': 't1' }],
    [
      'bearer',
      { type: 'bearer', token: 't', headers: { 'X-Tenant': 't1' } },
      { 'x-tenant': 't1', authorization: 'Bearer t' },
    ],
  ])('is applied to every request: %s', async (_type, auth, headers) => {
    using remote = openHttp({ ...service.endpoint, auth });
    await remote.http.request({ path: '/a' });
    await remote
      .call()
      .http.json({ path: '/b', method: 'POST', json: {} })
      .catch(() => undefined);
    expect(service.requests).toHaveLength(2);
    for (const request of service.requests) expect(request.headers).toMatchObject(headers);
  });

  it('is not sent where the adapter says so', async () => {
    using remote = openHttp({ ...service.endpoint, auth: { type: 'bearer', token: 'abc' } });
    await remote.http.request({ path: '/', authorize: false });
    expect(service.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('wins over a header that a caller asks for', async () => {
    using remote = openHttp({ ...service.endpoint, auth: { type: 'bearer', token: 'operators' } });
    await remote.http.request({ path: '/', headers: { Authorization: 'Bearer callers' } });
    expect(service.requests[0]?.headers['authorization']).toBe('Bearer operators');
  });

  it('takes from the profile what the configuration leaves out', async () => {
    using remote = openHttp({ ...service.endpoint, auth: { type: 'api_key' }, secrets: { api_key: 'profiles' } });
    await remote.http.request({ path: '/' });
    expect(service.requests[0]?.headers['x-api-key']).toBe('profiles');
  });

  it('says what is missing, and sends nothing', async () => {
    using remote = openHttp({ ...service.endpoint, auth: { type: 'bearer' }, secrets: { other: 'x' } });
    const error = await rejection(remote.http.request({ path: '/' }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { reason: 'auth_incomplete' } });
    expect(error.message).toBe(
      'connector "remote" authorises by bearer and has no auth.token; the operator must set it',
    );
    expect(service.requests).toHaveLength(0);
  });

  it("that a header cannot carry is the operator's to mend, and is not shown", async () => {
    using remote = openHttp({ ...service.endpoint, auth: { type: 'bearer' }, secrets: { token: 'line\nbreak' } });
    const error = await rejection(remote.http.request({ path: '/' }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { reason: 'bad_header' } });
    expect(error.message).not.toContain('break');
  });
});
