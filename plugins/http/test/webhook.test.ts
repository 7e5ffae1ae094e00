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
    expect(adapter.verifyWebhook(headers, '{"a":1}')).toBe(true);
    expect(adapter.verifyWebhook(headers, Buffer.from('{"a":1}'))).toBe(true);
  });

  it('takes another secret as it runs', async () => {
    const connector = await startConnector(HttpAdapter, { settings: { webhook: { secret: 'hush' } } });
    running.push(connector);
    await connector.changeSecrets({ settings: { webhook: { secret: 'other' } } });
    const verified = ['hush', 'other'].map((key) =>
      connector.adapter.verifyWebhook({ 'x-signature-256': `sha256=${sign('body', key)}` }, 'body'),
    );
    expect(verified).toEqual([false, true]);
  });

  it('accepts a bare signature in base64 where it is configured so', async () => {
    const adapter = await start({ secret: 'hush', header: 'X-Sig', prefix: '', encoding: 'base64' });
    expect(adapter.verifyWebhook({ 'X-Sig': sign('body', 'hush', 'base64') }, 'body')).toBe(true);
  });

  it.each([
    ['another body', { 'x-signature-256': `sha256=${sign('body', 'hush')}` }, 'Body'],
    ['another secret', { 'x-signature-256': `sha256=${sign('body', 'other')}` }, 'body'],
    ['no prefix', { 'x-signature-256': sign('body', 'hush') }, 'body'],
    ['no signature', {}, 'body'],
    ['an empty signature', { 'x-signature-256': 'sha256=' }, 'body'],
  ])('refuses %s', async (_title, headers, body) => {
    const adapter = await start({ secret: 'hush' });
    expect(adapter.verifyWebhook(headers, body)).toBe(false);
  });

  it('trusts nothing without a secret', async () => {
    const adapter = await start();
    expect(adapter.verifyWebhook({ 'x-signature-256': `sha256=${sign('body', '')}` }, 'body')).toBe(false);
  });

  it('never shows the secret in its configuration', async () => {
    const adapter = await start({ secret: 'hush' });
    expect(JSON.stringify(adapter.getConfig())).not.toContain('hush');
  });
});
