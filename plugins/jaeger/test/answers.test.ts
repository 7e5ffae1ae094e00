import type { JsonObject } from '@automate/sdk';
import type { FakeReply } from '@automate/testing';
import { FakeService, startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import JaegerAdapter from '../src/jaeger-adapter.ts';

const TRACE = '5b8aa5a2d2c872e8321cf37308d69df2';
const window = { start_time: '2026-01-31T12:00:00Z', end_time: '2026-01-31T13:00:00Z' };
const GATEWAY_PAGE = { status: 404, text: '<html>', headers: { 'content-type': 'text/html' } } as const;

const at = (ms: number): string => `${Date.UTC(2026, 0, 31, 12) + ms}000001`;
const text = (key: string, stringValue: string): JsonObject => ({ key, value: { stringValue } });
const resource = { attributes: [text('service.name', 'shop')] };

let service: FakeService;
let connector: Awaited<ReturnType<typeof startConnector<JaegerAdapter>>>;

beforeEach(async () => {
  service = await FakeService.start();
  connector = await startConnector(JaegerAdapter, { url: service.url });
});
afterEach(async () => {
  await connector.close();
  await service.close();
});

const getTrace = (payload: JsonObject = {}) => connector.call('get_trace', { trace_id: TRACE, ...payload });
const onTrace = (reply: FakeReply): unknown => service.on('GET', `/api/v3/traces/${TRACE}`, reply);
const spansOf = (spans: JsonObject[]): JsonObject => ({
  resourceSpans: [{ resource, scopeSpans: [{ spans }] }],
});

describe('an answer', () => {
  it('may have fields that are newer than the connector, and lack what is empty', async () => {
    const more = { total: 7, nextPageToken: null };
    service.on('GET', '/api/v3/services', { json: { services: ['shop'], ...more } });
    service.on('GET', '/api/v3/operations', { json: { operations: [{ name: 'GET /', ...more }], ...more } });
    service.on('GET', '/api/v3/dependencies', { json: { dependencies: [{ parent: 'a', child: 'b', ...more }] } });
    service.on('GET', '/api/v3/traces', { json: { result: { resourceSpans: null, ...more }, ...more } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(connector.call('list_services')).resolves.toStrictEqual({ services: ['shop'] });
    await expect(connector.call('list_operations', { service: 'shop' })).resolves.toStrictEqual({
      operations: [{ name: 'GET /', span_kind: '' }],
    });
    await expect(connector.call('get_dependencies')).resolves.toStrictEqual({
      dependencies: [{ parent: 'a', child: 'b', call_count: 0 }],
    });
    await expect(connector.call('find_traces', { service: 'shop' })).resolves.toMatchObject({ traces: [] });
    service.on('GET', '/api/v3/services', { json: {} });
    await expect(connector.call('list_services')).resolves.toStrictEqual({ services: [] });
  });

  it('has ids without their zeros, numbers as such, nulls, names of enums and attributes of any name', async () => {
    const span = {
      traceId: '1f',
      spanId: 'AAAAAAAAACo=',
      parentSpanId: 'AAAAAAAAAAA=',
      name: null,
      kind: 'SPAN_KIND_CLIENT',
      startTimeUnixNano: 'START',
      status: { code: 'STATUS_CODE_ERROR', message: null },
      attributes: [text('__proto__', 'kept'), { key: 'none', value: null }],
      events: null,
      links: [{ traceId: '2a', spanId: '7', traceState: 'x' }],
      somethingNew: {},
    };
    const body = JSON.stringify(spansOf([span])).replace('"START"', '1769860800010000001');
    service.on('GET', `/api/v3/traces/${'1f'.padStart(32, '0')}`, { text: body });
    const { trace } = await connector.call('get_trace', { trace_id: '1f' });
    expect(trace).toStrictEqual({
      trace_id: '1f'.padStart(32, '0'),
      services: ['shop'],
      root: { service: 'shop', name: '' },
      start_time: '2026-01-31T12:00:00.010000Z',
      duration_ms: 0,
      span_count: 1,
      error_span_count: 1,
      spans: [
        {
          span_id: '000000000000002a',
          service: 'shop',
          name: '',
          kind: 'client',
          start_time: '2026-01-31T12:00:00.010000Z',
          duration_ms: 0,
          status: 'error',
          attributes: JSON.parse('{"__proto__":"kept","none":null}') as unknown,
          events: [],
          links: [{ trace_id: '2a'.padStart(32, '0'), span_id: '0000000000000007', attributes: {} }],
        },
      ],
    });
    service.on('GET', '/api/v3/traces', { json: {} });
    const attributes = JSON.parse('{"__proto__":"kept"}') as JsonObject;
    await connector.call('find_traces', { service: 'shop', attributes });
    expect(service.requests.at(-1)?.query.get('query.attributes')).toBe('{"__proto__":"kept"}');
  });

  it('that is larger than a result is read in parts, each span once', async () => {
    const padding = text('padding', 'x'.repeat(10_000));
    const spans = Array.from({ length: 600 }, (_, index) => ({
      traceId: TRACE,
      spanId: String(index + 1).padStart(16, '0'),
      startTimeUnixNano: at(index),
      endTimeUnixNano: at(index + 1),
      attributes: [padding],
    }));
    onTrace({ json: spansOf(spans) });
    const seen: unknown[] = [];
    for (let first_span: number | undefined = 0; first_span !== undefined;) {
      const answer = await getTrace({ first_span });
      expect(JSON.stringify(answer).length).toBeLessThan(3 * 1024 * 1024);
      const trace = answer['trace'] as JsonObject & { spans: JsonObject[]; next_span?: number };
      expect(trace['span_count']).toBe(600);
      seen.push(...trace.spans.map((span) => span['span_id']));
      first_span = trace.next_span;
    }
    expect(seen).toStrictEqual(spans.map(({ spanId }) => spanId));
    await expect(getTrace({ summary: true })).resolves.toMatchObject({ trace: { span_count: 600, spans: [] } });
    service.on('GET', '/api/v3/traces', { json: spansOf(spans) });
    await expect(connector.call('find_traces', { service: 'shop', ...window })).resolves.toMatchObject({
      traces: [{ span_count: 600, next_span: expect.any(Number) }],
    });
  });

  it.each([
    [{ error: { grpc_code: 14, http_code: 503, message: 'storage is away' } }, 'UPSTREAM_5XX'],
    [{ error: { code: 4, message: 'deadline exceeded' } }, 'UPSTREAM_5XX'],
    [{ error: { grpcCode: 3, message: 'malformed' } }, 'INVALID_INPUT'],
    [{ error: 'not there', code: 5, message: 'not there' }, 'NOT_FOUND'],
  ])('that fails in the middle of its stream is a failure: %j', async (last, code) => {
    const first = { result: spansOf([{ traceId: TRACE, spanId: '1' }]) };
    onTrace({ text: `${JSON.stringify(first)}\n${JSON.stringify(last)}\n` });
    await expect(getTrace()).rejects.toMatchObject({ code, effect: 'none' });
  });

  it.each([
    [404, { code: 5, message: 'trace not found', details: [] }, 'NOT_FOUND'],
    [404, { error: { httpCode: 404, message: 'trace not found' } }, 'NOT_FOUND'],
    [400, { error: { grpcCode: 3, httpCode: 400, message: 'malformed', httpStatus: 'Bad Request' } }, 'INVALID_INPUT'],
    [400, { error: 'malformed', code: 3 }, 'INVALID_INPUT'],
    [500, { error: { httpCode: 500, message: 'storage is down' } }, 'UPSTREAM_5XX'],
    [501, { code: 12, message: 'not built' }, 'UPSTREAM_5XX'],
  ])("with %i is told in Jaeger's words: %j", async (status, json, code) => {
    onTrace({ status, json });
    const said = /trace not found|malformed|storage is down|not built/.exec(JSON.stringify(json))?.[0] ?? '';
    await expect(getTrace()).rejects.toMatchObject({ code, message: expect.stringContaining(said) });
  });

  it('that is a page of something before Jaeger is never a trace that is not there', async () => {
    onTrace(GATEWAY_PAGE);
    await expect(getTrace()).rejects.toMatchObject({ code: 'UPSTREAM_5XX', blame: 'operator', retryable: false });
    service.on('GET', '/api/v3/traces', GATEWAY_PAGE);
    for (const summary of [true, false]) {
      await expect(connector.call('find_traces', { service: 'shop', summary })).rejects.toMatchObject({
        code: 'UPSTREAM_5XX',
        blame: 'operator',
      });
    }
    service.on('GET', '/api/v3/services', { text: '' });
    await expect(connector.call('list_services')).rejects.toMatchObject({ code: 'UPSTREAM_5XX', blame: 'operator' });
  });

  it('that is larger than anybody should read is refused to the caller, who can ask for less', async () => {
    const bytes = Buffer.alloc(33 * 1024 * 1024, ' ');
    service.on('GET', '/api/v3/traces', { bytes, headers: { 'content-type': 'application/json' } });
    await expect(connector.call('find_traces', { service: 'shop' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('ask for fewer traces'),
      details: { reason: 'answer_too_large' },
    });
  });

  it('of any other request comes as it is, and its refusal in the words of Jaeger', async () => {
    service.on('POST', '/api/v3/traces', { json: { result: { resourceSpans: [] } } });
    await expect(
      connector.call('call', { method: 'POST', path: '/api/v3/traces', json: { query: { serviceName: 'shop' } } }),
    ).resolves.toMatchObject({ status: 200, json: { result: { resourceSpans: [] } } });
    service.on('GET', '/api/v3/nothing', { status: 404, json: { code: 5, message: 'no such thing' } });
    await expect(connector.call('call', { path: '/api/v3/nothing' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      effect: 'none',
      message: expect.stringContaining('no such thing'),
    });
  });
});

describe('input', () => {
  it.each([
    ['get_trace', { trace_id: '../services' }],
    ['get_trace', { trace_id: 'xyz' }],
    ['find_traces', { service: 'shop', start_time: 'yesterday' }],
    ['find_traces', { service: 'shop', end_time: '2026-13-45T00:00:00Z' }],
    ['find_traces', { service: 'shop', min_duration: '5 seconds' }],
    ['list_operations', {}],
  ])('of %s is refused where it is wrong: %j', async (action, payload) => {
    await expect(connector.call(action, payload)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(service.requests).toStrictEqual([]);
  });
});
