import type { JsonObject } from '@automate/sdk';
import type { FakeReply, FakeScript, StartConnectorOptions } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import AlertmanagerAdapter from '../src/alertmanager-adapter.ts';
import { startScripted } from './start-scripted.ts';

const start = (script: FakeScript, options?: StartConnectorOptions) =>
  startScripted(AlertmanagerAdapter, script, options);

const id = '11111111-1111-4111-8111-111111111111';
const wanted: JsonObject = {
  matchers: [{ name: 'a', value: 'b' }],
  duration: '1h',
  created_by: 'ann',
  comment: 'c',
};
const silence: JsonObject = {
  id,
  status: { state: 'active' },
  matchers: [{ name: 'a', value: 'b', isRegex: false }],
  startsAt: '2026-01-01T00:00:00.000Z',
  endsAt: '2999-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'ann',
  comment: 'c',
};

describe('a silence that is not there', () => {
  const cases = [
    ['get_silence', { id }],
    ['expire_silence', { id }],
    ['update_silence', { id, comment: 'd' }],
  ] as const;

  it.each(cases)('is told by newer servers without a word: %s', async (name, payload) => {
    const { connector } = await start(({ path }) => (path === '/api/v2/alerts' ? { json: [] } : { status: 404 }));
    await expect(connector.call(name, payload)).rejects.toMatchObject({ code: 'NOT_FOUND', effect: 'none' });
  });

  it.each([
    ['nothing', { status: 404 }],
    ["Kong's words", { status: 404, json: { message: 'no Route matched with those values' } }],
    ['words of its own for a path', { status: 404, json: { code: 404, message: 'path /api/v2/x was not found' } }],
    ['a page', { status: 404, text: '<html>', headers: { 'content-type': 'text/html' } }],
  ] as const)('is not what something else says: %s', async (_what, reply) => {
    const { connector } = await start(reply);
    for (const [name, payload] of cases)
      await expect(connector.call(name, payload)).rejects.toMatchObject({
        code: 'UPSTREAM_5XX',
        blame: 'operator',
        retryable: false,
        effect: 'none',
      });
  });
});

describe('a change', () => {
  it.each([
    [{ status: 200, json: { hello: 'world' } }, 'UPSTREAM_5XX', 'maybe'],
    [{ status: 200, text: '<html>' }, 'UPSTREAM_5XX', 'maybe'],
    [{ status: 200, json: { silenceID: '' } }, 'UPSTREAM_5XX', 'maybe'],
    [{ status: 500, json: 'disk full' }, 'UPSTREAM_5XX', 'maybe'],
    [{ drop: 'request' }, 'TRANSIENT_NETWORK', 'maybe'],
    [{ status: 400, json: 'bad' }, 'INVALID_INPUT', 'none'],
    [{ status: 422, json: { code: 602, message: 'comment in body is required' } }, 'INVALID_INPUT', 'none'],
    [{ status: 413, text: 'too large' }, 'INVALID_INPUT', 'none'],
    [{ status: 403, text: 'no' }, 'FORBIDDEN', 'none'],
    [{ status: 429, headers: { 'retry-after': '2' } }, 'RATE_LIMITED', 'none'],
  ] as const)('that is answered with %j is %s with the effect %s', async (reply, code, effect) => {
    const { connector } = await start(reply as FakeReply);
    await expect(connector.call('create_silence', wanted)).rejects.toMatchObject({ code, effect });
  });

  it('of a silence that could not be read has changed nothing', async () => {
    const { connector, server } = await start({ drop: 'request' });
    await expect(connector.call('update_silence', { id, comment: 'd' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
    });
    expect(server.requests.map(({ method }) => method)).toStrictEqual(['GET']);
  });

  it('of a silence whose begin is no time is nothing that the plugin could make', async () => {
    const { connector, server } = await start({ json: { ...silence, startsAt: 'soon' } });
    await expect(connector.call('update_silence', { id, duration: '1h' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      blame: 'operator',
      effect: 'none',
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['created_by', 'comment', 'matchers'])('with half a character in %s is not sent', async (field) => {
    const half = 'x\ud800';
    const value = field === 'matchers' ? [{ name: 'a', value: half }] : half;
    const { connector, server } = await start({ json: { silenceID: id } });
    await expect(connector.call('create_silence', { ...wanted, [field]: value })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('keeps what is new to the connector', async () => {
    const { connector, server } = await start(({ method }): FakeReply =>
      method === 'GET' ? { json: { ...silence, annotations: { ticket: 'X-1' } } } : { json: { silenceID: id } },
    );
    await expect(connector.call('update_silence', { id, comment: 'd' })).resolves.toStrictEqual({
      id,
      replaced: false,
    });
    const { status: _status, updatedAt: _updatedAt, ...rest } = silence;
    expect(server.requests.at(-1)?.json()).toStrictEqual({ ...rest, comment: 'd', annotations: { ticket: 'X-1' } });
  });
});

it('a list that is too long is for its asker to narrow', async () => {
  const { connector } = await start({ text: `"${'x'.repeat(8 * 1024 * 1024)}"` });
  await expect(connector.call('list_alerts')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('`filter`'),
    details: { reason: 'answer_too_large' },
  });
});

it('a label of any name is kept', async () => {
  const text = `[{"labels":{"__proto__":"kept"},"annotations":{},"startsAt":"a","endsAt":"b","updatedAt":"c","fingerprint":"f","receivers":[],"status":{"state":"active","silencedBy":[],"inhibitedBy":[],"mutedBy":["nights"]}}]`;
  const { connector } = await start({ text });
  const answer = await connector.call('list_alerts');
  expect(JSON.stringify(answer)).toContain('{"__proto__":"kept"}');
  expect(answer).toMatchObject({ alerts: [{ muted_by: ['nights'] }] });
});

describe('the tenant', () => {
  it('is that of the call, else of the settings', async () => {
    const { connector, server } = await start({ json: [] }, { settings: { tenant: 'team-a' } });
    await connector.call('list_alerts');
    await connector.call('list_silences', { tenant: 'team-b' });
    await connector.call('call', { path: '/api/v2/alerts' });
    await connector.health();
    expect(server.requests.map(({ headers }) => headers['x-scope-orgid'])).toStrictEqual([
      'team-a',
      'team-b',
      'team-a',
      'team-a',
    ]);
  });

  it('is no other than that which auth.headers pins', async () => {
    const config = { auth: { type: 'none' as const, headers: { 'X-Scope-OrgID': 'team-a' } } };
    const { connector } = await start({ json: [] }, { config });
    await expect(connector.call('list_alerts', { tenant: 'team-b' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('health', () => {
  it.each([
    ['401', { status: 401 }, 'AUTH_FAILED'],
    ['404', { status: 404, text: 'not here' }, 'UPSTREAM_5XX'],
    ['a page', { text: '<html>', headers: { 'content-type': 'text/html' } }, 'UPSTREAM_5XX'],
    ['another JSON', { json: { status: 'UP' } }, 'UPSTREAM_5XX'],
  ] as const)(
    'is bad where the API answers with %s, also if the configured path is well',
    async (_what, reply, code) => {
      const script = ({ path }: { path: string }): FakeReply => (path === '/-/healthy' ? { text: 'OK' } : reply);
      for (const config of [{}, { healthCheck: { path: '/-/healthy' } }]) {
        const { connector } = await start(script, { config });
        await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code } });
      }
    },
  );
});
