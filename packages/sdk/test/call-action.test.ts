import type { JsonObject, JsonValue } from '@automate/contract';
import { FakeService } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { callAction } from '../src/exchange/index.ts';
import { ConnectorAdapter, createConnectorError } from '../src/index.ts';
import type { OpenedHttp } from './open-http.ts';
import { openHttp } from './open-http.ts';

class VendorAdapter extends ConnectorAdapter {
  readonly name = 'vendor';
  readonly version = '1.0.0';
  override readonly actions = {
    call: callAction({
      description: "Asks any other part of the vendor's API.",
      async send(request, { http }) {
        const response = await http.request({
          ...request,
          headers: { 'x-vendor': 'yes', ...request.headers },
          accept: (status) => status === 418 || (request.accept?.(status) ?? status < 300),
        });
        if (response.status !== 418 || request.accept?.(418) === true) return response;
        throw createConnectorError('UPSTREAM_5XX', 'the vendor says: teapot');
      },
    }),
  };

  connect(): boolean {
    return true;
  }
}

describe('the action that sends any request', () => {
  let service: FakeService;
  let remote: OpenedHttp;
  const call = (payload: JsonObject): Promise<JsonValue> => new VendorAdapter().execute('call', payload, remote.call());

  beforeEach(async () => {
    service = await FakeService.start();
    remote = openHttp({ ...service.endpoint, basePath: '/base', auth: { type: 'bearer', token: 'the-token' } });
  });
  afterEach(async () => {
    remote.close();
    await service.close();
  });

  it("sends it with the connector's credentials and the kind's own headers, and gives the answer", async () => {
    service.on('POST', '/base/things', { status: 201, json: { id: 7 } });
    const payload = { method: 'POST', path: '/things', query: { dry: true }, json: { name: 'a' } };
    await expect(call(payload)).resolves.toMatchObject({ status: 201, json: { id: 7 } });
    expect(service.requests).toMatchObject([
      { method: 'POST', headers: { authorization: 'Bearer the-token', 'x-vendor': 'yes' } },
    ]);
    expect(service.requests[0]?.query.get('dry')).toBe('true');
    expect(service.requests[0]?.json()).toStrictEqual({ name: 'a' });
  });

  it("fails in the kind's words, unless the caller takes the status for an answer", async () => {
    service.on('POST', '/base/tea', { status: 418, json: { short: true } });
    await expect(call({ method: 'POST', path: '/tea' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      message: 'the vendor says: teapot',
      effect: 'maybe',
    });
    const accepting = { method: 'POST', path: '/tea', accept_status: 'any' };
    await expect(call(accepting)).resolves.toMatchObject({ status: 418, json: { short: true } });
  });

  it('heeds a Retry-After also where the caller takes its status for an answer', async () => {
    service.on('POST', '/base/tea', { status: 429, headers: { 'retry-after': '60' } });
    const accepting = { method: 'POST', path: '/tea', accept_status: [429] };
    await expect(call(accepting)).resolves.toMatchObject({ status: 429 });
    await expect(call(accepting)).rejects.toMatchObject({ effect: 'none', details: { reason: 'held_back' } });
    expect(service.requests).toHaveLength(1);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('fails without effect where the method changes nothing: %s', async (method) => {
    service.on(method, '/base/tea', { status: 418 });
    await expect(call({ method, path: '/tea' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
    });
  });

  it.each([
    ['https://elsewhere.example/x', 'a path'],
    ['//elsewhere.example/../../../x', 'the base path'],
    ['/../x', 'the base path'],
  ])('refuses to leave the endpoint: %s', async (path, wanted) => {
    const error: unknown = await call({ path }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(wanted) });
    expect(service.requests).toHaveLength(0);
  });
});
