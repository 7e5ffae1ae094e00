import type { JsonObject } from '@automate/sdk';
import { FakeService, startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import JaegerAdapter from '../src/jaeger-adapter.ts';

const TRACE = '00000000000000000123456789abcdef';

let jaeger: FakeService;
let connector: Awaited<ReturnType<typeof startConnector<JaegerAdapter>>>;

beforeEach(async () => {
  jaeger = await FakeService.start();
  connector = await startConnector(JaegerAdapter, { url: jaeger.url });
});
afterEach(async () => {
  await connector.close();
  await jaeger.close();
});

const spansOf = (spans: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  resourceSpans: [{ scopeSpans: [{ spans: [...spans], schemaUrl: 'x' }], schemaUrl: 'x' }],
  ...more,
});
const span = (traceId: string, spanId: string, more: JsonObject = {}): JsonObject => ({
  traceId,
  spanId,
  startTimeUnixNano: '1769860800000000001',
  endTimeUnixNano: '1769860800000000002',
  ...more,
});

describe('fields that a newer Jaeger has', () => {
  it.each<[string, JsonObject, string, JsonObject]>([
    ['list_services', {}, '/api/v3/services', { services: ['shop'], total: 1 }],
    ['list_operations', { service: 'shop' }, '/api/v3/operations', { operations: [{ name: 'a', n: 1 }], total: 1 }],
    [
      'get_dependencies',
      {},
      '/api/v3/dependencies',
      { dependencies: [{ parent: 'a', child: 'b', callCount: '1', errorCount: '0' }], next: '' },
    ],
    ['get_trace', { trace_id: TRACE }, `/api/v3/traces/${TRACE}`, spansOf([span(TRACE, '0f')], { partial: false })],
    [
      'get_trace',
      { trace_id: TRACE },
      `/api/v3/traces/${TRACE}`,
      { result: spansOf([span(TRACE, '0f')], { stats: {} }), cost: 3 },
    ],
  ])('do not keep %s from being answered', async (action, payload, path, json) => {
    jaeger.on('GET', path, { json });
    await expect(connector.call(action, payload)).resolves.toBeDefined();
  });

  it.each(['list_services', 'get_dependencies'])('alone are not the answer of a Jaeger: %s', async (action) => {
    jaeger.on('*', /./, { json: { hello: 'world' } });
    await expect(connector.call(action)).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_answer' },
    });
  });
});

it.each([
  ['beyond 64 bits', '9'.repeat(30)],
  ['beyond 64 bits, as a number', 1e300],
  ['before the epoch', '-1'],
  ['a word', 'soon'],
])('a moment that is none is no answer of a Jaeger: %s', async (_title, startTimeUnixNano) => {
  jaeger.on('GET', `/api/v3/traces/${TRACE}`, { json: spansOf([span(TRACE, '0f', { startTimeUnixNano })]) });
  await expect(connector.call('get_trace', { trace_id: TRACE })).rejects.toMatchObject({
    code: 'UPSTREAM_5XX',
    blame: 'operator',
    details: { reason: 'bad_answer' },
    message: expect.stringContaining('startTimeUnixNano'),
  });
});

describe('ids', () => {
  const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

  it.each([
    ['digits', TRACE, 'fedcba9876543210', '0000000000000000'],
    ['capital digits', TRACE.toUpperCase(), 'FEDCBA9876543210', ''],
    ['base64', bytes(TRACE), bytes('fedcba9876543210'), bytes('0000000000000000')],
  ])('are told in one form, whatever they come in: %s', async (_form, traceId, spanId, parentSpanId) => {
    const json = spansOf([
      span(traceId, spanId, { parentSpanId, links: [{ traceId, spanId }] }),
      span(traceId, '1', { parentSpanId: spanId }),
    ]);
    jaeger.on('GET', `/api/v3/traces/${TRACE}`, { json });
    const { trace } = await connector.call('get_trace', { trace_id: TRACE });
    const [root, child] = (trace as JsonObject)['spans'] as JsonObject[];
    expect(trace).toMatchObject({ trace_id: TRACE, span_count: 2 });
    expect(root).toMatchObject({
      span_id: 'fedcba9876543210',
      links: [{ trace_id: TRACE, span_id: 'fedcba9876543210' }],
    });
    expect(root).not.toHaveProperty('parent_span_id');
    expect(child).toMatchObject({ span_id: '0000000000000001', parent_span_id: 'fedcba9876543210' });
  });

  it.each([
    [bytes(TRACE), TRACE],
    ['abc', 'abc'.padStart(32, '0')],
    ['1234567890abcdef0', '0000000000000001234567890abcdef0'],
  ])('are taken in every form: %s', async (given, asked) => {
    jaeger.on('GET', /./, { json: spansOf([span(asked, '1')]) });
    await expect(connector.call('get_trace', { trace_id: given })).resolves.toMatchObject({
      trace: { trace_id: asked },
    });
    expect(jaeger.requests[0]?.target).toMatch(`/api/v3/traces/${asked}`);
  });
});

describe('attributes that are nested deep', () => {
  const nested = (levels: number): string =>
    '{"arrayValue":{"values":['.repeat(levels) + '{"intValue":"7"}' + ']}}'.repeat(levels);
  const answer = (levels: number) => ({
    text: JSON.stringify(
      spansOf([span(TRACE, '1', { startTimeUnixNano: 5, endTimeUnixNano: 6, attributes: [{ key: 'k', value: 'V' }] })]),
    ).replace('"V"', nested(levels)),
    headers: { 'content-type': 'application/json' },
  });
  const attributesOf = async (levels: number): Promise<string> => {
    jaeger.on('GET', /./, answer(levels));
    const { trace } = (await connector.call('get_trace', { trace_id: TRACE })) as { trace: { spans: JsonObject[] } };
    return JSON.stringify(trace.spans[0]?.['attributes']);
  };

  it('are given as far as a result holds them', async () => {
    await expect(attributesOf(31)).resolves.toBe(`{"k":${'['.repeat(31)}7${']'.repeat(31)}}`);
    for (const levels of [32, 200, 400])
      await expect(attributesOf(levels)).resolves.toBe(`{"k":${'['.repeat(32)}"…"${']'.repeat(32)}}`);
  });

  it('are called so, and not blamed on the plugin, where nobody can read them', async () => {
    const { text } = answer(20_000);
    jaeger.on('GET', /./, { text: text.replace('{', '{"long":123456789012345678901,') });
    await expect(connector.call('get_trace', { trace_id: TRACE })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      blame: 'remote',
      message: expect.stringContaining('JSON that is nested too deep to be read'),
    });
  });
});

it.each(['18446744073709551615', 2 ** 53, -1, '-1', 1.5])(
  'a count that no number holds is no count of calls: %s',
  async (callCount) => {
    jaeger.on('GET', /./, { json: { dependencies: [{ parent: 'a', child: 'b', callCount }] } });
    await expect(connector.call('get_dependencies')).rejects.toMatchObject({ code: 'UPSTREAM_5XX', blame: 'operator' });
  },
);

it.each(['spanCount', 'errorSpanCount'])('a summary of less than nothing is no summary: %s', async (field) => {
  jaeger.on('GET', '/api/v3/trace-summaries', { json: { summaries: [{ traceId: TRACE, [field]: -1 }] } });
  jaeger.on('GET', '/api/v3/traces', { json: spansOf([span(TRACE, '0f')]) });
  await expect(connector.call('find_traces', { service: 'shop', summary: true })).resolves.toMatchObject({
    traces: [{ span_count: 1, error_span_count: 0 }],
  });
  const paths = jaeger.requests.map(({ path }) => path);
  expect(paths).toStrictEqual(['/api/v3/trace-summaries', '/api/v3/traces']);
});

it('half a character is not looked for', async () => {
  const asked = connector.call('find_traces', { service: 'shop', attributes: { name: 'x\ud800' } });
  await expect(asked).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'attributes' }] });
  expect(jaeger.requests).toHaveLength(0);
});

it.each([402, 409, 410, 421, 422, 451])(
  'a refusal without a reason is nothing that its caller has done: %i',
  async (status) => {
    const bodies: JsonObject[] = [{}, { message: 'no' }];
    for (const json of bodies) {
      jaeger.on('GET', /./, { status, json });
      await expect(connector.call('list_services')).rejects.toMatchObject({ code: 'UPSTREAM_5XX', blame: 'operator' });
    }
  },
);

it('a failure without a word passes', async () => {
  jaeger.on('GET', /./, { status: 500, text: 'oops' });
  await expect(connector.call('list_services')).rejects.toMatchObject({
    code: 'UPSTREAM_5XX',
    blame: 'remote',
    retryable: true,
  });
});

describe('a 404', () => {
  it.each([
    ['a page', { text: '<html>not here</html>', headers: { 'content-type': 'text/html' } }],
    ['nothing', { text: '' }],
    ["a gateway's own words", { json: { message: 'no Route matched with those values' } }],
    ["a gateway's own code", { json: { code: 404, message: 'not found' } }],
    ["a cloud's own code", { json: { error: { code: 404, message: 'not found', status: 'NOT_FOUND' } } }],
  ])('of something in front of Jaeger says nothing of a trace: %s', async (_what, answer) => {
    jaeger.on('*', /./, { status: 404, ...answer });
    await expect(connector.call('get_trace', { trace_id: TRACE })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
      blame: 'operator',
      retryable: false,
    });
  });
});

it('a span that is larger than a result is given cut and marked, and those after it are given too', async () => {
  const huge = 'x'.repeat(3 * 1024 * 1024);
  const attributes = (count: number, text: string) =>
    Array.from({ length: count }, (_, index) => ({ key: `key-${index}`, value: { stringValue: text } }));
  const json = spansOf([
    span(TRACE, '1', { name: 'small' }),
    span(TRACE, '2', { name: 'one text', attributes: [...attributes(1, huge), ...attributes(2, 'b').slice(1)] }),
    span(TRACE, '3', { name: 'many texts', attributes: attributes(60_000, 'y'.repeat(60)) }),
    span(TRACE, '4', {
      name: 'many events',
      events: Array.from({ length: 3000 }, () => ({ name: 'e', attributes: attributes(2, 'z'.repeat(1000)) })),
    }),
    span(TRACE, '5', { name: 'last' }),
  ]);
  jaeger.on('GET', /./, { json });
  const seen: JsonObject[] = [];
  let first: number | undefined = 0;
  for (let turns = 0; first !== undefined && turns < 10; turns += 1) {
    const { trace } = (await connector.call('get_trace', { trace_id: TRACE, first_span: first })) as {
      trace: JsonObject;
    };
    seen.push(...(trace['spans'] as JsonObject[]));
    first = trace['next_span'] as number | undefined;
  }
  expect(seen.map(({ name, truncated }) => [name, truncated])).toStrictEqual([
    ['small', undefined],
    ['one text', true],
    ['many texts', true],
    ['many events', true],
    ['last', undefined],
  ]);
  expect(seen[1]?.['attributes']).toStrictEqual({ 'key-0': `${'x'.repeat(1000)}…`, 'key-1': 'b' });
});
