import { createHmac } from 'node:crypto';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import GrafanaAdapter from '../src/grafana-adapter.ts';

const body = '{"receiver":"automate","status":"firing","alerts":[]}';
const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function judge(webhook: JsonObject | undefined, headers: Record<string, string>): Promise<boolean> {
  const connector = await startConnector(GrafanaAdapter, {
    url: 'http://127.0.0.1:1',
    settings: webhook === undefined ? {} : { webhook },
  });
  running.push(connector);
  return connector.adapter.verifyWebhook(headers, Buffer.from(body)).genuine;
}

const sign = (text: string): string => createHmac('sha256', 'hush').update(text).digest('hex');
const bearer = { authorization: 'Bearer hush-too' };
const signed = { 'X-Grafana-Alerting-Signature': sign(body) };
const now = String(Math.floor(Date.now() / 1000));

describe('notifications of a contact point', () => {
  it.each([
    ['signed', { secret: 'hush' }, signed, true],
    ['signed under a header of its own', { secret: 'hush', header: 'X-Seal' }, { 'X-Seal': sign(body) }, true],
    [
      'signed with the time',
      { secret: 'hush', timestamp_header: 'X-T' },
      { ...signed, 'X-T': now, 'X-Grafana-Alerting-Signature': sign(`${now}:${body}`) },
      true,
    ],
    [
      'signed without the time that is wanted',
      { secret: 'hush', timestamp_header: 'X-T' },
      { ...signed, 'X-T': now },
      false,
    ],
    ['not signed', { secret: 'hush' }, {}, false],
    ['signed with another secret', { secret: 'other' }, signed, false],
    ['with a token', { token: 'hush-too' }, bearer, true],
    ['with another token', { token: 'other' }, bearer, false],
    ['with a password', { username: 'ann', password: 'p' }, { authorization: `Basic ${btoa('ann:p')}` }, true],
    ['signed, without the token that is wanted', { secret: 'hush', token: 'hush-too' }, signed, false],
    ['with a token, not signed as it should be', { secret: 'hush', token: 'hush-too' }, bearer, false],
    ['signed and with a token', { secret: 'hush', token: 'hush-too' }, { ...signed, ...bearer }, true],
    ['signed, where nothing is configured', undefined, signed, false],
  ])('are believed where all fits: %s', async (_what, webhook, headers, genuine) => {
    expect(await judge(webhook, headers)).toBe(genuine);
  });

  it.each<JsonObject>([{}, { header: 'X-Seal' }, { username: 'ann' }, { secret: 'hush', password: 'p' }])(
    'are not configured by %j',
    async (webhook) => {
      await expect(new GrafanaAdapter().validateConfig({ webhook })).resolves.toMatchObject({ ok: false });
    },
  );
});
