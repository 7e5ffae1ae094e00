import type { FakeScript, FakeService } from '@automate/testing';
import { closedPort, startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { outcomes } from '../src/outcomes.ts';
import SlackAdapter from '../src/slack-adapter.ts';
import { WITHOUT_EFFECT } from '../src/slack-error.ts';
import { onMethod, startWorkspace, TOKEN } from './slack-workspace.ts';

let slack: FakeService;
const running: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  slack = await startWorkspace();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  await slack.close();
});

async function start(token = TOKEN, url = slack.url) {
  const connector = await startConnector(SlackAdapter, { url, config: { auth: { type: 'bearer', token } } });
  running.push(connector);
  return connector;
}

const message = { channel: 'C1', text: 'hello' };

async function failWith(script: FakeScript) {
  const connector = await start();
  onMethod(slack, 'chat.postMessage', script);
  return connector.call('send_message', message).then(
    () => {
      throw new Error('expected a failure');
    },
    (error: { code: string }) => error,
  );
}

it.each([
  [
    'of auth',
    { config: { auth: { type: 'bearer', token: 'xoxb-wrong' } } },
    { auth: { type: 'bearer', token: TOKEN } },
  ],
  ['of a profile', { secrets: { token: 'xoxb-wrong' } }, { secrets: { token: TOKEN } }],
] as const)('a token %s that is right at last is used by the next call', async (_where, before, after) => {
  const connector = await startConnector(SlackAdapter, { url: slack.url, ...before });
  running.push(connector);
  await expect(connector.call('list_users')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  await connector.changeSecrets(after);
  await expect(connector.call('list_users')).resolves.toHaveProperty('users');
});

/** Every error that Slack's published document gives for the methods in use. */
const CODES = {
  AUTH_FAILED: 'account_inactive invalid_auth not_authed token_revoked',
  FORBIDDEN:
    'cant_delete_message cant_update_message compliance_exports_prevent_deletion edit_window_closed enterprise_is_restricted ' +
    'missing_scope no_permission not_in_channel user_not_visible',
  NOT_FOUND: 'channel_not_found message_not_found user_not_found users_not_found',
  ALREADY_EXISTS: 'already_reacted',
  RATE_LIMITED: 'rate_limited',
  TIMEOUT: 'request_timeout',
  UPSTREAM_5XX: 'fatal_error team_added_to_org',
  INTERNAL_ERROR: 'upgrade_required',
  INVALID_INPUT:
    'bad_timestamp invalid_arg_name invalid_array_arg invalid_charset invalid_cursor invalid_form_data invalid_json invalid_name ' +
    'invalid_post_type is_archived is_inactive json_not_object limit_required missing_post_type msg_too_long no_item_specified ' +
    'no_text too_many_attachments too_many_emoji too_many_reactions',
};

describe("Slack's error strings", () => {
  const rows = Object.entries(CODES).flatMap(([code, strings]) =>
    strings.split(' ').map((string) => [string, code] as const),
  );

  it.each(rows)('%s becomes %s', async (string, code) => {
    await expect(failWith({ json: { ok: false, error: string } })).resolves.toMatchObject({
      code,
      details: { slack_error: string },
      message: expect.stringContaining(string),
    });
  });

  it.each([
    ['one that nobody knows', 'brand_new_error', 'UPSTREAM_5XX', false],
    ['one that speaks of something invalid', 'invalid_widget', 'INVALID_INPUT', false],
    ["Slack's own failure", 'internal_error', 'UPSTREAM_5XX', true],
  ])('%s is judged by what it says', async (_title, string, code, retryable) => {
    await expect(failWith({ json: { ok: false, error: string } })).resolves.toMatchObject({ code, retryable });
  });

  it('name the scope that is missing', async () => {
    const json = { ok: false, error: 'missing_scope', needed: 'chat:write', provided: 'users:read' };
    await expect(failWith({ json })).resolves.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('chat:write'),
      details: { needed: 'chat:write' },
    });
  });

  it("bring along what Slack says of a payload's faults", async () => {
    const messages = ['[ERROR] no more than 50 items allowed [json-pointer:/blocks]'];
    const json = { ok: false, error: 'invalid_blocks', response_metadata: { messages } };
    await expect(failWith({ json })).resolves.toMatchObject({ code: 'INVALID_INPUT', details: { messages } });
  });
});

describe('the rate limit', () => {
  it.each([
    ['in seconds', '7', 7000],
    ['as a date', new Date(Date.now() + 60_000).toUTCString(), expect.any(Number)],
  ])('is an error with the time to wait, %s, and is not waited for here', async (_title, retryAfter, retryAfterMs) => {
    const reply = { status: 429, headers: { 'retry-after': retryAfter }, json: { ok: false, error: 'ratelimited' } };
    await expect(failWith(reply)).resolves.toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs });
    expect(slack.requests).toHaveLength(1);
  });

  it('comes with its time also where the status is 200', async () => {
    const reply = { headers: { 'retry-after': '7' }, json: { ok: false, error: 'ratelimited' } };
    await expect(failWith(reply)).resolves.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 7000 });
  });

  it('of a method holds it for every action that calls it, and no other method', async () => {
    const connector = await start();
    onMethod(slack, 'chat.postMessage', { status: 429, headers: { 'retry-after': '60' } });
    const call = (method: string, parameters = {}) => connector.call('call', { method, parameters });
    const held = { code: 'RATE_LIMITED', effect: 'none' };
    await expect(call('chat.postMessage', message)).rejects.toMatchObject(held);
    for (const again of [call('chat.postMessage', message), connector.call('send_message', message)])
      await expect(again).rejects.toMatchObject({ ...held, details: { reason: 'held_back' } });
    expect(slack.requests).toHaveLength(1);
    await expect(call('auth.test')).resolves.toMatchObject({ answer: { ok: true } });
  });
});

describe('failures beneath Slack', () => {
  it.each([
    ['a failing server', { status: 503, text: 'upstream connect error' }, 'UPSTREAM_5XX', true],
    ['a proxy that wants its own credentials', { status: 401 }, 'AUTH_FAILED', false],
    ['a gateway that is not ready to be asked', { status: 425, text: 'too early' }, 'UPSTREAM_5XX', true],
    ['a gateway that takes no more at once', { status: 413, text: 'too large' }, 'INVALID_INPUT', false],
    ['a gateway that waited too long for the request', { status: 408, text: '' }, 'TIMEOUT', true],
    ['a web page', { text: '<html></html>', headers: { 'content-type': 'text/html' } }, 'UPSTREAM_5XX', false],
    ['JSON cut short', { text: '{"ok":tr' }, 'UPSTREAM_5XX', false],
    ['JSON null', { text: 'null' }, 'UPSTREAM_5XX', false],
    ['an answer without what it must have', { json: { ok: true } }, 'UPSTREAM_5XX', false],
    ['a connection broken off', { drop: 'request' }, 'TRANSIENT_NETWORK', true],
  ] as const)('%s is reported as what it is, after one try', async (_title, reply, code, retryable) => {
    await expect(failWith(reply)).resolves.toMatchObject({ code, retryable });
    expect(slack.requests).toHaveLength(1);
  });

  it.each([
    ['text', { text: 'a\ud800' }],
    ['blocks', { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'a\udc00' } }] }],
  ])('half a character in %s is refused before it is sent', async (path, payload) => {
    const connector = await start();
    await expect(connector.call('send_message', { channel: 'C1', ...payload })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      problems: [{ path }],
    });
    expect(slack.requests).toHaveLength(0);
  });

  it('a slow answer ends with the deadline of the call', async () => {
    const connector = await start();
    onMethod(slack, 'chat.postMessage', { drop: 'never' });
    await expect(connector.call('send_message', message, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'maybe',
    });
  });
});

describe('health', () => {
  it('tells refused credentials, a wrong port, a failing service, a slow and a malformed answer apart', async () => {
    const wrong = await start('xoxb-wrong');
    await expect(wrong.health()).resolves.toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('invalid_auth'),
      details: { code: 'AUTH_FAILED' },
    });
    const elsewhere = await start(TOKEN, `http://127.0.0.1:${await closedPort()}`);
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });

    const connector = await start();
    onMethod(slack, 'auth.test', { status: 500 });
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'UPSTREAM_5XX' } });
    onMethod(slack, 'auth.test', { json: { ok: true } });
    await expect(connector.health()).resolves.toMatchObject({
      details: { code: 'UPSTREAM_5XX', reason: 'bad_answer' },
    });
    onMethod(slack, 'auth.test', { drop: 'never' });
    await expect(connector.health({ timeoutMs: 200 })).resolves.toMatchObject({ details: { code: 'TIMEOUT' } });
    await slack.close();
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
  });

  it('says what to set where there is no token at all', async () => {
    const connector = await startConnector(SlackAdapter, { url: slack.url });
    running.push(connector);
    await expect(connector.health()).resolves.toMatchObject({
      details: { code: 'AUTH_FAILED' },
      message: expect.stringContaining('auth.token'),
    });
  });
});

describe('the outcomes that the README tells', () => {
  const rules = outcomes.map(({ when, effect, retried }) => [when, effect, retried] as const);

  it.each([...WITHOUT_EFFECT])('%s had no effect and is worth another try', async (error) => {
    expect(rules.find(([when]) => when.includes(`\`${error}\``))).toMatchObject({ 1: 'none', 2: true });
    await expect(failWith({ json: { ok: false, error } })).resolves.toMatchObject({ effect: 'none', retryable: true });
  });

  it('a string that nobody knows may have had an effect, and is not worth another try', async () => {
    expect(rules.find(([when]) => when.includes('nobody knows'))).toMatchObject({ 1: 'maybe', 2: false });
    await expect(failWith({ json: { ok: false, error: 'brand_new' } })).resolves.toMatchObject({
      effect: 'maybe',
      retryable: false,
    });
  });
});
