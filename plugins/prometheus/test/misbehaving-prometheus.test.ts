import type { FakeReply, FakeScript, StartConnectorOptions } from '@automate/testing';
import { closedPort, FakeService, startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import PrometheusAdapter from '../src/prometheus-adapter.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function start(script: FakeScript, options: StartConnectorOptions = {}) {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, script);
  const connector = await startConnector(PrometheusAdapter, { url: server.url, ...options });
  running.push(connector);
  return { server, connector };
}

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
    [{ status: 503, text: 'Service Unavailable' }, 'UPSTREAM_5XX', true],
    [{ status: 404, text: '404 page not found' }, 'UPSTREAM_5XX', false],
    [{ status: 403, text: 'no' }, 'FORBIDDEN', false],
    [{ status: 429, headers: { 'retry-after': '2' } }, 'RATE_LIMITED', true],
  ] as const)('%j becomes %s', async (reply, code, retryable) => {
    const { connector } = await start(reply);
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject({ code, retryable });
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
  ] as const)('is named as such: %s', async (_title, reply) => {
    const { connector } = await start(reply);
    const failure = { code: 'UPSTREAM_5XX', retryable: false };
    await expect(connector.adapter.connect()).rejects.toMatchObject(failure);
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject(failure);
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

  it('asks the configured path instead of its own', async () => {
    const script = ({ path }: { path: string }): FakeReply => ({ status: path === '/custom' ? 200 : 500 });
    const { connector, server } = await start(script, { config: { healthCheck: { path: '/custom' } } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    expect(server.requests.map(({ path }) => path)).toStrictEqual(['/custom']);
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
