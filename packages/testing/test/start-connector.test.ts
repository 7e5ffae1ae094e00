import { afterEach, describe, expect, it } from '@jest/globals';
import { action, ConnectorAdapter } from '@automate/sdk';
import { closedPort, FakeService, startConnector } from '@automate/testing';
import type { StartConnectorOptions } from '@automate/testing';
import { z } from 'zod';

class ClockAdapter extends ConnectorAdapter {
  readonly name = 'clock';
  readonly version = '1.0.0';
  override readonly configSchema = z.strictObject({ zone: z.string().default('UTC') });
  override readonly actions = {
    read: action({
      description: 'The time.',
      input: z.object({}),
      sideEffects: false,
      idempotent: true,
      run: (_input, { http }) => http.json({ path: '/time' }),
    }),
    count: action({
      description: 'A bare number.',
      input: z.object({}),
      sideEffects: false,
      idempotent: true,
      run: (_input, { logger }) => {
        logger.info('counting');
        return 3;
      },
    }),
  };
  closed = 0;

  async connect(): Promise<boolean> {
    await this.context.http.request({ path: '/time' });
    return true;
  }

  override close(): void {
    this.closed += 1;
  }

  get endpointSeen(): string {
    return this.getEndpoint();
  }
}

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function start(options?: StartConnectorOptions) {
  const clock = await startConnector(ClockAdapter, options);
  open.push(clock);
  return clock;
}

async function serve(): Promise<FakeService> {
  const service = await FakeService.start();
  open.push(service);
  return service;
}

describe('a started connector', () => {
  it('talks to the endpoint of its URL, base path included, with the secrets it was given', async () => {
    const service = await serve();
    service.on('GET', '/v1/time', { json: { hour: 7 } });
    const clock = await start({
      url: `${service.url}/v1`,
      config: { auth: { type: 'bearer' } },
      secrets: { token: 'tick' },
    });
    expect(await clock.call('read')).toStrictEqual({ hour: 7 });
    expect(service.requests[0]?.headers['authorization']).toBe('Bearer tick');
  });

  it("uses the scheme's usual port where the URL names none", async () => {
    const { adapter } = await start({ url: 'https://clock.example' });
    expect(adapter.endpointSeen).toBe('https://clock.example');
  });

  it('lets the configuration win over the URL', async () => {
    const { adapter } = await start({ url: 'http://clock.example:8080', config: { host: 'other.example' } });
    expect(adapter.endpointSeen).toBe('http://other.example:8080');
  });

  it("checks the kind's settings", async () => {
    await expect(startConnector(ClockAdapter, { settings: { zone: 1 } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('throws what the host would report', async () => {
    const clock = await start({ url: `http://127.0.0.1:${await closedPort()}` });
    await expect(clock.call('read')).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK' });
    await expect(clock.health()).resolves.toMatchObject({ status: 'unhealthy' });
  });

  it('gives its calls and health checks as long as it was told, unless a call says otherwise', async () => {
    const service = await serve();
    service.on('GET', '/time', { delayMs: 60_000, json: {} });
    const hasty = await start({ url: service.url, timeoutMs: 50 });
    await expect(hasty.call('read')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(hasty.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'TIMEOUT' } });
    const patient = await start({ url: service.url, timeoutMs: 600_000 });
    await expect(patient.call('read', {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(patient.health({ timeoutMs: 50 })).resolves.toMatchObject({ details: { code: 'TIMEOUT' } });
  });

  it('cancels a call whose caller gives up', async () => {
    const service = await serve();
    service.on('GET', '/time', { delayMs: 60_000, json: {} });
    const clock = await start({ url: service.url });
    await expect(clock.call('read', {}, { cancelAfterMs: 50 })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('says so when a result is no object, and keeps what was logged', async () => {
    const clock = await start();
    await expect(clock.call('count')).rejects.toThrow('"count" gave 3, not an object');
    expect(clock.records).toMatchObject([{ level: 'info', message: 'counting' }]);
  });

  it('closes its adapter', async () => {
    const clock = await startConnector(ClockAdapter);
    await clock.close();
    expect(clock.adapter.closed).toBe(1);
  });
});
