import type { ConnectorError, JsonObject, JsonValue } from '@automate/sdk';
import type { FakeReply } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { HOOK, refuse } from './discord-stand-in.ts';
import { useDiscord } from './use-discord.ts';

const { discord, start } = useDiscord();

const MESSAGES = '/api/v10/channels/71/messages';
const hello: JsonObject = { channel_id: '71', content: 'hello' };
const emoji = { channel_id: '71', message_id: '5', emoji: '👍' };

/** What a call meets where Discord answers everything so. */
async function meet(reply: FakeReply, action = 'send_message', payload: JsonObject = hello): Promise<ConnectorError> {
  const connector = await start({ settings: { webhooks: [HOOK] } });
  discord().on('*', /./, reply);
  const answer: unknown = await connector.call(action, payload).catch((error: unknown) => error);
  return answer as ConnectorError;
}

describe('a refusal of Discord', () => {
  it.each([
    [refuse(401, 0, '401: Unauthorized'), { code: 'AUTH_FAILED', blame: 'operator' }],
    [refuse(403, 50001, 'Missing Access'), { code: 'FORBIDDEN', blame: 'operator' }],
    [refuse(403, 50013, 'Missing Permissions'), { code: 'FORBIDDEN', blame: 'operator' }],
    [refuse(403, 40002, 'You need to verify your account'), { code: 'FORBIDDEN', blame: 'operator' }],
    [refuse(403, 50005, 'Cannot edit a message authored by another user'), { code: 'FORBIDDEN', blame: 'caller' }],
    [refuse(403, 50007, 'Cannot send messages to this user'), { code: 'FORBIDDEN', blame: 'caller' }],
    [refuse(403, 50003, 'Cannot execute action on a DM channel'), { code: 'FORBIDDEN', blame: 'caller' }],
    [refuse(403, 50021, 'Cannot execute action on a system message'), { code: 'FORBIDDEN', blame: 'caller' }],
    [refuse(403, 90001, 'Reaction was blocked'), { code: 'FORBIDDEN', blame: 'caller' }],
    [refuse(404, 10003, 'Unknown Channel'), { code: 'NOT_FOUND', blame: 'caller' }],
    [refuse(404, 10008, 'Unknown Message'), { code: 'NOT_FOUND', blame: 'caller' }],
    [refuse(400, 10014, 'Unknown Emoji'), { code: 'INVALID_INPUT', blame: 'caller' }],
    [refuse(400, 30003, 'Maximum number of pins reached (50)'), { code: 'INVALID_INPUT', blame: 'caller' }],
    [refuse(400, 160004, 'A thread has already been created for this message'), { code: 'ALREADY_EXISTS' }],
    [refuse(413, 40005, 'Request entity too large'), { code: 'INVALID_INPUT', blame: 'caller' }],
    [refuse(400, 50035, 'Invalid Form Body'), { code: 'INVALID_INPUT', blame: 'caller' }],
    // No id is unknown: the address is.
    [refuse(404, 0, '404: Not Found'), { code: 'UPSTREAM_5XX', blame: 'operator', retryable: false }],
    [refuse(405, 0, '405: Method Not Allowed'), { code: 'UPSTREAM_5XX', blame: 'operator', retryable: false }],
  ] as const)('%j says whose it is, and had no effect', async (reply, expected) => {
    const { message, ...error } = (await meet(reply)).toEnvelope();
    expect(error).toMatchObject({ effect: 'none', retryable: false, ...expected });
    expect(message).toContain((reply.json as { message: string }).message);
    const { code } = reply.json as { code: number };
    if (code !== 0) expect(error.details).toMatchObject({ discord_code: code });
  });

  it('of a webhook that it no longer has is for who configured it', async () => {
    const webhook = { webhook: 'deploys', content: 'x' };
    for (const reply of [refuse(404, 10015, 'Unknown Webhook'), refuse(401, 50027, 'Invalid Webhook Token')]) {
      const error = await meet(reply, 'create_webhook_message', webhook);
      expect(error).toMatchObject({ effect: 'none', retryable: false, blame: 'operator' });
      expect(error.message).toContain('settings.webhooks');
      expect(error.code).not.toBe('NOT_FOUND');
    }
    const thread = { ...webhook, thread_id: '5' };
    expect(await meet(refuse(404, 10003, 'Unknown Channel'), 'create_webhook_message', thread)).toMatchObject({
      code: 'NOT_FOUND',
      blame: 'caller',
    });
  });

  it('tells the faults of the whole and of its parts', async () => {
    const error = await meet(
      refuse(400, 50035, 'Invalid Form Body', {
        _errors: [{ code: 'X', message: 'All of it is wrong.' }],
        embeds: { 0: { fields: { 3: { name: { _errors: [{ code: 'Y', message: 'Required' }, 'odd', null] } } } } },
        content: { _errors: 'no list' },
        __proto__x: null,
      }),
    );
    const faults = [
      'All of it is wrong.',
      'embeds.0.fields.3.name: Required',
      'embeds.0.fields.3.name: it is wrong',
      'embeds.0.fields.3.name: it is wrong',
    ];
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { faults } });
  });

  it('tells no more faults than somebody reads, however many and however deep they are', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`f${index}`, { _errors: [{ message: 'm'.repeat(50) }] }]),
    );
    const error = await meet(refuse(400, 50035, 'Invalid Form Body', many));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message.length).toBeLessThan(5000);
    const levels = 5000;
    const deep = `${'{"a":'.repeat(levels)}{"_errors":[{"message":"deep"}]}${'}'.repeat(levels)}`;
    const text = `{"code":50035,"message":"Invalid Form Body","errors":${deep}}`;
    expect(await meet({ status: 400, text, headers: { 'content-type': 'application/json' } })).toMatchObject({
      code: 'INVALID_INPUT',
      blame: 'caller',
    });
  });
});

describe('a failure before Discord', () => {
  const page = { text: '<html><head><title>Error</title></head></html>', headers: { 'content-type': 'text/html' } };
  it.each([500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530])(
    'a page with %i may pass, and what was asked may be done',
    async (status) => {
      const error = await meet({ ...page, status });
      expect(error).toMatchObject({ code: 'UPSTREAM_5XX', effect: 'maybe', retryable: true, blame: 'remote' });
      expect(error.message).not.toContain('<html>');
    },
  );

  it('that turns us away is for the operator', async () => {
    expect(await meet({ ...page, status: 403 })).toMatchObject({ code: 'FORBIDDEN', blame: 'operator' });
    expect(await meet({ status: 401, text: '' })).toMatchObject({ code: 'AUTH_FAILED', blame: 'operator' });
  });
});

describe('a rate limit', () => {
  const limited = (body: JsonObject, headers = {}): FakeReply => ({
    status: 429,
    headers: { 'retry-after': '60', ...headers },
    json: { message: 'You are being rate limited.', retry_after: 60.25, ...body },
  });
  const held = { code: 'RATE_LIMITED', effect: 'none', retryable: true };

  it('of a route holds for all messages of a channel, whatever their ids, and not for others', async () => {
    const connector = await start();
    discord().on('DELETE', /^\/api\/v10\/channels\/71\//, limited({ global: false }));
    discord().on('DELETE', /^\/api\/v10\/channels\/72\//, { status: 204 });
    for (const message_id of ['5', '6', '7'])
      await expect(connector.call('delete_message', { channel_id: '71', message_id })).rejects.toMatchObject(held);
    expect(discord().requests).toHaveLength(1);
    await connector.call('delete_message', { channel_id: '72', message_id: '8' });
    await connector.call('send_message', hello);
    expect(discord().requests).toHaveLength(3);
  });

  it('of reactions holds for all emoji', async () => {
    const connector = await start();
    discord().on('PUT', /reactions/, limited({ global: false }));
    for (const each of ['👍', '👎', 'party:123'])
      await expect(connector.call('add_reaction', { ...emoji, emoji: each })).rejects.toMatchObject(held);
    expect(discord().requests).toHaveLength(1);
  });

  it.each([
    ['the body', limited({ global: true })],
    ['a header', limited({}, { 'x-ratelimit-global': 'true' })],
    ['Cloudflare', { status: 429, headers: { 'retry-after': '60' }, text: 'error code: 1015' }],
  ])('of all routes, told by %s, holds for all of the bot, and health asks all the same', async (_by, reply) => {
    const connector = await start({ settings: { webhooks: [HOOK] } });
    discord().on('POST', MESSAGES, reply);
    // Whoever takes the answer for one has been told all the same.
    const accepted = { method: 'POST', path: '/channels/71/messages', json: { content: 'x' }, accept_status: 'any' };
    await expect(connector.call('call', accepted)).resolves.toMatchObject({ status: 429 });
    for (const [action, payload] of [
      ['send_message', { ...hello, channel_id: '72' }],
      ['list_roles', { guild_id: '7' }],
      ['call', { path: '/users/@me' }],
    ] as const)
      await expect(connector.call(action, payload)).rejects.toMatchObject({
        ...held,
        retryAfterMs: expect.any(Number),
        details: { reason: 'held_back' },
      });
    expect(discord().requests).toHaveLength(1);
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(
      connector.call('create_webhook_message', { webhook: HOOK.name, content: 'x' }),
    ).resolves.toHaveProperty('id');
  });

  it('whose wait is not told holds for none', async () => {
    const connector = await start();
    discord().on('POST', MESSAGES, { status: 429, json: { message: 'slow', global: true } });
    await expect(connector.call('send_message', hello)).rejects.toMatchObject(held);
    await expect(connector.call('list_roles', { guild_id: '7' })).resolves.toHaveProperty('roles');
  });
});

describe('ids', () => {
  it('beyond what numbers hold come as they are, also where they came as numbers', async () => {
    const connector = await start();
    const text = `{"id":1234567890123456789,"channel_id":9007199254740993,"content":"","timestamp":"t","author":{"id":"18446744073709551615","username":"a"}}`;
    discord().on('POST', MESSAGES, { text, headers: { 'content-type': 'application/json' } });
    await expect(connector.call('send_message', hello)).resolves.toMatchObject({
      id: '1234567890123456789',
      channel_id: '9007199254740993',
      author: { id: '18446744073709551615' },
    });
  });

  it.each([71, 2 ** 53, '71n', '-1', '', ' 71', '71/../72', '٧١', '<#71>'] as JsonValue[])(
    'are digits as text: %j is none',
    async (channel_id) => {
      const connector = await start();
      await expect(connector.call('send_message', { ...hello, channel_id })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'channel_id' }],
      });
      expect(discord().requests).toHaveLength(0);
    },
  );
});

describe('emoji', () => {
  it.each(['❤️', '❤', '🇩🇪', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩🏽‍💻', '©️', '*️⃣', 'a_b:1'])('%s is one', async (each) => {
    const connector = await start();
    discord().on('PUT', /reactions/, { status: 204 });
    await connector.call('add_reaction', { ...emoji, emoji: each });
    expect(discord().requests[0]?.path).toContain(`/reactions/${encodeURIComponent(each)}/@me`);
  });

  it.each(['', ':smile:', '<:party:123>', 'party', 'x/../y', '👍 ', 'a b:1', 'party:12a'])(
    '%j is none',
    async (each) => {
      const connector = await start();
      await expect(connector.call('add_reaction', { ...emoji, emoji: each })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'emoji' }],
      });
      expect(discord().requests).toHaveLength(0);
    },
  );
});

describe('half a character', () => {
  it.each([
    ['the footer of an embed', { embeds: [{ footer: { text: 'a\ud83d' } }] }],
    ['the author of an embed', { embeds: [{ title: 't', author: { name: '\udc00' } }] }],
    ['the date of an embed', { embeds: [{ timestamp: 'a\ud83d' }] }],
    ['the description of a file', { files: [{ filename: 'a', text: 'b', description: '\ud83d' }] }],
  ])('in %s is not sent as another one', async (_where, payload) => {
    const connector = await start();
    await expect(connector.call('send_message', { channel_id: '71', ...payload })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
    });
    expect(discord().requests).toHaveLength(0);
  });
});

it('keeps the token of a webhook to itself, also as it stands in an address', async () => {
  const token = 'a/b+c d=%';
  const connector = await start({ config: {}, settings: { webhooks: [{ ...HOOK, token }] } });
  await discord().close();
  const error = await connector
    .call('create_webhook_message', { webhook: 'deploys', content: 'x' })
    .catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK' });
  expect(JSON.stringify([error, String(error)])).not.toContain(encodeURIComponent(token));
});
