import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import AlertmanagerAdapter from '../src/alertmanager-adapter.ts';
import { startAlertmanager } from './start-alertmanager.ts';
import type { RunningServer } from './start-server.ts';

const alertmanager = {
  name: 'prometheus-alertmanager',
  available: () => isOnPath('prometheus-alertmanager'),
  remedy: 'apt-get install --no-install-recommends prometheus-alertmanager',
};

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function start(settings: JsonObject): Promise<AlertmanagerAdapter> {
  const connector = await startConnector(AlertmanagerAdapter, { url: 'http://127.0.0.1:1', settings });
  running.push(connector);
  return connector.adapter;
}

describeWith(alertmanager, 'what a real Alertmanager sends', () => {
  const sent: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      sent.push({ path: request.url ?? '', headers: request.headers, body });
      response.end();
    });
  });
  let server: RunningServer;

  beforeAll(async () => {
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const to = (name: string, http_config: object) => ({
      name,
      webhook_configs: [{ url: `${url}/${name}`, http_config }],
    });
    const config = {
      route: {
        receiver: 'token',
        group_by: ['alertname'],
        group_wait: '0s',
        routes: [{ receiver: 'password', matchers: ['team="shop"'] }],
      },
      receivers: [
        to('token', { authorization: { credentials: 'a token' } }),
        to('password', { basic_auth: { username: 'ann', password: 'hush' } }),
      ],
    };
    server = await startAlertmanager({ password: false, config });
    const alerts = [{ labels: { alertname: 'Disk' } }, { labels: { alertname: 'Slow', team: 'shop' } }];
    await fetch(`${server.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    await eventually(() => new Set(sent.map(({ path }) => path)).size === 2);
  });
  afterAll(async () => {
    await server?.close();
    receiver.close();
  });

  it.each<[string, JsonObject, string]>([
    ['token', { token: 'a token' }, 'Disk'],
    ['password', { username: 'ann', password: 'hush' }, 'Slow'],
  ])('is believed by its %s, and by no other', async (name, webhook, alertname) => {
    const { headers, body } = sent.find(({ path }) => path === `/${name}`) ?? { headers: {}, body: '' };
    expect(JSON.parse(body)).toMatchObject({ status: 'firing', alerts: [{ labels: { alertname } }] });
    expect((await start({ webhook })).verifyWebhook(headers)).toBe(true);
    const others: JsonObject[] = [{ token: 'another' }, { username: 'ann', password: 'other' }];
    for (const other of others) expect((await start({ webhook: other })).verifyWebhook(headers)).toBe(false);
    expect((await start({ tenant: 'a' })).verifyWebhook(headers)).toBe(false);
  });
});

describe('settings of what an Alertmanager shows', () => {
  it.each([
    [{ token: 'hush' }, true],
    [{ username: 'ann', password: 'hush' }, true],
    [{}, false],
    [{ token: '' }, false],
    [{ username: 'ann' }, false],
    [{ password: 'hush' }, false],
    [{ token: 'hush', username: 'ann', password: 'hush' }, false],
  ])('are a token, or a name with a password: %j', async (webhook, accepted) => {
    await expect(new AlertmanagerAdapter().validateConfig({ webhook })).resolves.toMatchObject({ ok: accepted });
  });
});
