import type { JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { HOOK, TOKEN } from './discord-stand-in.ts';
import { useDiscord } from './use-discord.ts';

const { discord, start } = useDiscord();

describe('webhooks', () => {
  const onlyHook: StartConnectorOptions = { config: {}, settings: { webhooks: [HOOK] } };

  it('send messages without a bot', async () => {
    const connector = await start(onlyHook);
    const payload = { webhook: 'deploys', content: 'done', username: 'CI', thread_id: '88' };
    await expect(connector.call('create_webhook_message', payload)).resolves.toMatchObject({
      channel_id: '88',
      content: 'done',
    });
    const [request] = discord().requests;
    expect(request?.path).toBe('/api/v10/webhooks/900/hook-token-right');
    expect(request?.json()).toStrictEqual({ content: 'done', username: 'CI' });
    expect(request?.headers).not.toHaveProperty('authorization');
    await expect(connector.health()).resolves.toStrictEqual({ status: 'healthy', message: '1 webhook ready' });
  });

  it("do not get to see the bot's token", async () => {
    const connector = await start({ settings: { webhooks: [HOOK] } });
    await connector.call('create_webhook_message', { webhook: 'deploys', content: 'done' });
    expect(JSON.stringify(discord().requests[0]?.headers)).not.toContain(TOKEN);
  });

  it('keep their address to themselves where the answer cannot be unpacked', async () => {
    const connector = await start(onlyHook);
    const path = '/api/v10/webhooks/900/hook-token-right';
    discord().on('POST', path, { status: 200, headers: { 'content-encoding': 'gzip' }, text: 'not packed' });
    const error = await connector
      .call('create_webhook_message', { webhook: 'deploys', content: 'x' })
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'UPSTREAM_5XX', details: { reason: 'bad_encoding' } });
    expect(JSON.stringify([error, String(error)])).not.toContain(HOOK.token);
  });

  it('keep their address to themselves, in errors and in the configuration', async () => {
    const connector = await start(onlyHook);
    await discord().close();
    const error = await connector
      .call('create_webhook_message', { webhook: 'deploys', content: 'x' })
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    expect(String(error)).not.toContain(HOOK.token);
    expect(JSON.stringify(connector.adapter.getConfig())).not.toContain(HOOK.token);
  });
});

describe('idempotency keys', () => {
  it.each([
    ['create_webhook_message', { webhook: 'deploys', content: 'x' }],
    ['create_thread', { channel_id: '71', name: 'x' }],
    ['call', { method: 'POST', path: '/channels/71/messages', json: { content: 'x' } }],
  ])('are refused by %s, for which Discord has none, before anything is sent', async (action, payload) => {
    const connector = await start({ settings: { webhooks: [HOOK] } });
    await expect(connector.call(action, payload as JsonObject, { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'idempotency_key' }],
    });
    expect(discord().requests).toStrictEqual([]);
  });
});
