import type { FakeService, StartConnectorOptions } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import SlackAdapter from '../src/slack-adapter.ts';
import { formOf, onMethod, startWorkspace, TOKEN } from './slack-workspace.ts';

/** The channel that the stand-in begins with. */
const GENERAL = 'C024BE91L';

let slack: FakeService;
const running: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  slack = await startWorkspace();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  await slack.close();
});

async function start(options: StartConnectorOptions = {}) {
  const connector = await startConnector(SlackAdapter, {
    url: slack.url,
    config: { auth: { type: 'bearer', token: TOKEN } },
    ...options,
  });
  running.push(connector);
  return connector;
}

describe('send_message', () => {
  it("posts text as Slack's own library does, and gives the message's identity", async () => {
    const connector = await start();
    const message = { channel: GENERAL, text: 'Grüße & <https://example.com|more>', thread_ts: '1401383885.000061' };
    const result = await connector.call('send_message', { ...message, unfurl_links: false });
    expect(result).toStrictEqual({ ...message, ts: '1503435956.000247' });
    const [request] = slack.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/api/chat.postMessage' });
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': expect.stringContaining('@slack:web-api'),
    });
    expect(formOf(request)).toStrictEqual({ ...message, unfurl_links: 'false' });
  });

  it('posts blocks without text, as JSON within the form', async () => {
    const connector = await start();
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*bold*' } }];
    await connector.call('send_message', { channel: GENERAL, blocks });
    expect(JSON.parse(formOf(slack.requests[0])['blocks'] ?? '')).toStrictEqual(blocks);
  });

  it('brings the warnings of the answer along', async () => {
    const connector = await start();
    const metadata = { response_metadata: { warnings: ['superfluous_charset'] } };
    onMethod(slack, 'chat.postMessage', {
      json: { ok: true, channel: 'C1', ts: '1.2', message: { thread_ts: '1.1' }, ...metadata },
    });
    await expect(connector.call('send_message', { channel: 'C1', text: 'x' })).resolves.toStrictEqual({
      channel: 'C1',
      ts: '1.2',
      thread_ts: '1.1',
      warnings: ['superfluous_charset'],
    });
  });

  it.each([
    ['neither text nor blocks', { channel: 'C1' }],
    ['an empty text', { channel: 'C1', text: '' }],
    ['nothing but empty parts', { channel: 'C1', text: '', blocks: [], attachments: [] }],
    ['no channel', { text: 'x' }],
    ['a field that does not exist', { channel: 'C1', text: 'x', texxt: 'y' }],
    ['51 blocks', { channel: 'C1', blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }],
  ])('refuses %s before anything is sent', async (_title, payload) => {
    const connector = await start();
    await expect(connector.call('send_message', payload)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(slack.requests).toStrictEqual([]);
  });
});

describe('messages that exist', () => {
  it('are replaced', async () => {
    const connector = await start();
    const payload = { channel: 'C024BE91L', ts: '1401383885.000061', text: 'Updated' };
    await expect(connector.call('update_message', payload)).resolves.toStrictEqual({
      channel: 'C024BE91L',
      ts: '1401383885.000061',
      text: 'Updated',
    });
    expect(formOf(slack.requests[0])).toStrictEqual(payload);
  });

  it('are deleted', async () => {
    const connector = await start();
    const payload = { channel: 'C024BE91L', ts: '1401383885.000061' };
    await expect(connector.call('delete_message', payload)).resolves.toStrictEqual({ deleted: true, ...payload });
    expect(slack.requests[0]?.path).toBe('/api/chat.delete');
  });

  it('are reacted to, once', async () => {
    const connector = await start();
    const payload = { channel: GENERAL, ts: '1401383885.000061', name: 'thumbsup::skin-tone-3' };
    await expect(connector.call('add_reaction', payload)).resolves.toStrictEqual({ added: true });
    expect(formOf(slack.requests[0])).toStrictEqual({ channel: GENERAL, timestamp: payload.ts, name: payload.name });
    await expect(connector.call('add_reaction', payload)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('list_channels', () => {
  const general = {
    id: 'C012AB3CD',
    name: 'general',
    is_channel: true,
    is_private: false,
    is_archived: false,
    is_member: true,
    is_im: false,
    is_mpim: false,
    num_members: 4,
    topic: { value: 'Company-wide', creator: '', last_set: 0 },
    purpose: { value: 'For all', creator: '', last_set: 0 },
  };
  const im = { id: 'D0C0F7S8Y', is_im: true, is_archived: false, user: 'USLACKBOT', created: 1498500348 };

  it('gives a page and where the next one begins, until there is none', async () => {
    const connector = await start();
    onMethod(slack, 'conversations.list', (request) =>
      formOf(request)['cursor'] === 'dGVhbTpDMDYxRkE1UEI='
        ? { json: { ok: true, channels: [im], response_metadata: { next_cursor: '' } } }
        : { json: { ok: true, channels: [general], response_metadata: { next_cursor: 'dGVhbTpDMDYxRkE1UEI=' } } },
    );
    const first = await connector.call('list_channels', {
      types: ['public_channel', 'im'],
      limit: 1,
      exclude_archived: true,
    });
    expect(first).toStrictEqual({
      channels: [
        {
          id: 'C012AB3CD',
          name: 'general',
          is_private: false,
          is_archived: false,
          is_member: true,
          is_im: false,
          is_mpim: false,
          num_members: 4,
          topic: 'Company-wide',
          purpose: 'For all',
        },
      ],
      next_cursor: 'dGVhbTpDMDYxRkE1UEI=',
    });
    expect(formOf(slack.requests[0])).toStrictEqual({
      types: 'public_channel,im',
      limit: '1',
      exclude_archived: 'true',
    });
    const last = await connector.call('list_channels', { cursor: 'dGVhbTpDMDYxRkE1UEI=' });
    expect(last).toMatchObject({ channels: [{ id: 'D0C0F7S8Y', is_im: true, user: 'USLACKBOT' }] });
    expect(last).not.toHaveProperty('next_cursor');
  });
});

describe('find_user', () => {
  const user = {
    id: 'W012A3CDE',
    team_id: 'T012AB3C4',
    name: 'spengler',
    deleted: false,
    real_name: 'Egon Spengler',
    tz: 'America/Los_Angeles',
    is_bot: false,
    profile: { display_name: 'spengler', email: 'spengler@ghostbusters.example.com', avatar_hash: 'ge3b51ca72de' },
  };
  const found = {
    user: {
      id: 'W012A3CDE',
      name: 'spengler',
      real_name: 'Egon Spengler',
      display_name: 'spengler',
      email: 'spengler@ghostbusters.example.com',
      team_id: 'T012AB3C4',
      tz: 'America/Los_Angeles',
      deleted: false,
      is_bot: false,
    },
  };

  it('finds by address and by id', async () => {
    const connector = await start();
    onMethod(slack, 'users.lookupByEmail', { json: { ok: true, user } });
    onMethod(slack, 'users.info', { json: { ok: true, user } });
    await expect(connector.call('find_user', { email: 'spengler@ghostbusters.example.com' })).resolves.toStrictEqual(
      found,
    );
    await expect(connector.call('find_user', { id: 'W012A3CDE' })).resolves.toStrictEqual(found);
    expect(slack.requests.map(formOf)).toStrictEqual([
      { email: 'spengler@ghostbusters.example.com' },
      { user: 'W012A3CDE' },
    ]);
  });

  it('says that nobody has the address', async () => {
    const connector = await start();
    onMethod(slack, 'users.lookupByEmail', { json: { ok: false, error: 'users_not_found' } });
    await expect(connector.call('find_user', { email: 'nobody@example.com' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it.each([[{}], [{ email: 'a@example.com', id: 'W1' }], [{ email: 'no address' }]])('refuses %j', async (payload) => {
    const connector = await start();
    await expect(connector.call('find_user', payload)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('the connection', () => {
  it('is healthy and says whose token it is', async () => {
    const connector = await start();
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: 'signed in to Subarachnoid Workspace as grace',
    });
  });

  it("takes its token from a profile where auth has none, and sends auth's further headers", async () => {
    const connector = await start({
      config: { auth: { type: 'none', headers: { 'X-Route': 'eu' } } },
      secrets: { token: TOKEN },
    });
    await expect(connector.adapter.connect()).resolves.toBe(true);
    expect(slack.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'x-route': 'eu' });
  });

  it('keeps two workspaces apart', async () => {
    const other = await startWorkspace();
    running.push(other);
    onMethod(other, 'auth.test', { json: { ok: true, team: 'Other', user: 'ann' } });
    const [first, second] = [await start(), await start({ url: other.url })];
    const reports = await Promise.all([first.health(), second.health()]);
    expect(reports.map(({ message }) => message)).toStrictEqual([
      'signed in to Subarachnoid Workspace as grace',
      'signed in to Other as ann',
    ]);
  });

  it('goes to the path that base_path names', async () => {
    slack.on('POST', '/proxy/slack/auth.test', { json: { ok: true, team: 'T', user: 'u' } });
    const connector = await start({ url: `${slack.url}/proxy/slack` });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });
});
