import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Execution } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { json, openRest } from './fixtures/open-rest.ts';
import type { Call } from './fixtures/open-rest.ts';

let rest: Awaited<ReturnType<typeof openRest>>;
beforeEach(async () => {
  rest = await openRest();
});
afterEach(() => rest[Symbol.asyncDispose]());

const start = (action: string, prefer: string, payload: object = {}, call: Call = {}) =>
  rest.call(`POST /api/v1/connectors/echo/actions/${action}`, {
    ...json(payload),
    ...call,
    headers: { prefer, ...call.headers },
  });
const statusOf = async (id: string): Promise<Execution['status']> => (await rest.service.getExecution(id)).status;

describe('Prefer: respond-async', () => {
  it('answers 202 at once with where the execution is, which goes on', async () => {
    const answer = await start('echo', 'respond-async', { n: 1 });
    expect([answer.status, answer.headers['location'], answer.headers['preference-applied']]).toEqual([
      202,
      '/api/v1/executions/1',
      'respond-async',
    ]);
    expect(answer.json).toMatchObject({ id: '1', status: 'queued', connector: 'echo', action: 'echo', attempts: 0 });
    await eventually(async () => (await statusOf('1')) === 'succeeded');
    const { json: ended } = await rest.call(`GET ${answer.headers['location']}`);
    expect(ended).toMatchObject({ id: '1', status: 'succeeded', result: { n: 1 }, attempts: 1 });
  });

  it('passes the payload on as it is written', async () => {
    const body = ' {"n": 9007199254740993, "a": 1, "a": 2} ';
    await start('echo', 'respond-async', {}, { body });
    expect(rest.service.calls.find(({ method }) => method === 'startExecution')?.argument).toMatchObject({
      payload: body,
    });
  });

  it('passes on when, how soon and for how long, and does not make the wait a deadline', async () => {
    await rest.call(
      'POST /api/v1/connectors/echo/actions/echo?run_at=2999-01-01T00:00:00Z&priority=-5&run_timeout=2m',
      {
        headers: { prefer: 'respond-async, wait=0', 'idempotency-key': '"k"' },
      },
    );
    const seen = rest.service.calls.find(({ method }) => method === 'startExecution');
    expect(seen?.argument).toEqual({
      ...{ id: 'echo', action: 'echo', payload: '' },
      ...{ idempotencyKey: 'k', runAt: '2999-01-01T00:00:00Z', priority: -5, runTimeoutMs: 120_000 },
    });
    expect(seen?.options.timeoutMs).toBeUndefined();
  });

  it('answers as a call that waits, where the end comes within the wait', async () => {
    const answer = await start('echo', 'respond-async, wait=30', { n: 1 });
    expect([answer.status, answer.headers['preference-applied'], answer.headers['location']]).toEqual([
      200,
      'wait=30',
      '/api/v1/executions/1',
    ]);
    expect(answer.json).toEqual({ result: { n: 1 }, attempts: 1, duration_ms: 0, replayed: false });
  });

  it('answers 202 when the wait is over first, and the execution goes on', async () => {
    const answer = await start('wait', 'wait=0.05; respond-async, respond-async', { ms: 300 });
    expect([answer.status, answer.headers['preference-applied'], answer.json['status']]).toEqual([
      202,
      'respond-async, wait=0.05',
      'running',
    ]);
    await eventually(async () => (await statusOf('1')) === 'succeeded');
  });

  it.each([
    ['wait=30', 429, 'RATE_LIMITED'],
    ['wait=0', 202, undefined],
  ])('of a call that fails answers, with %s, %s', async (wait, status, code) => {
    const answer = await start('fail', `respond-async, ${wait}`, { code: 'RATE_LIMITED', retryAfterMs: 10 });
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
    expect(answer.headers['location']).toBe('/api/v1/executions/1');
    await eventually(async () => (await statusOf('1')) === 'failed');
  });

  it('waits for the end however long the caller would', async () => {
    const answer = await start('wait', 'respond-async, wait=99999999999', { ms: 300 });
    expect([answer.status, await statusOf('1')]).toEqual([200, 'succeeded']);
  });

  it('leaves an execution alone whose caller goes away while it waits', async () => {
    const caller = new AbortController();
    const left = start('wait', 'respond-async, wait=60', { ms: 200 }, { signal: caller.signal }).catch(() => 'left');
    await eventually(() => rest.service.calls.some(({ method }) => method === 'watchExecution'));
    caller.abort();
    expect(await left).toBe('left');
    await eventually(async () => (await statusOf('1')) === 'succeeded');
  });

  it('gives the same execution for the same key, and says so', async () => {
    const headers = { 'idempotency-key': 'k' };
    const first = await start('count', 'respond-async, wait=30', {}, { headers });
    const again = await start('count', 'respond-async, wait=30', {}, { headers });
    expect([first.json['replayed'], again.json['replayed'], again.json['result']]).toEqual([false, true, { count: 1 }]);
    const third = await start('count', 'respond-async', {}, { headers });
    expect([third.status, third.json]).toMatchObject([202, { id: '1', status: 'succeeded', replayed: true }]);
  });

  it.each([
    ['respond-async, wait=-1', '', 'timeout_ms'],
    ['respond-async', '?run_at=tomorrow', 'run_at'],
    ['respond-async', '?priority=high', 'query priority'],
    ['respond-async', '?runat=2999-01-01T00:00:00Z', 'query runat'],
    ['respond-async', '?priority=101', 'priority'],
    ['respond-async', '?run_timeout=long', 'query run_timeout'],
    ['wait=5', '?run_at=2999-01-01', 'query run_at'],
    ['return=minimal', '?priority=1', 'query priority'],
  ])('Prefer: %s with %s is refused, and nothing is started', async (prefer, query, path) => {
    const answer = await rest.call(`POST /api/v1/connectors/echo/actions/echo${query}`, { headers: { prefer } });
    expect([answer.status, answer.json['problems']]).toMatchObject([400, [{ path }]]);
    expect((await rest.service.listExecutions()).executions).toEqual([]);
  });

  it('changes nothing of a call that waits', async () => {
    const answer = await rest.call('POST /api/v1/connectors/echo/actions/echo?other=1', json({ a: 1 }));
    expect([answer.status, answer.json['result'], answer.headers['location']]).toEqual([200, { a: 1 }, undefined]);
  });
});

describe('GET /api/v1/executions/{id}/events', () => {
  it('tells each change, ends by itself, and keeps a browser from coming back for more', async () => {
    await start('wait', 'respond-async', { ms: 100 });
    const { headers, text } = await rest.call('GET /api/v1/executions/1/events');
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const events = [...text.matchAll(/(?:id: (\w+)\n)?event: execution\ndata: (.*)\n/g)].map(([, id, data = '']) => [
      id,
      (JSON.parse(data) as Execution).status,
    ]);
    expect(events.at(-1)).toEqual(['ended', 'succeeded']);
    expect(events.slice(0, -1).every(([id, status]) => id === undefined && /queued|running/.test(String(status)))).toBe(
      true,
    );
    const back = await rest.call('GET /api/v1/executions/1/events', { headers: { 'last-event-id': 'ended' } });
    expect([back.status, back.text]).toEqual([204, '']);
  });

  it('is 404 for an execution that there is not', async () => {
    const { status, json: body } = await rest.call('GET /api/v1/executions/9/events');
    expect([status, body['code'], body['details']]).toEqual([404, 'NOT_FOUND', { reason: 'unknown_execution' }]);
  });
});

it('runs an execution again as a new one, and says where it is', async () => {
  await start('fail', 'respond-async, wait=30', { code: 'UPSTREAM_5XX' });
  const answer = await rest.call('POST /api/v1/executions/1/rerun');
  expect([answer.status, answer.headers['location'], answer.json]).toMatchObject([
    202,
    '/api/v1/executions/2',
    { id: '2', rerun_of: '1' },
  ]);
  expect((await rest.call('GET /api/v1/executions/1')).json).toMatchObject({
    rerun_as: '2',
    error: { code: 'UPSTREAM_5XX', status: 502 },
  });
});

it('lists a page at a time', async () => {
  for (const n of [1, 2, 3]) await start('echo', 'respond-async, wait=30', { n });
  const first = (await rest.call('GET /api/v1/executions?limit=2&status=succeeded,failed')).json;
  expect(first).toMatchObject({ executions: [{ id: '3' }, { id: '2' }], count: 2, next: '2' });
  expect(JSON.stringify(first)).not.toContain('"result"');
  const last = (await rest.call(`GET /api/v1/executions?limit=2&after=${String(first['next'])}`)).json;
  expect(last).toMatchObject({ executions: [{ id: '1' }], count: 1 });
  expect(last).not.toHaveProperty('next');
});
