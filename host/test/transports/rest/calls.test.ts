import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, openRest } from './fixtures/open-rest.ts';

type Rest = Awaited<ReturnType<typeof openRest>>;
let rest: Rest;
beforeAll(async () => {
  rest = await openRest();
});
afterAll(() => rest[Symbol.asyncDispose]());

const last = () => rest.service.calls.at(-1);

describe('health', () => {
  it('of all comes from the last probes, or live', async () => {
    await rest.call('GET /api/v1/connectors/health');
    expect(last()).toMatchObject({ method: 'healthCheckAll', argument: { cached: true } });
    const { json: body } = await rest.call('GET /api/v1/connectors/health?live=true&type=observability');
    expect(last()?.argument).toEqual({ cached: false, type: 'observability' });
    expect(body['results']).toMatchObject({
      prometheus: { status: 'unhealthy', healthy: false, message: 'no route to host' },
    });
    expect(Object.keys(body['results'] as object)).toEqual(['prometheus']);
  });

  it('of one is live', async () => {
    const { status, json: body } = await rest.call('GET /api/v1/connectors/echo/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: 'echo',
      status: 'healthy',
      healthy: true,
      message: 'ok',
      response_time_ms: expect.any(Number),
    });
  });

  it('shows a test with the endpoint and the error', async () => {
    const { json: body } = await rest.call('POST /api/v1/connectors/prometheus/test');
    expect(body).toEqual({
      id: 'prometheus',
      status: 'unhealthy',
      endpoint: 'http://prometheus:9090',
      success: false,
      error: 'no route to host',
    });
    expect((await rest.call('POST /api/v1/connectors/echo/test')).json).toEqual({
      id: 'echo',
      status: 'healthy',
      endpoint: '',
      success: true,
    });
  });

  it('of a connector called health cannot exist', async () => {
    expect((await rest.call('GET /api/v1/connectors/health/health')).json['code']).toBe('NOT_FOUND');
  });
});

describe('actions', () => {
  it('are described with their schemas and flags', async () => {
    const { json: body } = await rest.call('GET /api/v1/connectors/echo/actions');
    expect(body).toMatchObject({ kind: 'echo', open: false, capabilities: { idempotency_key: false } });
    expect(body['actions']).toContainEqual({
      name: 'echo',
      description: 'Gives the payload back',
      input: { type: 'object' },
      output: { type: 'object' },
      side_effects: false,
      idempotent: true,
      rate_limit_class: 'cheap',
      timeout_ms: 30_000,
    });
  });

  it('take the body as payload and pass it on unread', async () => {
    const body = '{ "snake_case": 1,\n "big": 12345678901234567890, "ü": "\\u0000" }';
    const answer = await rest.call('POST /api/v1/connectors/echo/actions/echo', { body });
    expect(answer.status).toBe(200);
    expect(last()?.argument).toEqual({ id: 'echo', action: 'echo', payload: body });
    expect(answer.json).toMatchObject({
      result: { snake_case: 1, ü: '\u0000' },
      attempts: 1,
      replayed: false,
      duration_ms: expect.any(Number),
    });
  });

  it.each([
    ['no body and no type', {}],
    ['an empty body of type JSON', { body: '', headers: { 'content-type': 'application/json' } }],
  ])('take %s as {}', async (_what, call) => {
    expect((await rest.call('POST /api/v1/connectors/echo/actions/echo', call)).json['result']).toEqual({});
  });

  it.each(['[]', '7', 'null', '{"a":', 'x'])('refuse the payload %s as INVALID_INPUT', async (body) => {
    const answer = await rest.call('POST /api/v1/connectors/echo/actions/echo', { body });
    expect([answer.status, answer.json['code'], answer.json['connector']]).toEqual([400, 'INVALID_INPUT', 'echo']);
  });

  it('have names of any characters', async () => {
    const answer = await rest.call('POST /api/v1/connectors/echo/actions/a%2Fb%20%C3%BC', { body: '{}' });
    expect(last()?.argument).toMatchObject({ action: 'a/b ü' });
    expect(answer.json).toMatchObject({ code: 'INVALID_INPUT', name: 'UnknownActionError', status: 400 });
  });

  it('take an idempotency key, bare or quoted', async () => {
    await rest.call('POST /api/v1/connectors', json({ id: 'keyed' }));
    for (const key of ['k-1', '"k-1"']) {
      const answer = await rest.call('POST /api/v1/connectors/keyed/actions/count', {
        headers: { 'idempotency-key': key },
      });
      expect(last()?.argument).toMatchObject({ idempotencyKey: 'k-1' });
      expect(answer.json).toMatchObject({ result: { count: 1 }, replayed: key !== 'k-1' });
    }
    const empty = await rest.call('POST /api/v1/connectors/keyed/actions/count', {
      headers: { 'idempotency-key': '' },
    });
    expect(empty.json['problems']).toMatchObject([{ path: 'idempotency_key', received: 'nothing' }]);
    await rest.call('DELETE /api/v1/connectors/keyed');
  });
});

describe('what a caller says of waiting', () => {
  it.each([
    ['wait=5', 5000],
    ['handling=lenient, wait=10', 10_000],
    ['Wait = "0.25"; foo', 250],
    ['wait=0', 0],
    ['wait=-1', -1000],
    ['wait=86401', 86_401_000],
    ['wait=1, wait=2', 1000],
    ['foo="a, wait=0", wait=3', 3000],
    ['foo="a \\", wait=0"; bar=wait', undefined],
    ['return=minimal', undefined],
    ['handling=strict, anything="; wait=0', undefined],
    ['await=5', undefined],
    ['wait', undefined],
    [',;, "', undefined],
  ])('Prefer: %s is a deadline of %s ms', async (prefer, timeoutMs) => {
    const { headers } = await rest.call('POST /api/v1/connectors/echo/actions/echo', { headers: { prefer } });
    expect(last()?.options.timeoutMs).toBe(timeoutMs);
    expect(headers['preference-applied']).toBe(timeoutMs === undefined ? undefined : `wait=${timeoutMs / 1000}`);
  });

  it.each(['wait=soon', 'wait=', 'wait=1e3'])('Prefer: %s is refused', async (prefer) => {
    const { status, json: body } = await rest.call('GET /api/v1/connectors/echo/health', { headers: { prefer } });
    expect([status, body['problems']]).toMatchObject([400, [{ path: 'timeout_ms' }]]);
  });

  it('ends a call at its deadline with 504', async () => {
    const { status, json: body } = await rest.call('POST /api/v1/connectors/echo/actions/wait', {
      body: '{"ms":20000}',
      headers: { prefer: 'wait=0.05' },
    });
    expect([status, body['code'], body['retryable'], body['effect']]).toEqual([504, 'TIMEOUT', true, 'maybe']);
  });

  it('goes along with the trace context', async () => {
    const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' };
    await rest.call('POST /api/v1/connectors/echo/actions/echo', { headers });
    expect(last()?.options).toMatchObject(headers);
    await rest.call('GET /api/v1/plugins', { headers });
    expect(last()?.options).toMatchObject(headers);
  });
});

describe('plugins', () => {
  it('are reported as discovery found them, and again after a rescan', async () => {
    const { json: body } = await rest.call('GET /api/v1/plugins');
    expect(body).toMatchObject({
      count: 2,
      problems: [],
      plugins: [
        {
          package: '@automate/connector-memory',
          version: '1.2.3',
          status: 'admitted',
          kinds: ['echo', 'keyed', 'prometheus'],
          warnings: [],
        },
        {
          package: 'connector-broken',
          status: 'problem',
          reason: 'problem',
          problems: [{ blame: 'plugin', remedy: 'tell the author' }],
        },
      ],
    });
    const rescanned = await rest.call('POST /api/v1/plugins/rescan');
    expect(rescanned.status).toBe(200);
    expect(rescanned.json).toMatchObject({ plugins: [{ warnings: ['scanned 1 times more'] }, {}] });
  });
});

describe('the operational routes', () => {
  it('tell alive from ready', async () => {
    expect(await rest.call('GET /health/live')).toMatchObject({ status: 200, json: { status: 'live' } });
    expect(await rest.call('GET /health/ready')).toMatchObject({ status: 200, json: { status: 'ready' } });
    rest.state.ready = false;
    expect(await rest.call('GET /health/ready')).toMatchObject({
      status: 503,
      json: { code: 'UNAVAILABLE', retryable: true },
    });
    expect((await rest.call('GET /health/live')).status).toBe(200);
    rest.state.ready = true;
  });

  it('give the metrics in the text format', async () => {
    const { status, headers, text } = await rest.call('GET /metrics');
    expect([status, text]).toEqual([200, '# TYPE a counter\na 1\n']);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('answer HEAD like GET, without a body', async () => {
    const { status, text, headers } = await rest.call('HEAD /api/v1/connectors');
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
});
