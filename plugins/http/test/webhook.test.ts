import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import HttpAdapter from '../src/http-adapter.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function start(webhook?: Record<string, string>) {
  const connector = await startConnector(HttpAdapter, {
    url: 'http://127.0.0.1:1',
    settings: webhook === undefined ? {} : { webhook },
  });
  running.push(connector);
  return connector.adapter;
}

const sign = (body: string, key: string, encoding: 'hex' | 'base64' = 'hex'): string =>
  createHmac('sha256', key).update(body).digest(encoding);

describe('webhooks', () => {
  it('accepts a body that was signed with the secret, as GitHub and others do it', async () => {
    const adapter = await start({ secret: 'hush', header: 'X-Hub-Signature-256' });
    const headers = { 'x-hub-signature-256': `sha256=${sign('{"a":1}', 'hush')}` };
    expect(adapter.verifyWebhook(headers, '{"a":1}')).toMatchObject({ genuine: true });
    expect(adapter.verifyWebhook(headers, Buffer.from('{"a":1}'))).toMatchObject({ genuine: true });
  });

  it('takes another secret as it runs', async () => {
    const connector = await startConnector(HttpAdapter, { settings: { webhook: { secret: 'hush' } } });
    running.push(connector);
    await connector.changeSecrets({ settings: { webhook: { secret: 'other' } } });
    const verified = ['hush', 'other'].map(
      (key) => connector.adapter.verifyWebhook({ 'x-signature-256': `sha256=${sign('body', key)}` }, 'body').genuine,
    );
    expect(verified).toEqual([false, true]);
  });

  it('accepts a bare signature in base64 where it is configured so', async () => {
    const adapter = await start({ secret: 'hush', header: 'X-Sig', prefix: '', encoding: 'base64' });
    expect(adapter.verifyWebhook({ 'X-Sig': sign('body', 'hush', 'base64') }, 'body')).toMatchObject({ genuine: true });
  });

  it.each([
    ['another body', { 'x-signature-256': `sha256=${sign('body', 'hush')}` }, 'Body'],
    ['another secret', { 'x-signature-256': `sha256=${sign('body', 'other')}` }, 'body'],
    ['no prefix', { 'x-signature-256': sign('body', 'hush') }, 'body'],
    ['no signature', {}, 'body'],
    ['an empty signature', { 'x-signature-256': 'sha256=' }, 'body'],
  ])('refuses %s', async (_title, headers, body) => {
    const adapter = await start({ secret: 'hush' });
    expect(adapter.verifyWebhook(headers, body)).toEqual({ genuine: false });
  });

  describe('whose time and name are signed', () => {
    const signed = '{id}.{timestamp}.{body}';
    const webhook = { secret: 'hush', id_header: 'X-Id', timestamp_header: 'X-Time', signed };
    const now = (secondsAgo = 0): string => String(Math.floor(Date.now() / 1000) - secondsAgo);
    const sent = (id: string, time: string): Record<string, string> => ({
      'x-id': id,
      'x-time': time,
      'x-signature-256': `sha256=${sign(`${id}.${time}.body`, 'hush')}`,
    });

    it('are one for one name', async () => {
      const adapter = await start(webhook);
      expect(adapter.verifyWebhook(sent('one', now()), 'body')).toMatchObject({ genuine: true, id: 'one' });
      expect(adapter.verifyWebhook(sent('one', now(200)), 'body')).toMatchObject({ genuine: true, id: 'one' });
    });

    it.each([
      ['what is old', sent('one', now(301))],
      ['what is ahead', sent('one', now(-330))],
      ['another time', { ...sent('one', now()), 'x-time': now(1) }],
      ['another name', { ...sent('one', now()), 'x-id': 'two' }],
      ['no time', { 'x-id': 'one', 'x-signature-256': `sha256=${sign('one..body', 'hush')}` }],
      ['no name', { ...sent('', now()), 'x-id': '' }],
      ['a time in words', sent('one', 'now')],
    ])('are refused with %s', async (_title, headers) => {
      expect((await start(webhook)).verifyWebhook(headers, 'body')).toEqual({ genuine: false });
    });

    it.each([
      ['a time that is not signed', { timestamp_header: 'X-Time' }],
      ['a time that no header has', { signed: '{timestamp}.{body}' }],
      ['a name that no header has', { signed: '{id}.{body}' }],
      ['another word', { signed: '{nonce}.{body}' }],
      ['no body', { signed: 'v1' }],
    ])('are no settings with %s', async (_title, more) => {
      const { ok } = await new HttpAdapter().validateConfig({ webhook: { secret: 'hush', ...more } });
      expect(ok).toBe(false);
    });
  });

  it('trusts nothing without a secret', async () => {
    const adapter = await start();
    expect(adapter.verifyWebhook({ 'x-signature-256': `sha256=${sign('body', '')}` }, 'body')).toEqual({
      genuine: false,
    });
  });

  it('never shows the secret in its configuration', async () => {
    const adapter = await start({ secret: 'hush' });
    expect(JSON.stringify(adapter.getConfig())).not.toContain('hush');
  });
});
