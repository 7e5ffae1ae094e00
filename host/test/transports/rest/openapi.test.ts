import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Schema } from '@cfworker/json-schema';
import { Validator } from '@cfworker/json-schema';
import { HTTP_ROUTES } from '@automate/contract/http';
import { json, openRest } from './fixtures/open-rest.ts';
import type { Answer, Call } from './fixtures/open-rest.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content: Record<string, { readonly schema: Schema }> }
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

type Rest = Awaited<ReturnType<typeof openRest>>;
let rest: Rest;
let document: Document;
beforeAll(async () => {
  rest = await openRest();
  document = (await rest.call('GET /openapi.json')).json as unknown as Document;
});
afterAll(() => rest[Symbol.asyncDispose]());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Every `$ref` anywhere in the document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)));
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 with the version of the host', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: expect.any(String), version: '1.2.3' } });
  });

  it('holds exactly the routes of the contract', () => {
    expect(
      operations()
        .map(({ path, method }) => `${method.toUpperCase()} ${path}`)
        .toSorted(),
    ).toEqual(
      [
        ...Object.values(HTTP_ROUTES).map(({ method, path }) => `${method} /api/v1${path}`),
        'POST /hooks/{connector}',
      ].toSorted(),
    );
    expect(
      operations()
        .map(({ operation }) => operation.operationId)
        .toSorted(),
    ).toEqual([...Object.keys(HTTP_ROUTES), 'receiveWebhook'].toSorted());
  });

  it('declares every parameter of every path, and describes every operation', () => {
    for (const { path, operation } of operations()) {
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
      expect(declared.every(({ required }) => required === true)).toBe(true);
      expect(operation.summary.length).toBeGreaterThan(5);
      expect(operation.tags).toHaveLength(1);
      expect(operation.responses['default']?.content).toHaveProperty(['application/problem+json', 'schema']);
    }
  });

  it('says what can be had as a stream', () => {
    const streamed = operations().filter(({ operation }) =>
      Object.hasOwn(operation.responses['200']?.content ?? {}, 'text/event-stream'),
    );
    expect(streamed.map(({ operation }) => operation.operationId)).toEqual([
      'watchConnectors',
      'readLogs',
      'readConnectorLogs',
      'watchExecution',
    ]);
  });

  it('says which bodies must be there', () => {
    const required = operations()
      .filter(({ operation }) => operation.requestBody !== undefined)
      .map(({ operation }) => [
        operation.operationId,
        operation.requestBody?.required,
        Object.keys(operation.requestBody?.content ?? {}),
      ]);
    expect(required).toEqual([
      ['registerConnector', true, ['application/json']],
      ['updateConnector', true, ['application/json']],
      ['testConnector', false, ['application/json']],
      ['executeAction', false, ['application/json']],
      ['setSecret', true, ['application/json']],
      ['setProfile', true, ['application/json']],
      ['createToken', true, ['application/json']],
      ['setLogLevel', true, ['application/json']],
      ['planConfig', true, ['application/json']],
      ['applyConfig', true, ['application/json']],
      ['setSchedule', true, ['application/json']],
      ['receiveWebhook', true, ['*/*']],
    ]);
  });

  it('refers to nothing that it does not define', () => {
    const names = references(document).map(
      (reference) => /^#\/components\/schemas\/(.+)$/.exec(reference)?.[1] ?? reference,
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
  });
});

/** Checks an answer against the schema that the document gives for its route, status and media type. */
function check(operationId: string, answer: Answer): void {
  const found = operations().find(({ operation }) => operation.operationId === operationId);
  const response = found?.operation.responses[String(answer.status)] ?? found?.operation.responses['default'];
  const type = String(answer.headers['content-type']).replace(/;.*/, '');
  const schema = response?.content[type]?.schema;
  expect([operationId, answer.status, type, schema]).not.toContain(undefined);
  const validator = new Validator(
    { ...(schema as object), components: document.components } as Schema,
    '2020-12',
    false,
  );
  expect(validator.validate(answer.json).errors).toEqual([]);
}

describe('every answer is as the document says', () => {
  const schedule = { connector: 'mine', action: 'echo', cron: '0 9 * * 1-5', time_zone: 'UTC' };
  const respondAsync = { headers: { prefer: 'respond-async' } };
  const mine = { id: 'mine', kind: 'echo', auth: { type: 'basic', username: 'u', password: 'p' } };
  it.each<[keyof typeof HTTP_ROUTES, string, Call, number]>([
    ['registerConnector', 'POST /api/v1/connectors', json(mine), 201],
    ['registerConnector', 'POST /api/v1/connectors', json(mine), 409],
    ['registerConnector', 'POST /api/v1/connectors', json({ id: 'A', port: 'x' }), 400],
    ['updateConnector', 'PUT /api/v1/connectors/mine', json({ ...mine, name: 'Mine' }), 200],
    ['listConnectors', 'GET /api/v1/connectors', {}, 200],
    ['listConnectors', 'GET /api/v1/connectors?type=x', {}, 400],
    ['getConnector', 'GET /api/v1/connectors/mine', {}, 200],
    ['getConnector', 'GET /api/v1/connectors/ghost', {}, 404],
    ['healthCheckAll', 'GET /api/v1/connectors/health', {}, 200],
    ['healthCheckAll', 'GET /api/v1/connectors/health?live=true', {}, 200],
    ['healthCheck', 'GET /api/v1/connectors/prometheus/health', {}, 200],
    ['testConnector', 'POST /api/v1/connectors/prometheus/test', {}, 200],
    ['testConnector', 'POST /api/v1/connectors/mine/test', {}, 200],
    ['describeConnector', 'GET /api/v1/connectors/mine/actions', {}, 200],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/echo', json({ a: 1 }), 200],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/nope', json({}), 400],
    ['executeAction', 'POST /api/v1/connectors/off/actions/echo', {}, 503],
    [
      'executeAction',
      'POST /api/v1/connectors/mine/actions/fail',
      json({ code: 'RATE_LIMITED', retryAfterMs: 10 }),
      429,
    ],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/count', { headers: { 'idempotency-key': 'k/1' } }, 200],
    ['getOutcome', 'GET /api/v1/connectors/mine/outcomes/k%2F1', {}, 200],
    ['clearOutcome', 'DELETE /api/v1/connectors/mine/outcomes/k%2F1', {}, 200],
    ['getOutcome', 'GET /api/v1/connectors/mine/outcomes/k%2F1', {}, 404],
    ['listPlugins', 'GET /api/v1/plugins', {}, 200],
    ['rescanPlugins', 'POST /api/v1/plugins/rescan', {}, 200],
    ['describeKind', 'GET /api/v1/kinds/echo', {}, 200],
    ['describeKind', 'GET /api/v1/kinds/ecko', {}, 404],
    ['setSecret', 'PUT /api/v1/secrets/a/b', json({ value: 'c' }), 200],
    ['setSecret', 'PUT /api/v1/secrets/a/b', json({ value: 1 }), 400],
    ['setSecret', 'PUT /api/v1/secrets/a/b', json({ value: 'c', more: 1 }), 400],
    ['setProfile', 'PUT /api/v1/profiles/p', json({ kind: 'echo', secrets: { token: 'x' } }), 200],
    ['setProfile', 'PUT /api/v1/profiles/p', json({ name: 'q', kind: 'echo' }), 400],
    ['setProfile', 'PUT /api/v1/profiles/p', json({}), 400],
    ['listProfiles', 'GET /api/v1/profiles', {}, 200],
    ['removeProfile', 'DELETE /api/v1/profiles/p', {}, 200],
    ['removeProfile', 'DELETE /api/v1/profiles/p', {}, 404],
    ['listSecrets', 'GET /api/v1/secrets', {}, 200],
    ['removeSecret', 'DELETE /api/v1/secrets/a/b', {}, 400],
    ['removeSecret', 'DELETE /api/v1/secrets/a/b?version=x', {}, 400],
    ['removeSecret', 'DELETE /api/v1/secrets/a/b?version=1&force=true', {}, 200],
    ['removeSecret', 'DELETE /api/v1/secrets/a/b', {}, 404],
    ['getStats', 'GET /api/v1/stats', {}, 200],
    ['blame', 'GET /api/v1/blame', {}, 200],
    ['listAudit', 'GET /api/v1/audit?limit=3&order=oldest', {}, 200],
    ['listAudit', 'GET /api/v1/audit?limit=many', {}, 400],
    ['verifyAudit', 'GET /api/v1/audit/verify', {}, 200],
    ['pauseConnector', 'POST /api/v1/connectors/mine/pause', {}, 200],
    ['resumeConnector', 'POST /api/v1/connectors/mine/resume', {}, 200],
    ['restartConnector', 'POST /api/v1/connectors/mine/restart', {}, 200],
    ['enableConnector', 'POST /api/v1/connectors/mine/enable', {}, 200],
    ['disableConnector', 'POST /api/v1/connectors/mine/disable', {}, 200],
    ['pauseConnector', 'POST /api/v1/connectors/ghost/pause', {}, 404],
    ['getStatus', 'GET /api/v1/status', {}, 200],
    ['listHosts', 'GET /api/v1/hosts', {}, 200],
    ['drainHost', 'POST /api/v1/hosts/b/drain', {}, 200],
    ['undrainHost', 'POST /api/v1/hosts/b/undrain', {}, 200],
    ['drainHost', 'POST /api/v1/hosts/ghost/drain', {}, 404],
    ['planConfig', 'POST /api/v1/plan', json({ yaml: 'connectors: []' }), 200],
    ['planConfig', 'POST /api/v1/plan', json({ yml: '' }), 400],
    ['applyConfig', 'POST /api/v1/apply', json({}), 200],
    ['exportConfig', 'GET /api/v1/export', {}, 200],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/wait?priority=5', respondAsync, 202],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/wait?priority=high', respondAsync, 400],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/wait?priority=5', {}, 400],
    ['listExecutions', 'GET /api/v1/executions?status=running,succeeded,queued&limit=1&connector=mine', {}, 200],
    ['listExecutions', 'GET /api/v1/executions?status=late', {}, 400],
    ['getExecution', 'GET /api/v1/executions/1', {}, 200],
    ['getExecution', 'GET /api/v1/executions/2', {}, 404],
    ['watchExecution', 'GET /api/v1/executions/2/events', {}, 404],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/nope', respondAsync, 202],
    ['cancelExecution', 'POST /api/v1/executions/2/cancel', {}, 400],
    ['rerunExecution', 'POST /api/v1/executions/2/rerun', {}, 202],
    ['rerunExecution', 'POST /api/v1/executions/2/rerun', {}, 400],
    ['executeAction', 'POST /api/v1/connectors/mine/actions/wait?run_at=2999-01-01T00:00:00Z', respondAsync, 202],
    ['cancelExecution', 'POST /api/v1/executions/4/cancel', {}, 200],
    ['setSchedule', 'PUT /api/v1/schedules/s', json(schedule), 200],
    ['setSchedule', 'PUT /api/v1/schedules/s', json({ ...schedule, run_timeout: '1m', payload: { a: 1 } }), 200],
    ['setSchedule', 'PUT /api/v1/schedules/s', json({ ...schedule, payload: '{}' }), 400],
    ['setSchedule', 'PUT /api/v1/schedules/s', json({ ...schedule, id: 'mine' }), 400],
    ['setSchedule', 'PUT /api/v1/schedules/a%20b', json(schedule), 400],
    ['listSchedules', 'GET /api/v1/schedules', {}, 200],
    ['pauseSchedule', 'POST /api/v1/schedules/s/pause', {}, 200],
    ['resumeSchedule', 'POST /api/v1/schedules/s/resume', {}, 200],
    ['removeSchedule', 'DELETE /api/v1/schedules/s', {}, 200],
    ['removeSchedule', 'DELETE /api/v1/schedules/s', {}, 404],
    ['readLogs', 'GET /api/v1/logs?level=warn&limit=5', {}, 200],
    ['readLogs', 'GET /api/v1/logs?limit=many', {}, 400],
    ['readConnectorLogs', 'GET /api/v1/connectors/mine/logs', {}, 200],
    ['readConnectorLogs', 'GET /api/v1/connectors/ghost/logs?follow=true', {}, 404],
    ['setLogLevel', 'PUT /api/v1/connectors/mine/log-level', json({ level: 'debug' }), 200],
    ['setLogLevel', 'PUT /api/v1/connectors/mine/log-level', json({ level: 'loud' }), 400],
    ['setLogLevel', 'PUT /api/v1/connectors/mine/log-level', json({}), 400],
    ['listCalls', 'GET /api/v1/connectors/mine/calls?limit=1', {}, 200],
    ['listHealthHistory', 'GET /api/v1/connectors/mine/health/history', {}, 200],
    ['verifyAudit', `GET /api/v1/audit/verify?seq=3&hash=${'f'.repeat(64)}`, {}, 200],
    ['removeConnector', 'DELETE /api/v1/connectors/mine', {}, 200],
    ['removeConnector', 'DELETE /api/v1/connectors/echo', {}, 400],
  ])('%s: %s', async (operationId, line, call, status) => {
    const answer = await rest.call(line, call);
    expect(answer.status).toBe(status);
    check(operationId, answer);
  });

  it('and a wrong one would be noticed', () => {
    const answer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      text: '',
      json: { connectors: [{ id: 1 }], count: -1 },
    };
    expect(() => check('listConnectors', answer)).toThrow();
  });
});
