import type { JsonObject } from '@automate/sdk';
import type { FakeService, StartedConnector } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import SlackAdapter from '../src/slack-adapter.ts';
import { formOf, onMethod, startWorkspace, TOKEN } from './slack-workspace.ts';

const GENERAL = 'C024BE91L';
const FIRST = '1401383885.000061';

let slack: FakeService;
let connector: StartedConnector<SlackAdapter>;

beforeEach(async () => {
  slack = await startWorkspace();
  connector = await startConnector(SlackAdapter, {
    url: slack.url,
    config: { auth: { type: 'bearer', token: TOKEN } },
  });
});
afterEach(async () => {
  await connector.close();
  await slack.close();
});

const call = (action: string, payload: JsonObject = {}, options = {}): Promise<JsonObject> =>
  connector.call(action, payload, options);
const post = (text: string, rest: JsonObject = {}) => call('send_message', { channel: GENERAL, text, ...rest });
const textsOf = ({ messages }: JsonObject): unknown[] => (messages as JsonObject[]).map(({ text }) => text);

describe('reading', () => {
  it('a channel gives what stands in it, newest first, page by page, without the replies in threads', async () => {
    const second = await post('Second');
    await post('A reply', { thread_ts: second['ts'] as string });
    await post('Third');
    const page = await call('get_history', { channel: GENERAL, limit: 2 });
    expect(textsOf(page)).toStrictEqual(['Third', 'Second']);
    const last = await call('get_history', { channel: GENERAL, limit: 2, cursor: page['next_cursor'] as string });
    expect(last).toStrictEqual({ messages: [{ ts: FIRST, type: 'message', user: 'U0APP', text: 'First' }] });
    const between = { channel: GENERAL, oldest: FIRST, latest: second['ts'] as string };
    expect(textsOf(await call('get_history', between))).toStrictEqual([]);
    expect(textsOf(await call('get_history', { ...between, inclusive: true }))).toStrictEqual(['Second', 'First']);
  });

  it('a thread gives its first message and its replies', async () => {
    await post('A reply', { thread_ts: FIRST });
    await post('Beside it');
    expect(textsOf(await call('get_replies', { channel: GENERAL, ts: FIRST }))).toStrictEqual(['First', 'A reply']);
  });

  it('gives the address of a message, and says where there is none', async () => {
    await expect(call('get_permalink', { channel: GENERAL, ts: FIRST })).resolves.toStrictEqual({
      permalink: 'https://subarachnoid.slack.com/archives/C024BE91L/p1401383885000061',
    });
    await expect(call('get_permalink', { channel: GENERAL, ts: '1.1' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('members, users and files are listed', async () => {
    await expect(call('list_members', { channel: GENERAL })).resolves.toStrictEqual({
      members: ['U0APP', 'U061F7AUR'],
    });
    await expect(call('list_users')).resolves.toMatchObject({
      users: [{ id: 'U061F7AUR', name: 'spengler' }, { display_name: 'peter', deleted: true }, { is_bot: true }],
    });
    const files = await call('list_files', { since: '2026-01-31T12:00:00+01:00', types: ['images', 'pdfs'], limit: 1 });
    expect(files).toMatchObject({ files: [{ id: 'F1', size: 144_538 }], next_page: 2 });
    expect(formOf(slack.requests.at(-1))).toStrictEqual({
      types: 'images,pdfs',
      ts_from: '1769857200',
      count: '1',
      page: '1',
    });
    await expect(call('list_files', { page: 2 })).resolves.not.toHaveProperty('next_page');
  });
});

describe('channels', () => {
  it('are created, shown, filled and archived', async () => {
    const created = (await call('create_channel', { name: 'endeavor', is_private: true }))['channel'] as JsonObject;
    expect(created).toMatchObject({ name: 'endeavor', is_private: true, is_member: true });
    const channel = created['id'] as string;
    await call('invite_to_channel', { channel, users: ['U061F7AUR', 'W012A3CDE'] });
    await expect(call('get_channel', { channel })).resolves.toMatchObject({ channel: { num_members: 3 } });
    await expect(call('archive_channel', { channel })).resolves.toStrictEqual({ archived: true });
    await expect(call('send_message', { channel, text: 'Too late' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it.each([
    ['create_channel', { name: 'general' }, 'ALREADY_EXISTS'],
    ['create_channel', { name: 'Not Allowed' }, 'INVALID_INPUT'],
    ['get_channel', { channel: 'C404' }, 'NOT_FOUND'],
    ['invite_to_channel', { channel: GENERAL, users: ['U061F7AUR'] }, 'ALREADY_EXISTS'],
    ['invite_to_channel', { channel: GENERAL, users: ['U404'] }, 'NOT_FOUND'],
    ['invite_to_channel', { channel: GENERAL, users: ['somebody'] }, 'INVALID_INPUT'],
    ['open_conversation', { users: ['U404'] }, 'NOT_FOUND'],
    ['send_ephemeral', { channel: GENERAL, user: 'W012A3CDE', text: 'x' }, 'INVALID_INPUT'],
    ['schedule_message', { channel: GENERAL, text: 'x', post_at: '2020-01-01T00:00:00Z' }, 'INVALID_INPUT'],
    ['schedule_message', { channel: GENERAL, text: 'x', post_at: 'tomorrow' }, 'INVALID_INPUT'],
    ['remove_reaction', { channel: GENERAL, ts: FIRST, name: 'eyes' }, 'NOT_FOUND'],
  ])('%s with %j is refused with %s', async (action, payload, code) => {
    await expect(call(action, payload)).rejects.toMatchObject({ code, effect: 'none' });
  });
});

describe('messages', () => {
  it('go to one user, and to a conversation opened for it', async () => {
    await expect(call('open_conversation', { users: ['U061F7AUR'] })).resolves.toStrictEqual({ channel: 'DU061F7AUR' });
    await expect(
      call('send_ephemeral', { channel: GENERAL, user: 'U061F7AUR', text: 'Only you' }),
    ).resolves.toStrictEqual({ ts: '1503435956.000247' });
  });

  it('are posted later', async () => {
    const post_at = new Date(Math.ceil(Date.now() / 1000 + 3600) * 1000).toISOString();
    await expect(call('schedule_message', { channel: GENERAL, text: 'Later', post_at })).resolves.toStrictEqual({
      channel: GENERAL,
      scheduled_message_id: 'Q1298393284',
      post_at,
    });
  });

  it('lose their blocks to an empty list', async () => {
    const { ts } = await post('Text', { blocks: [{ type: 'divider' }] });
    await call('update_message', { channel: GENERAL, ts: ts as string, blocks: [] });
    const { messages } = await call('get_history', { channel: GENERAL, limit: 1 });
    expect(messages).toMatchObject([{ text: 'Text', blocks: [] }]);
  });

  it('are sent with empty lists beside a text', async () => {
    await expect(post('Text', { blocks: [], attachments: [] })).resolves.toMatchObject({ text: 'Text' });
  });

  it('show who reacted, until the reaction is taken back', async () => {
    const target = { channel: GENERAL, ts: FIRST };
    await call('add_reaction', { ...target, name: 'eyes' });
    await expect(call('get_reactions', target)).resolves.toStrictEqual({
      reactions: [{ name: 'eyes', count: 1, users: ['U0APP'] }],
    });
    await call('remove_reaction', { ...target, name: 'eyes' });
    await expect(call('get_reactions', target)).resolves.toStrictEqual({ reactions: [] });
  });
});

describe('an attempt after one that may have had its effect', () => {
  it.each([
    ['add_reaction', { channel: GENERAL, ts: FIRST, name: 'eyes' }],
    ['delete_message', { channel: GENERAL, ts: FIRST }],
    ['invite_to_channel', { channel: GENERAL, users: ['W012A3CDE'] }],
    ['archive_channel', { channel: GENERAL }],
  ])('%s finds it done and succeeds; a first attempt is told', async (action, payload) => {
    const first = await call(action, payload);
    await expect(call(action, payload)).rejects.toMatchObject({ code: expect.stringMatching(/EXISTS|NOT_FOUND/) });
    await expect(call(action, payload, { repeated: true })).resolves.toStrictEqual(first);
  });

  it('is told where others were kept out by one who was in the channel before', async () => {
    const both = { channel: GENERAL, users: ['U061F7AUR', 'W012A3CDE'] };
    await expect(call('invite_to_channel', both, { repeated: true })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      details: { errors: [{ user: 'U061F7AUR', ok: false, error: 'already_in_channel' }] },
    });
    await call('invite_to_channel', { ...both, users: ['W012A3CDE'] });
    await expect(call('invite_to_channel', both, { repeated: true })).resolves.toStrictEqual({ invited: true });
  });

  it('is told all other errors', async () => {
    const payload = { channel: 'C404', ts: FIRST };
    await expect(call('delete_message', payload, { repeated: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('call', () => {
  it('calls what has no action, with the credentials of the connector', async () => {
    const parameters = { channel: GENERAL, name: 'all-hands' };
    await expect(call('call', { method: 'conversations.rename', parameters })).resolves.toMatchObject({
      answer: { ok: true, channel: { name: 'all-hands' } },
    });
  });

  it.each([
    ['a method that is none', { method: 'https://example.com/x' }, 'INVALID_INPUT'],
    ['a token of the caller', { method: 'auth.test', parameters: { token: 'xoxb-other' } }, 'INVALID_INPUT'],
    ['what Slack refuses', { method: 'conversations.info', parameters: { channel: 'C404' } }, 'NOT_FOUND'],
  ])('refuses %s', async (_title, payload, code) => {
    await expect(call('call', payload)).rejects.toMatchObject({ code });
  });
});

describe('an answer that comes from before Slack', () => {
  it.each([400, 404, 405, 410])("of status %d is never Slack's own word", async (status) => {
    onMethod(slack, 'users.info', { status, text: '<html>not here</html>' });
    await expect(call('find_user', { id: 'U1' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      effect: 'none',
      details: { reason: 'not_the_service' },
      message: expect.stringContaining(`answered ${status}`),
    });
  });

  it.each([
    ['without a body', { status: 404, text: '' }],
    ['with JSON of its own', { status: 404, json: { message: 'no Route matched' } }],
  ])('%s neither', async (_title, reply) => {
    onMethod(slack, 'users.info', reply);
    await expect(call('find_user', { id: 'U1' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
      details: { reason: 'bad_answer' },
      message: expect.stringContaining('answered 404'),
    });
  });
});
