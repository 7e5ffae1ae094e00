import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONNECTORS, json, openRest } from './fixtures/open-rest.ts';

type Rest = Awaited<ReturnType<typeof openRest>>;
let rest: Rest;
beforeAll(async () => {
  rest = await openRest();
});
afterAll(() => rest[Symbol.asyncDispose]());

const last = () => rest.service.calls.at(-1);

describe('GET /connectors', () => {
  it('lists all connectors with their count', async () => {
    const { status, headers, json: body } = await rest.call('GET /api/v1/connectors');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(body['count']).toBe(CONNECTORS.length);
    expect(body['connectors']).toContainEqual({
      id: 'echo',
      name: 'echo',
      type: 'custom',
      kind: 'echo',
      description: '',
      endpoint: '',
      enabled: true,
      status: 'unknown',
      mode: 'local',
      metadata: { ownerTeam: 'x' },
      tags: ['a'],
      owner: 'file',
      isolation: 'none',
      last_error: '',
    });
  });

  it.each([
    ['?type=observability', ['prometheus']],
    ['?enabled=true', ['echo', 'prometheus']],
    ['?enabled=false', ['off']],
    ['?tag=a', ['echo']],
    ['?tag=a&type=agent', []],
  ])('filters by %s', async (query, ids) => {
    const { json: body } = await rest.call(`GET /api/v1/connectors${query}`);
    expect((body['connectors'] as { id: string }[]).map((connector) => connector.id)).toEqual(ids);
    expect(body['count']).toBe(ids.length);
  });

  it('refuses a query that it does not understand, with every problem', async () => {
    const { status, json: body } = await rest.call('GET /api/v1/connectors?type=x&enabled=1&typ=agent');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [
        { path: 'query type', expected: expect.stringContaining('observability'), received: '"x"' },
        { path: 'query enabled', expected: 'one of true, false', received: '"1"' },
        { path: 'query typ', expected: expect.stringContaining('type') },
      ],
    });
  });
});

describe('registering, replacing and removing', () => {
  it('answers 201 with the place of the new connector, then 200 for its whole life', async () => {
    const body = {
      id: 'mine',
      kind: 'echo',
      host: 'h',
      port: 8080,
      auth: { type: 'bearer', token: 't' },
      health_check: { interval: '1m30s' },
    };
    const created = await rest.call('POST /api/v1/connectors', json(body));
    expect([created.status, created.headers.location]).toEqual([201, '/api/v1/connectors/mine']);
    expect(created.json).toEqual({ id: 'mine', message: 'registered mine' });

    const got = await rest.call(`GET ${created.headers.location}`);
    expect(got.json).toMatchObject({
      id: 'mine',
      endpoint: 'http://h:8080',
      owner: 'api',
      config: {
        id: 'mine',
        kind: 'echo',
        auth: { type: 'bearer', token: '[secret]' },
        health_check: { interval: '1m30s', timeout: '5s' },
      },
    });

    const replaced = await rest.call('PUT /api/v1/connectors/mine', json({ kind: 'echo', name: 'Mine' }));
    expect([replaced.status, replaced.json]).toEqual([200, { id: 'mine', message: 'updated mine' }]);
    expect((await rest.call('GET /api/v1/connectors/mine')).json).toMatchObject({ name: 'Mine', endpoint: '' });

    const removed = await rest.call('DELETE /api/v1/connectors/mine');
    expect([removed.status, removed.json]).toEqual([200, { id: 'mine', message: 'removed mine' }]);
    expect((await rest.call('GET /api/v1/connectors/mine')).status).toBe(404);
  });

  it('hands the service what the body says, and nothing that it leaves out', async () => {
    const body = {
      id: 'plain',
      kind: 'echo',
      base_path: '/x',
      auth: { type: 'api_key', api_key: 'k', api_key_header: 'X-K', headers: { x_snake_case: '1' } },
      tls: { ca_file: '/ca.pem', insecure: false },
      settings: { snake_case: { camelCase: 1 } },
      metadata: { some_key: 'v' },
      limits: { start_timeout: '2s', memory_mb: 64 },
      retry: { max_backoff: '1s' },
      health_check: { timeout: '250ms', path: '/x', enabled: false },
      host: 'h',
    };
    await rest.call('POST /api/v1/connectors', json(body));
    expect(last()?.argument).toEqual({
      id: 'plain',
      kind: 'echo',
      basePath: '/x',
      auth: { type: 'api_key', apiKey: 'k', apiKeyHeader: 'X-K', headers: { x_snake_case: '1' } },
      tls: { caFile: '/ca.pem', insecure: false },
      settings: { snake_case: { camelCase: 1 } },
      metadata: { some_key: 'v' },
      limits: { startTimeoutMs: 2000, memoryMb: 64 },
      retry: { maxBackoffMs: 1000 },
      healthCheck: { timeoutMs: 250, path: '/x', enabled: false },
      host: 'h',
    });
    await rest.call('DELETE /api/v1/connectors/plain');
  });

  it('names every problem of a bad configuration in the words of the YAML', async () => {
    const { status, json: body } = await rest.call(
      'POST /api/v1/connectors',
      json({
        id: 'bad id',
        kind: 'echo',
        port: 0,
        healthCheck: {},
        health_check: { interval: 30 },
        auth: { type: 'bearer', token: 1 },
      }),
    );
    expect([status, body['code']]).toEqual([400, 'INVALID_INPUT']);
    expect((body['problems'] as { path: string }[]).map((problem) => problem.path).toSorted()).toEqual(
      ['auth.token', 'healthCheck', 'health_check.interval', 'id', 'port'].toSorted(),
    );
  });

  it('does not read the environment of the host for a caller', async () => {
    const { status, json: body } = await rest.call(
      'POST /api/v1/connectors',
      json({
        id: 'x',
        kind: 'echo',
        host: '${HOME}',
        auth: { type: 'bearer', token: 'secretref://env/default/TOKEN' },
      }),
    );
    expect(status).toBe(400);
    expect(body['problems']).toMatchObject([{ path: 'host' }, { path: 'auth.token' }]);
  });

  it.each([
    ['PUT /api/v1/connectors/echo', { id: 'other', kind: 'echo' }, 400, 'id'],
    ['POST /api/v1/connectors', { id: 'health', kind: 'echo' }, 400, 'id'],
    ['POST /api/v1/connectors', [], 400, ''],
  ])('refuses %s %j', async (line, body, status, path) => {
    const answer = await rest.call(line, json(body));
    expect(answer.status).toBe(status);
    expect(answer.json['problems']).toMatchObject([{ path }]);
  });

  it.each([
    ['POST /api/v1/connectors', { id: 'echo' }, 409, 'ALREADY_EXISTS'],
    ['PUT /api/v1/connectors/ghost', { kind: 'echo' }, 404, 'NOT_FOUND'],
    ['DELETE /api/v1/connectors/ghost', undefined, 404, 'NOT_FOUND'],
    ['DELETE /api/v1/connectors/echo', undefined, 400, 'INVALID_INPUT'],
  ])('says why not: %s %j', async (line, body, status, code) => {
    const answer = await rest.call(line, body === undefined ? {} : json(body));
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });
});
