import type { JsonObject } from '@automate/sdk';
import { describe, expect, it } from '@jest/globals';
import { useDiscord } from './use-discord.ts';

const { discord, start } = useDiscord();

describe('servers', () => {
  it('give and take roles', async () => {
    const connector = await start();
    await expect(connector.call('list_roles', { guild_id: '7' })).resolves.toStrictEqual({
      roles: [{ id: '90', name: 'ops', permissions: '2048', position: 1, managed: false, mentionable: true }],
    });
    const role = { guild_id: '7', user_id: '42', role_id: '90' };
    await connector.call('add_role', role);
    await expect(connector.call('get_member', { guild_id: '7', user_id: '42' })).resolves.toMatchObject({
      member: { user: { username: 'automaton' }, roles: ['90'] },
    });
    await connector.call('remove_role', role);
    const listed = await connector.call('list_members', { guild_id: '7', limit: 1 });
    expect(listed).toMatchObject({ members: [{ roles: [] }], next_after: '42' });
    await expect(
      connector.call('list_members', { guild_id: '7', query: 'auto', limit: 1 }),
    ).resolves.not.toHaveProperty('next_after');
  });

  it('have threads: from a message, by themselves, and as posts of a forum', async () => {
    const connector = await start();
    const { id } = await connector.call('send_message', { channel_id: '71', content: 'x' });
    const made = { id: '600', name: 'Talk', parent_id: '71', archived: false, locked: false, message_count: 0 };
    const thread = { channel_id: '71', name: 'Talk' };
    const kinds: JsonObject[] = [
      { message_id: id as string },
      { private: true },
      {},
      { message: { content: 'first' } },
    ];
    for (const more of kinds)
      await expect(connector.call('create_thread', { ...thread, ...more })).resolves.toStrictEqual(made);
    expect(
      discord()
        .requests.slice(1)
        .map((request) => request.json()),
    ).toStrictEqual([
      { name: 'Talk' },
      { name: 'Talk', type: 12 },
      { name: 'Talk', type: 11 },
      { name: 'Talk', message: { content: 'first' } },
    ]);
    await expect(connector.call('list_threads', { guild_id: '7' })).resolves.toMatchObject({
      threads: [{ name: 'Active' }],
    });
  });

  it('open direct messages', async () => {
    const connector = await start();
    await expect(connector.call('open_dm', { user_id: '8' })).resolves.toStrictEqual({ channel_id: '58' });
  });
});

describe('list_channels', () => {
  it('gives the channels of a server, of unknown types too', async () => {
    const connector = await start();
    await expect(connector.call('list_channels', { guild_id: '7' })).resolves.toStrictEqual({
      channels: [
        { id: '70', name: 'Text', type: 'category', position: 0, nsfw: false },
        { id: '71', name: 'general', type: 'text', position: 1, parent_id: '70', topic: 'All', nsfw: false },
        { id: '72', name: 'new', type: '99', position: 2, nsfw: false },
      ],
    });
  });
});

describe('call', () => {
  it('calls what has no action, as the bot', async () => {
    const connector = await start();
    await expect(connector.call('call', { method: 'GET', path: '/guilds/7/emojis' })).resolves.toMatchObject({
      json: [{ id: '123456', name: 'party_parrot' }],
    });
    await expect(
      connector.call('call', { method: 'PUT', path: '/guilds/7/members/42/roles/90' }),
    ).resolves.toMatchObject({ status: 204 });
    await expect(connector.call('call', { method: 'GET', path: '/no/such' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
