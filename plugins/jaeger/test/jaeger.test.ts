import type { JsonObject } from '@automate/sdk';
import type { FakeService, StartConnectorOptions } from '@automate/testing';
import { closedPort, startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import JaegerAdapter from '../src/jaeger-adapter.ts';
import { startJaeger } from './jaeger-stand-in.ts';

const TRACE = '5b8aa5a2d2c872e8321cf37308d69df2';
const OTHER = '00000000000000010000000000000002';
const BASE_MS = Date.UTC(2026, 0, 31, 12);

const at = (ms: number): string => `${BASE_MS + ms}000001`;
const text = (key: string, stringValue: string): JsonObject => ({ key, value: { stringValue } });
const resource = (service: string): JsonObject => ({ attributes: [text('service.name', service)] });

/** A shop that calls a payment service, and a second trace of the shop alone. */
const SPANS: JsonObject = {
  resourceSpans: [
    {
      resource: resource('payments'),
      scopeSpans: [
        {
          spans: [
            {
              traceId: TRACE,
              spanId: '051581bf3cb55c14',
              parentSpanId: '5fb397be34d26b51',
              name: 'charge',
              kind: 2,
              startTimeUnixNano: at(10),
              endTimeUnixNano: at(110),
              attributes: [
                { key: 'amount', value: { intValue: '4200' } },
                { key: 'big', value: { intValue: '9223372036854775807' } },
                { key: 'tags', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 0.5 }] } } },
              ],
              events: [{ name: 'declined', timeUnixNano: at(50), attributes: [text('why', 'limit')] }],
              status: { code: 2, message: 'declined' },
            },
          ],
        },
      ],
    },
    {
      resource: resource('shop'),
      scopeSpans: [
        {
          spans: [
            {
              traceId: TRACE,
              spanId: '5fb397be34d26b51',
              name: 'POST /orders',
              kind: 3,
              startTimeUnixNano: at(0),
              endTimeUnixNano: at(250),
              attributes: [text('http.status_code', '402')],
              links: [{ traceId: OTHER, spanId: 'aaaaaaaaaaaaaaaa' }],
            },
            {
              traceId: OTHER,
              spanId: 'bbbbbbbbbbbbbbbb',
              name: 'GET /',
              kind: 2,
              startTimeUnixNano: at(1000),
              endTimeUnixNano: at(1005),
            },
          ],
        },
      ],
    },
  ],
};

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function start(service: FakeService, options: StartConnectorOptions = {}) {
  const connector = await startConnector(JaegerAdapter, { url: service.url, ...options });
  running.push(connector);
  return connector;
}

describe.each(['published', 'streamed', 'released'] as const)('a Jaeger that speaks the %s dialect', (dialect) => {
  let jaeger: FakeService;
  let connector: Awaited<ReturnType<typeof start>>;
  const window = { start_time: '2026-01-31T12:00:00Z', end_time: '2026-01-31T13:00:00+00:00' };

  beforeEach(async () => {
    jaeger = await startJaeger(dialect);
    running.push(jaeger);
    await fetch(`${jaeger.url}/v1/traces`, { method: 'POST', body: JSON.stringify(SPANS) });
    connector = await start(jaeger);
  });

  const idsOf = ({ traces }: JsonObject): unknown[] => (traces as JsonObject[]).map((trace) => trace['trace_id']);

  it('lists services and their operations', async () => {
    await expect(connector.call('list_services')).resolves.toStrictEqual({ services: ['payments', 'shop'] });
    await expect(connector.call('list_operations', { service: 'shop' })).resolves.toStrictEqual({
      operations: [
        { name: 'POST /orders', span_kind: 'client' },
        { name: 'GET /', span_kind: 'server' },
      ],
    });
    await expect(connector.call('list_operations', { service: 'shop', span_kind: 'server' })).resolves.toMatchObject({
      operations: [{ name: 'GET /' }],
    });
  });

  it('gives one trace with the spans of all services in order of time', async () => {
    await expect(connector.call('get_trace', { trace_id: TRACE })).resolves.toStrictEqual({
      trace: {
        trace_id: TRACE,
        services: ['shop', 'payments'],
        root: { service: 'shop', name: 'POST /orders' },
        start_time: '2026-01-31T12:00:00.000000Z',
        duration_ms: 250,
        span_count: 2,
        error_span_count: 1,
        spans: [
          {
            span_id: '5fb397be34d26b51',
            service: 'shop',
            name: 'POST /orders',
            kind: 'client',
            start_time: '2026-01-31T12:00:00.000000Z',
            duration_ms: 250,
            status: 'unset',
            attributes: { 'http.status_code': '402' },
            events: [],
            links: [{ trace_id: OTHER, span_id: 'aaaaaaaaaaaaaaaa', attributes: {} }],
          },
          {
            span_id: '051581bf3cb55c14',
            parent_span_id: '5fb397be34d26b51',
            service: 'payments',
            name: 'charge',
            kind: 'server',
            start_time: '2026-01-31T12:00:00.010000Z',
            duration_ms: 100,
            status: 'error',
            status_message: 'declined',
            attributes: { amount: 4200, big: '9223372036854775807', tags: [true, 0.5] },
            events: [{ name: 'declined', time: '2026-01-31T12:00:00.050000Z', attributes: { why: 'limit' } }],
            links: [],
          },
        ],
      },
    });
  });

  it('finds traces by operation, time, duration and attributes', async () => {
    const find = async (filter: JsonObject) =>
      idsOf(await connector.call('find_traces', { service: 'shop', ...window, ...filter }));
    await expect(find({})).resolves.toStrictEqual([TRACE, OTHER]);
    await expect(find({ operation: 'GET /' })).resolves.toStrictEqual([OTHER]);
    await expect(find({ min_duration: '0.1s' })).resolves.toStrictEqual([TRACE]);
    await expect(find({ max_duration: '5ms' })).resolves.toStrictEqual([OTHER]);
    await expect(find({ attributes: { 'http.status_code': '402' } })).resolves.toStrictEqual([TRACE]);
    await expect(find({ start_time: '2026-01-31T12:00:00.500Z' })).resolves.toStrictEqual([OTHER]);
  });

  it('looks at the last hour unless told otherwise', async () => {
    await expect(connector.call('find_traces', { service: 'shop' })).resolves.toStrictEqual({
      traces: [],
      truncated: false,
    });
    await expect(connector.call('find_traces', { service: 'shop', end_time: window.end_time })).resolves.toMatchObject({
      traces: [{ trace_id: TRACE }, { trace_id: OTHER }],
    });
  });

  it('says when the limit was reached', async () => {
    await expect(connector.call('find_traces', { service: 'shop', ...window, limit: 1 })).resolves.toMatchObject({
      traces: [{ trace_id: TRACE }],
      truncated: true,
    });
    await expect(connector.call('find_traces', { service: 'shop', ...window, limit: 3 })).resolves.toMatchObject({
      truncated: false,
    });
  });

  it('has no trace that nobody sent, and says so', async () => {
    await expect(connector.call('get_trace', { trace_id: '0123456789abcdef' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('trace not found'),
    });
  });

  it('knows a trace by each way of writing its id', async () => {
    const base64 = Buffer.from(TRACE, 'hex').toString('base64');
    for (const trace_id of [TRACE.toUpperCase(), base64, base64.replace('==', '')]) {
      await expect(connector.call('get_trace', { trace_id })).resolves.toMatchObject({ trace: { trace_id: TRACE } });
    }
    await expect(connector.call('get_trace', { trace_id: '10000000000000002' })).resolves.toMatchObject({
      trace: { trace_id: OTHER },
    });
  });

  it('gives traces without their spans, or some of them, and says where they go on', async () => {
    const summary = {
      trace_id: TRACE,
      services: expect.arrayContaining(['shop', 'payments']),
      root: { service: 'shop', name: 'POST /orders' },
      start_time: '2026-01-31T12:00:00.000000Z',
      duration_ms: 250,
      span_count: 2,
      error_span_count: 1,
      spans: [],
      next_span: 0,
    };
    const search = { service: 'payments', ...window };
    const found = await connector.call('find_traces', { ...search, summary: true });
    expect(found).toStrictEqual({ traces: [summary], truncated: false });
    const one = await connector.call('get_trace', { trace_id: TRACE, summary: true });
    expect(one).toStrictEqual({ trace: summary });
    await expect(connector.call('find_traces', { ...search, max_spans: 1 })).resolves.toMatchObject({
      traces: [{ spans: [{ name: 'POST /orders' }], span_count: 2, next_span: 1 }],
    });
    const rest = await connector.call('get_trace', { trace_id: TRACE, first_span: 1 });
    expect(rest).toMatchObject({ trace: { spans: [{ name: 'charge' }], span_count: 2 } });
    expect(rest['trace']).not.toHaveProperty('next_span');
    await expect(connector.call('find_traces', { service: 'nobody', ...window, summary: true })).resolves.toStrictEqual(
      {
        traces: [],
        truncated: false,
      },
    );
  });
});

describe('dependencies', () => {
  it('tell which service calls which', async () => {
    const jaeger = await startJaeger();
    running.push(jaeger);
    await fetch(`${jaeger.url}/v1/traces`, { method: 'POST', body: JSON.stringify(SPANS) });
    const connector = await start(jaeger);
    await expect(connector.call('get_dependencies')).resolves.toStrictEqual({
      dependencies: [{ parent: 'shop', child: 'payments', call_count: 1 }],
    });
  });
});

describe('health', () => {
  it('tells refused credentials, a wrong port, a failing, a slow, a malformed and a stopped one apart', async () => {
    const jaeger = await startJaeger();
    running.push(jaeger);
    const connector = await start(jaeger, { config: { auth: { type: 'basic', username: 'ann', password: 'pw' } } });
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({ status: 'healthy', message: 'Jaeger knows 0 services' });

    const elsewhere = await startConnector(JaegerAdapter, { url: `http://127.0.0.1:${await closedPort()}` });
    running.push(elsewhere);
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });

    const rows = [
      [{ status: 401 }, { code: 'AUTH_FAILED' }],
      [
        { status: 500, json: { code: 13, message: 'storage is down' } },
        { code: 'UPSTREAM_5XX', status: 500 },
      ],
      [{ status: 503 }, { code: 'UPSTREAM_5XX' }],
      [
        { status: 404, text: '404 page not found' },
        { code: 'UPSTREAM_5XX', reason: 'not_the_service' },
      ],
      [
        { status: 404, json: { message: 'no such route' } },
        { code: 'UPSTREAM_5XX', reason: 'bad_answer' },
      ],
      [{ json: { hello: 'world' } }, { code: 'UPSTREAM_5XX', reason: 'bad_answer' }],
      [{ text: '<html>' }, { code: 'UPSTREAM_5XX', reason: 'bad_json' }],
      [{ drop: 'never' }, { code: 'TIMEOUT' }],
    ] as const;
    for (const [reply, details] of rows) {
      jaeger.on('GET', '/api/v3/services', reply);
      await expect(connector.health('drop' in reply ? { timeoutMs: 300 } : {})).resolves.toMatchObject({
        status: 'unhealthy',
        details,
      });
    }
    await jaeger.close();
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
  });
});
