// Long: every action of the kind against one stand-in for the service.
import type { JsonObject } from '@automate/sdk';
import type { FakeReply } from '@automate/testing';
import { closedPort } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { HOOK, refuse, TOKEN } from './discord-stand-in.ts';
import { useDiscord } from './use-discord.ts';

const { discord, start } = useDiscord();

describe('messages', () => {
  it('are sent as the bot, with text and embeds', async () => {
    const connector = await start();
    const payload = {
      content: 'Deployed **v1.2** 🎉',
      embeds: [{ title: 'Changes', color: 0x00ff00, fields: [{ name: 'By', value: 'Ann', inline: true }] }],
      allowed_mentions: { parse: [] },
    };
    await expect(
      connector.call('send_message', { channel_id: '71', reply_to: '999', ...payload }),
    ).resolves.toStrictEqual({
      id: '1000',
      channel_id: '71',
      content: payload.content,
      timestamp: '2026-01-31T12:00:00.000000+00:00',
      author: { id: '42', username: 'automaton' },
      embeds: payload.embeds,
      reply_to: '999',
    });
    const [request] = discord().requests;
    expect(request?.json()).toStrictEqual({ ...payload, message_reference: { message_id: '999' } });
    expect(request?.headers).toMatchObject({
      authorization: `Bot ${TOKEN}`,
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^DiscordBot \(https:.*, 1\.0\.0\)$/),
    });
  });

  it('may be as long as Discord counts characters, of which an emoji is few', async () => {
    const connector = await start();
    const content = '\u{1F469}'.repeat(2000);
    await expect(connector.call('send_message', { channel_id: '71', content })).resolves.toMatchObject({ content });
  });

  it('are edited and deleted, once', async () => {
    const connector = await start();
    const { id } = await connector.call('send_message', { channel_id: '71', content: 'first' });
    const target = { channel_id: '71', message_id: id as string };
    await expect(connector.call('edit_message', { ...target, content: 'second' })).resolves.toMatchObject({
      content: 'second',
      edited_timestamp: '2026-01-31T12:05:00.000000+00:00',
    });
    await expect(connector.call('delete_message', target)).resolves.toStrictEqual({ deleted: true });
    await expect(connector.call('delete_message', target)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { discord_code: 10008 },
      message: expect.stringContaining('Unknown Message'),
    });
  });

  it.each([
    ['👍', '%F0%9F%91%8D'],
    ['1️⃣', '1%EF%B8%8F%E2%83%A3'],
    ['#⃣', '%23%E2%83%A3'],
    ['🏳️‍🌈', '%F0%9F%8F%B3%EF%B8%8F%E2%80%8D%F0%9F%8C%88'],
    ['party_parrot:123456', 'party_parrot%3A123456'],
  ])('are reacted to with %s, and the reaction is taken back', async (emoji, encoded) => {
    const connector = await start();
    const { id } = await connector.call('send_message', { channel_id: '71', content: 'x' });
    const message = { channel_id: '71', message_id: id as string };
    await expect(connector.call('add_reaction', { ...message, emoji })).resolves.toStrictEqual({ added: true });
    expect(discord().requests.at(-1)?.path).toBe(`/api/v10/channels/71/messages/1000/reactions/${encoded}/@me`);
    await expect(connector.call('get_message', message)).resolves.toMatchObject({ reactions: [{ emoji, count: 1 }] });
    await expect(connector.call('remove_reaction', { ...message, emoji })).resolves.toStrictEqual({ removed: true });
    await expect(connector.call('get_message', message)).resolves.not.toHaveProperty('reactions');
  });

  it('are read, pages of them too', async () => {
    const connector = await start();
    for (const content of ['one', 'two', 'three']) await connector.call('send_message', { channel_id: '71', content });
    const read = async (payload: JsonObject): Promise<unknown> => {
      const { messages } = await connector.call('list_messages', { channel_id: '71', ...payload });
      return (messages as JsonObject[]).map(({ content }) => content);
    };
    expect(await read({ limit: 2 })).toStrictEqual(['three', 'two']);
    expect(await read({ before: '1001' })).toStrictEqual(['one']);
    expect(await read({ after: '1001' })).toStrictEqual(['three']);
    await expect(read({ before: '1001', after: '1000' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('carry files, byte for byte', async () => {
    const connector = await start({ settings: { webhooks: [HOOK] } });
    const files: JsonObject[] = [
      { filename: 'grüße.txt', text: 'grüß dich' },
      { filename: 'a.bin', base64: 'AP8K', description: 'Three bytes' },
    ];
    const attachments = [
      { id: '80', filename: 'grüße.txt', size: 11, url: `data:;base64,${Buffer.from('grüß dich').toString('base64')}` },
      { id: '81', filename: 'a.bin', size: 3, url: 'data:;base64,AP8K' },
    ];
    await expect(connector.call('send_message', { channel_id: '71', files })).resolves.toMatchObject({ attachments });
    await expect(
      connector.call('create_webhook_message', { webhook: 'deploys', content: 'x', files }),
    ).resolves.toMatchObject({ content: 'x', attachments });
  });

  it('are sent with empty parts beside others, and lose their text to an empty one', async () => {
    const connector = await start();
    const { id } = await connector.call('send_message', { channel_id: '71', content: 'x', embeds: [] });
    await connector.call('edit_message', { channel_id: '71', message_id: id as string, embeds: [{ title: 't' }] });
    const edited = await connector.call('edit_message', { channel_id: '71', message_id: id as string, content: '' });
    expect(edited).toMatchObject({ content: '', embeds: [{ title: 't' }] });
    await expect(
      connector.call('edit_message', { channel_id: '71', message_id: id as string, content: 'y', embeds: [] }),
    ).resolves.not.toHaveProperty('embeds');
  });

  it('are pinned, listed and unpinned', async () => {
    const connector = await start();
    const { id } = await connector.call('send_message', { channel_id: '71', content: 'x' });
    const message = { channel_id: '71', message_id: id as string };
    await connector.call('pin_message', message);
    await expect(connector.call('list_pins', { channel_id: '71' })).resolves.toMatchObject({
      pins: [{ pinned_at: '2026-01-31T12:10:00.000000+00:00', message: { id, pinned: true } }],
    });
    await connector.call('unpin_message', message);
    await expect(connector.call('list_pins', { channel_id: '71' })).resolves.toStrictEqual({ pins: [] });
  });

  it('are gone already where an earlier attempt may have deleted them', async () => {
    const connector = await start();
    const { id } = await connector.call('send_message', { channel_id: '71', content: 'x' });
    const message = { channel_id: '71', message_id: id as string };
    await connector.call('delete_message', message);
    await expect(connector.call('delete_message', message, { repeated: true })).resolves.toStrictEqual({
      deleted: true,
    });
  });

  it('are sent once for one idempotency key, however long it is', async () => {
    const connector = await start();
    const send = async (idempotencyKey: string): Promise<unknown> => {
      const sent = await connector.call('send_message', { channel_id: '71', content: 'hello' }, { idempotencyKey });
      return sent['id'];
    };
    const long = 'k'.repeat(200);
    expect([await send(long), await send(long), await send('other')]).toStrictEqual(['1000', '1000', '1001']);
    const bodies = discord().requests.map((request) => request.json() as JsonObject);
    expect(bodies.map(({ nonce }) => String(nonce).length)).toStrictEqual([25, 25, 5]);
  });

  it.each([
    ['send_message', { channel_id: '71' }],
    ['send_message', { channel_id: '71', content: '', embeds: [], files: [] }],
    ['send_message', { channel_id: '71', files: [{ filename: 'a' }] }],
    ['send_message', { channel_id: '71', files: [{ filename: 'a', text: 'x'.repeat(2 ** 21 + 1) }] }],
    ['create_thread', { channel_id: '71', name: 'x', message_id: '5', private: true }],
    ['list_members', { guild_id: '7', query: 'a', after: '1' }],
    ['call', { path: '/guilds/../../oauth2' }],
    ['call', { path: '/%2e%2e/oauth2' }],
    ['call', { method: 'GET', path: 'https://example.com' }],
    ['send_message', { channel_id: '71', content: 'x'.repeat(2001) }],
    ['send_message', { channel_id: '../users', content: 'x' }],
    ['send_message', { channel_id: '71', embeds: Array.from({ length: 11 }, () => ({ title: 't' })) }],
    ['add_reaction', { channel_id: '71', message_id: '5', emoji: '../@me' }],
    ['add_reaction', { channel_id: '71', message_id: '5', emoji: '1' }],
    ['add_reaction', { channel_id: '71', message_id: '5', emoji: '\ud83d' }],
    ['send_message', { channel_id: '71', content: '\u{1F469}'.repeat(2001) }],
    ['send_message', { channel_id: '71', content: 'a\ud83d' }],
    ['send_message', { channel_id: '71', files: [{ filename: 'a', text: 'b\ud83d' }] }],
    ['create_webhook_message', { webhook: 'unknown', content: 'x' }],
  ])('of %s are refused before anything is sent where they are wrong', async (action, payload) => {
    const connector = await start();
    await expect(connector.call(action, payload)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(discord().requests).toStrictEqual([]);
  });
});

describe('errors of Discord', () => {
  const faults = {
    embeds: {
      0: { title: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 256 or fewer in length.' }] } },
    },
  };

  it.each([
    [
      'a payload that it does not like',
      refuse(400, 50035, 'Invalid Form Body', faults),
      { code: 'INVALID_INPUT', details: { faults: ['embeds.0.title: Must be 256 or fewer in length.'] } },
    ],
    [
      'a permission that is missing',
      refuse(403, 50013, 'Missing Permissions'),
      { code: 'FORBIDDEN', message: expect.stringContaining("bot's role") },
    ],
    [
      'a channel that does not exist',
      refuse(404, 10003, 'Unknown Channel'),
      { code: 'NOT_FOUND', details: { discord_code: 10003 } },
    ],
    ['its own failure', { status: 502, text: 'Bad Gateway' }, { code: 'UPSTREAM_5XX', retryable: true }],
    [
      'an answer of somebody else',
      { status: 404, text: 'not here' },
      { code: 'UPSTREAM_5XX', effect: 'none', details: { reason: 'not_the_service' } },
    ],
    [
      "a gateway's own JSON",
      { status: 404, json: { message: 'no Route matched' } },
      { code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'bad_answer' } },
    ],
    [
      "a gateway's own JSON with the status as its code",
      { status: 404, json: { code: 404, message: 'not found' } },
      { code: 'UPSTREAM_5XX', effect: 'none', blame: 'operator', details: { reason: 'bad_answer' } },
    ],
    ['a proxy that wants credentials', { status: 401, text: '' }, { code: 'AUTH_FAILED' }],
    [
      'a gateway that is not ready',
      { status: 425, text: 'early' },
      { code: 'UPSTREAM_5XX', effect: 'none', retryable: true },
    ],
    ['a gateway that takes no more at once', { status: 413, text: 'large' }, { code: 'INVALID_INPUT', effect: 'none' }],
    [
      'a gateway that waited too long',
      { status: 408, text: '' },
      { code: 'TIMEOUT', effect: 'maybe', retryable: true },
    ],
    [
      'a web page',
      { text: '<html>', headers: { 'content-type': 'text/html' } },
      { code: 'UPSTREAM_5XX', details: { reason: 'bad_answer' } },
    ],
    ['nothing at all', { status: 200 }, { code: 'UPSTREAM_5XX', effect: 'maybe', blame: 'operator' }],
    ['JSON that is no message', { json: { ok: true } }, { code: 'UPSTREAM_5XX', retryable: false }],
    ['a connection broken off', { drop: 'request' }, { code: 'TRANSIENT_NETWORK', effect: 'maybe' }],
  ] as const)('%s', async (_title, reply, expected) => {
    const connector = await start();
    discord().on('POST', '/api/v10/channels/71/messages', reply as FakeReply);
    await expect(connector.call('send_message', { channel_id: '71', content: 'x' })).rejects.toMatchObject(expected);
    expect(discord().requests).toHaveLength(1);
  });

  it('of a rate limit keep back requests of the same route, and no others', async () => {
    const connector = await start();
    const path = '/api/v10/channels/71/messages';
    discord().on('POST', path, { status: 429, headers: { 'retry-after': '60' }, json: { retry_after: 60 } });
    const input = { channel_id: '71', content: 'x' };
    for (let call = 0; call < 2; call += 1)
      await expect(connector.call('send_message', input)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(discord().requests.filter((request) => request.path === path)).toHaveLength(1);
    await expect(connector.call('call', { method: 'GET', path: '/users/@me' })).resolves.toMatchObject({ status: 200 });
  });

  it('include the rate limit, with the time to wait to the millisecond, which is not waited for here', async () => {
    const connector = await start();
    const json = { message: 'You are being rate limited.', retry_after: 0.337, global: false };
    discord().on('POST', '/api/v10/channels/71/messages', { status: 429, headers: { 'retry-after': '1' }, json });
    await expect(connector.call('send_message', { channel_id: '71', content: 'x' })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 337,
    });
    for (const [retry_after, retryAfterMs] of [
      [-1, 2000],
      ['soon', 2000],
      [1e9, 86_400_000],
    ] as const) {
      const other = await start();
      discord().on('POST', '/api/v10/channels/71/messages', {
        status: 429,
        headers: { 'retry-after': '2' },
        json: { message: 'You are being rate limited.', retry_after },
      });
      await expect(other.call('send_message', { channel_id: '71', content: 'x' })).rejects.toMatchObject({
        retryAfterMs,
      });
    }
    discord().on('POST', '/api/v10/channels/71/messages', {
      status: 429,
      headers: { 'retry-after': '65' },
      text: 'error code: 1015',
    });
    // The first one holds its requests back by now.
    const another = await start();
    await expect(another.call('send_message', { channel_id: '71', content: 'x' })).rejects.toMatchObject({
      retryAfterMs: 65_000,
    });
    expect(discord().requests).toHaveLength(5);
  });
});

describe('what should answer without a body', () => {
  it.each([
    ['delete_message', 'DELETE', '/channels/71/messages/5', { channel_id: '71', message_id: '5' }],
    ['pin_message', 'PUT', '/channels/71/messages/pins/5', { channel_id: '71', message_id: '5' }],
    ['add_role', 'PUT', '/guilds/7/members/42/roles/90', { guild_id: '7', user_id: '42', role_id: '90' }],
  ])('%s is not done where 200 says nothing', async (action, method, path, payload) => {
    const connector = await start();
    discord().on(method, `/api/v10${path}`, { status: 200 });
    await expect(connector.call(action, payload)).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      blame: 'operator',
      details: { reason: 'bad_answer' },
    });
  });
});

describe('health', () => {
  it('says who the bot is', async () => {
    const connector = await start();
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({ status: 'healthy', message: 'signed in as automaton' });
  });

  it('takes the token from a profile, with or without its first word', async () => {
    const connector = await start({ config: {}, secrets: { token: `Bot ${TOKEN}` } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('tells refused credentials, none, a wrong port, a failing, a slow, a malformed and a stopped one apart', async () => {
    const wrong = await start({ config: { auth: { type: 'bearer', token: 'bot-token-wrong' } } });
    await expect(wrong.health()).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    const none = await start({ config: {} });
    await expect(none.health()).resolves.toMatchObject({
      details: { code: 'AUTH_FAILED' },
      message: expect.stringContaining('auth.token'),
    });
    const elsewhere = await start({ url: `http://127.0.0.1:${await closedPort()}` });
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });

    const connector = await start();
    const rows = [
      [{ status: 500 }, { code: 'UPSTREAM_5XX' }],
      [{ json: 'nobody' }, { code: 'UPSTREAM_5XX', reason: 'bad_answer' }],
      [{ drop: 'never' }, { code: 'TIMEOUT' }],
    ] as const;
    for (const [reply, details] of rows) {
      discord().on('GET', '/api/v10/users/@me', reply);
      await expect(connector.health('drop' in reply ? { timeoutMs: 300 } : {})).resolves.toMatchObject({
        status: 'unhealthy',
        details,
      });
    }
    await discord().close();
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
  });
});
