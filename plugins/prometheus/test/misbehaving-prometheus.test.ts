import type { FakeReply, FakeScript, StartConnectorOptions } from '@automate/testing';
import { closedPort, startConnector } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import PrometheusAdapter from '../src/prometheus-adapter.ts';
import { running, startScripted } from './start-scripted.ts';

const start = (script: FakeScript, options?: StartConnectorOptions) =>
  startScripted(PrometheusAdapter, script, options);

const success = (data: NonNullable<FakeReply['json']>, rest = {}): FakeReply => ({
  json: { status: 'success', data, ...rest },
});
const scalar = success({ resultType: 'scalar', result: [1, '1'] });

describe('an answer of Prometheus', () => {
  it('brings its warnings and remarks along', async () => {
    const data = { resultType: 'vector', result: [] };
    const { connector } = await start(success(data, { warnings: ['slow'], infos: ['metric might not be a counter'] }));
    await expect(connector.call('query', { query: 'x' })).resolves.toStrictEqual({
      result_type: 'vector',
      result: [],
      truncated: false,
      warnings: ['slow'],
      infos: ['metric might not be a counter'],
    });
  });

  it('counts as cut where the server says that it has cut it', async () => {
    const { connector, server } = await start(success(['a'], { warnings: ['results truncated due to limit'] }));
    await expect(connector.call('labels', { limit: 1 })).resolves.toMatchObject({ values: ['a'], truncated: true });
    expect(server.requests[0]?.text()).toBe('limit=1');
  });

  it('is asked for by GET where a proxy takes no POST', async () => {
    const { connector, server } = await start(({ method }) => (method === 'POST' ? { status: 405 } : scalar));
    await expect(connector.call('query', { query: '1' })).resolves.toMatchObject({ result: [1, '1'] });
    expect(server.requests.map(({ method, query }) => [method, query.get('query')])).toStrictEqual([
      ['POST', null],
      ['GET', '1'],
    ]);
  });

  it('says that a part of a cluster did not answer', async () => {
    const data = { resultType: 'vector', result: [] };
    const { connector } = await start(success(data, { isPartial: true }));
    await expect(connector.call('query', { query: 'x' })).resolves.toStrictEqual({
      result_type: 'vector',
      result: [],
      truncated: false,
      partial: true,
    });
  });

  it('is asked for in the name of the tenant of the call, else of the settings', async () => {
    const { connector, server } = await start(scalar, { settings: { tenant: 'team-a' } });
    await connector.call('query', { query: '1' });
    await connector.call('query', { query: '1', tenant: 'team-b|team-c' });
    await connector.call('call', { path: '/api/v1/query' });
    const tenants = server.requests.map(({ headers }) => headers['x-scope-orgid']);
    expect(tenants).toStrictEqual(['team-a', 'team-b|team-c', 'team-a']);
  });

  it('is asked for in no other name than that which auth.headers pins', async () => {
    const config = { auth: { type: 'none' as const, headers: { 'X-Scope-OrgID': 'team-a' } } };
    const { connector, server } = await start(scalar, { config });
    await connector.call('query', { query: '1' });
    await expect(connector.call('query', { query: '1', tenant: 'team-b' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'tenant' }],
    });
    expect(server.requests.map(({ headers }) => headers['x-scope-orgid'])).toStrictEqual(['team-a']);
  });

  it.each([
    ['job', 'job'],
    ['http.status', 'http.status'],
    ['a b', 'a%20b'],
    ['a/b_c', 'U__a_2f_b__c'],
    ['U__x', 'U__U____x'],
    ['..', 'U___2e__2e_'],
    ['ü/😀', 'U___fc__2f__1f600_'],
  ])('is asked for the values of the label %s by a path that the server understands', async (label, segment) => {
    const { connector, server } = await start(success([]));
    await connector.call('label_values', { label });
    expect(server.requests[0]?.path).toBe(`/api/v1/label/${segment}/values`);
  });

  it('keeps both floats and native histograms of a series', async () => {
    const histograms = [[2, { count: '3', sum: 'NaN', buckets: [[0, '-Inf', '2', '3']] }]];
    const series = { metric: { a: 'b' }, values: [[1, 'NaN']], histograms };
    const { connector } = await start(success({ resultType: 'matrix', result: [series] }));
    await expect(connector.call('query', { query: 'x[5m]' })).resolves.toMatchObject({ result: [series] });
  });

  it('keeps native histograms', async () => {
    const histogram = [1, { count: '3', sum: '4.5', buckets: [[0, '1', '2', '3']] }];
    const { connector } = await start(success({ resultType: 'vector', result: [{ metric: {}, histogram }] }));
    await expect(connector.call('query', { query: 'x' })).resolves.toMatchObject({
      result: [{ metric: {}, histogram }],
    });
  });
});

const error = (status: number, errorType: string): FakeReply => ({
  status,
  json: { status: 'error', errorType, error: 'because' },
});

it('a metric of any name keeps its metadata', async () => {
  const { connector } = await start({
    text: '{"status":"success","data":{"__proto__":[{"type":"gauge","help":"h"}]}}',
  });
  const answer = await connector.call('metadata');
  expect(JSON.stringify(answer)).toContain('{"__proto__":[{"type":"gauge","help":"h","unit":""}]}');
});

describe('a moment of evaluation', () => {
  it.each([
    'NaN',
    '-Inf',
    'infinity',
    '9999-12-31T23:59:59Z',
    '0001-01-01T00:00:00Z',
    '1e300',
    1767225600000,
    'now-999y',
  ])('that Prometheus would take for another one is refused: %s', async (moment) => {
    const { connector, server } = await start(scalar);
    const refusal = { code: 'INVALID_INPUT', effect: 'none', blame: 'caller' };
    await expect(connector.call('query', { query: '1', time: moment })).rejects.toMatchObject({
      ...refusal,
      problems: [{ path: 'time' }],
    });
    const range = { query: '1', start: moment, end: moment, step: '1s' };
    await expect(connector.call('query_range', range)).rejects.toMatchObject({
      ...refusal,
      problems: [{ path: 'start' }, { path: 'end' }],
    });
    expect(server.requests).toHaveLength(0);
  });
});

describe('an error of Prometheus', () => {
  it.each([
    [error(400, 'bad_data'), 'INVALID_INPUT', false],
    [error(422, 'execution'), 'INVALID_INPUT', false],
    [error(503, 'timeout'), 'TIMEOUT', true],
    [error(503, 'canceled'), 'UPSTREAM_5XX', true],
    [error(500, 'internal'), 'UPSTREAM_5XX', true],
    [error(503, 'unavailable'), 'UPSTREAM_5XX', true],
    [error(404, 'not_found'), 'NOT_FOUND', false],
    [error(500, 'of a kind nobody knows'), 'UPSTREAM_5XX', true],
    [error(422, '422'), 'INVALID_INPUT', false],
    [error(400, '400'), 'INVALID_INPUT', false],
    [error(503, '503'), 'UPSTREAM_5XX', true],
    [error(502, '502'), 'UPSTREAM_5XX', true],
    [error(504, '504'), 'TIMEOUT', true],
    [error(499, 'canceled'), 'UPSTREAM_5XX', false],
    [{ status: 422, json: { status: 'error', error: 'too many points' } }, 'INVALID_INPUT', false],
    [{ status: 422, json: { status: 'error', errorType: '422', error: 'timeout exceeded' } }, 'TIMEOUT', true],
    [{ status: 503, text: 'Service Unavailable' }, 'UPSTREAM_5XX', true],
    [{ status: 404, text: '404 page not found' }, 'UPSTREAM_5XX', false],
    [{ status: 403, text: 'no' }, 'FORBIDDEN', false],
    [{ status: 429, headers: { 'retry-after': '2' } }, 'RATE_LIMITED', true],
  ] as const)('%j becomes %s', async (reply, code, retryable) => {
    const { connector } = await start(reply);
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject({ code, retryable, effect: 'none' });
  });
});

describe('an answer that is not of Prometheus', () => {
  it.each([
    ['a web page', { text: '<html>', headers: { 'content-type': 'text/html' } }],
    ['JSON cut short', { text: '{"status":"succ', headers: { 'content-type': 'application/json' } }],
    ['JSON of another service', { json: { hello: 'world' } }],
    ['a result of an unknown type', success({ resultType: 'table', result: [] })],
    ['a sample that is none', success({ resultType: 'scalar', result: ['now', 1] })],
    ['nothing', { status: 204 }],
    ...[402, 409, 410, 421, 451].map((status) => [`a refusal by ${status}`, { status, text: 'no' }] as const),
  ] as const)('is named as such: %s', async (_title, reply) => {
    const { connector } = await start(reply);
    const failure = { code: 'UPSTREAM_5XX', retryable: false };
    await expect(connector.adapter.connect()).rejects.toMatchObject(failure);
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject(failure);
  });

  it('is not blamed on the plugin where it is nested beyond all measure', async () => {
    const nested = '['.repeat(5000) + ']'.repeat(5000);
    const histogram = `{"count":"1","sum":"1","buckets":${nested}}`;
    const text = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,${histogram}]}]}}`;
    const { connector } = await start({ text });
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      blame: 'operator',
    });
  });

  it('is said to be no JSON where it is none', async () => {
    const { connector } = await start({ text: '<html>' });
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject({
      message: expect.stringContaining('6 bytes that are not JSON'),
    });
  });
});

describe('health', () => {
  it('tells a stopped server, a wrong port, a failing server, a slow one and a web page apart', async () => {
    const stopped = await start(scalar);
    await stopped.server.close();
    await expect(stopped.connector.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });

    const elsewhere = await startConnector(PrometheusAdapter, { url: `http://127.0.0.1:${await closedPort()}` });
    running.push(elsewhere);
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });

    const failing = await start({ status: 503, text: 'Service Unavailable' });
    await expect(failing.connector.health()).resolves.toMatchObject({ details: { code: 'UPSTREAM_5XX' } });

    const slow = await start({ drop: 'never' });
    await expect(slow.connector.health({ timeoutMs: 200 })).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });

    const page = await start({ text: '<html>', headers: { 'content-type': 'text/html' } });
    await expect(page.connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'UPSTREAM_5XX', reason: 'bad_answer' },
    });
  });

  it('is that of the queries, with the credentials, and not of a page beside them', async () => {
    const auth = { type: 'bearer' as const, token: 'wrong' };
    const refusing = await start(({ path }) => ({ status: path.startsWith('/api') ? 401 : 200 }), { config: { auth } });
    await expect(refusing.connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'AUTH_FAILED' },
    });
    // Mimir and hosted servers have no page of health.
    const hosted = await start(({ path }) => (path === '/api/v1/query' ? scalar : { status: 404 }));
    await expect(hosted.connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('takes that the configured path answers, and that queries are', async () => {
    const healthCheck = { path: '/custom' };
    const at = async (custom: number, api: FakeReply) => {
      const script = ({ path }: { path: string }): FakeReply => (path === '/custom' ? { status: custom } : api);
      return (await start(script, { config: { healthCheck } })).connector.health();
    };
    await expect(at(200, scalar)).resolves.toMatchObject({ status: 'healthy' });
    await expect(at(503, scalar)).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'UPSTREAM_5XX' } });
    await expect(at(200, { status: 401 })).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    await expect(at(200, { status: 404, text: 'none' })).resolves.toMatchObject({ status: 'unhealthy' });
    const page = { text: '<html>', headers: { 'content-type': 'text/html' } };
    await expect(at(200, page)).resolves.toMatchObject({ status: 'unhealthy' });
  });
});

describe('a slow answer', () => {
  it('ends with the deadline of the call', async () => {
    const { connector } = await start({ drop: 'never' });
    await expect(connector.call('query', { query: 'up' }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
  });
});
