import type { JsonObject } from '@automate/sdk';
import { FakeService, startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import GrafanaAdapter from '../src/grafana-adapter.ts';

const CALLS: readonly [action: string, payload: JsonObject][] = [
  ['get_dashboard', { uid: 'a' }],
  ['save_dashboard', { dashboard: { title: 'a' } }],
  ['create_annotation', { text: 'a' }],
  ['query', { queries: [{ datasource_uid: 'x', model: {} }] }],
];

let grafana: FakeService;
let connector: Awaited<ReturnType<typeof startConnector<GrafanaAdapter>>>;

beforeEach(async () => {
  grafana = await FakeService.start();
  connector = await startConnector(GrafanaAdapter, { url: grafana.url });
});
afterEach(async () => {
  await connector.close();
  await grafana.close();
});

it('frames keep the nanoseconds of times, numbers that JSON has no word for, and remarks', async () => {
  const fields = [
    { name: 'Time', type: 'time' },
    { name: 'Value', type: 'number' },
  ];
  const notices = [{ severity: 'warning', text: 'results may be incomplete', link: 'https://x/' }];
  grafana.on('POST', '/api/ds/query', {
    json: {
      results: {
        A: {
          status: 200,
          frames: [
            {
              schema: { name: 'a', fields, meta: { type: 'timeseries', notices } },
              data: {
                values: [
                  [1, 2, 3, 4],
                  [null, null, null, null],
                ],
                entities: [null, { NaN: [0], Inf: [1], NegInf: [2, 9] }],
                nanos: [[7, 0, 0, 1], null],
              },
            },
          ],
        },
      },
    },
  });
  await expect(connector.call('query', { queries: [{ datasource_uid: 'x', model: {} }] })).resolves.toStrictEqual({
    results: {
      A: {
        frames: [
          {
            name: 'a',
            fields,
            values: [
              [1, 2, 3, 4],
              ['NaN', '+Inf', '-Inf', null],
            ],
            nanos: [[7, 0, 0, 1], null],
            notices: [{ severity: 'warning', text: 'results may be incomplete' }],
          },
        ],
      },
    },
  });
});

it('frames come also where Grafana leaves out what is empty, the names of fields too, or says that it is nothing', async () => {
  const frames: JsonObject[] = [
    { schema: { fields: [{ type: 'number' }, { name: 'b', type: null, labels: null }] }, data: { values: [[1], [2]] } },
    { schema: { name: null, fields: null, meta: { notices: [{ text: 'seen' }] } }, data: null },
  ];
  grafana.on('POST', '/api/ds/query', { json: { results: { A: { status: 200, error: null, frames } } } });
  await expect(connector.call('query', { queries: [{ datasource_uid: 'x', model: {} }] })).resolves.toStrictEqual({
    results: {
      A: {
        frames: [
          { fields: [{ name: '', type: 'number' }, { name: 'b' }], values: [[1], [2]] },
          { fields: [], values: [], notices: [{ text: 'seen' }] },
        ],
      },
    },
  });
});

it('frames keep a label of any name', async () => {
  const text = '{"results":{"A":{"frames":[{"schema":{"fields":[{"name":"V","labels":{"__proto__":"kept"}}]}}]}}}';
  grafana.on('POST', '/api/ds/query', { text, headers: { 'content-type': 'application/json' } });
  const answer = await connector.call('query', { queries: [{ datasource_uid: 'x', model: {} }] });
  expect(JSON.stringify(answer)).toContain('"labels":{"__proto__":"kept"}');
});

describe('a 404', () => {
  it.each([
    ['a page', { text: '<html>not here</html>', headers: { 'content-type': 'text/html' } }],
    ['nothing', { text: '' }],
  ])('of something in front of Grafana says nothing of what was asked for: %s', async (_what, answer) => {
    grafana.on('*', /./, { status: 404, ...answer });
    for (const [action, payload] of CALLS)
      await expect(connector.call(action, payload)).rejects.toMatchObject({ code: 'UPSTREAM_5XX', blame: 'operator' });
  });

  it.each([
    ["Kong's", { message: 'no Route matched with those values', request_id: 'a1' }],
    ["a cloud's", { message: 'Not Found' }],
    ["another gateway's", { message: 'Service unknown' }],
    ["another cloud's", { statusCode: 404, message: 'Resource not found' }],
    ["a router's", { message: 'Page not found' }],
  ])('of a gateway that says `message` as Grafana does is none: %s', async (_who, json) => {
    grafana.on('*', /./, { status: 404, json });
    for (const [action, payload] of CALLS)
      await expect(connector.call(action, payload)).rejects.toMatchObject({
        code: 'UPSTREAM_5XX',
        blame: 'operator',
        effect: 'none',
        message: expect.stringContaining(json.message),
      });
  });

  it.each([
    [{ message: 'Dashboard not found' }],
    [{ status: 'not-found', message: 'gone' }],
    [{ message: 'gone', messageId: 'dashboards.gone', statusCode: 404, traceID: '' }],
  ])('in the words of Grafana is one: %j', async (json) => {
    grafana.on('*', /./, { status: 404, json });
    await expect(connector.call('get_dashboard', { uid: 'a' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(json.message),
    });
  });

  it('in words that anybody might say is one where Grafana is there', async () => {
    grafana.on('*', /./, { status: 404, json: { message: 'gone' } });
    grafana.on('GET', '/api/org', { json: { id: 1, name: 'Main Org.' } });
    await expect(connector.call('get_dashboard', { uid: 'a' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a refusal for want of a permission', () => {
  it.each([
    [
      "the access control's",
      {
        title: 'Access denied',
        message: "You'll need additional permissions to perform this action. Permissions needed: dashboards:write",
        accessErrorId: 'ACE1',
      },
      'dashboards:write',
    ],
    [
      "the alerting's",
      {
        message: 'user is not authorized to create silences',
        messageId: 'alerting.unauthorized',
        extra: { permissions: "all of action:'alert.silences:create'" },
      },
      "all of action:'alert.silences:create'",
    ],
  ])('names the permission: %s', async (_who, json, permissions) => {
    grafana.on('*', /./, { status: 403, json });
    await expect(connector.call('save_dashboard', { dashboard: { title: 'a' } })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      effect: 'none',
      blame: 'operator',
      message: expect.stringMatching(new RegExp(`${permissions.replaceAll('.', '\\.')}.*service account`)),
      details: { status: 403, permissions },
    });
  });

  it.each([{ text: '<html>no</html>' }, { text: '' }, { json: { message: 'Access denied' } }])(
    'that is not told is one all the same: %j',
    async (reply) => {
      grafana.on('*', /./, { status: 403, ...reply });
      await expect(connector.call('get_dashboard', { uid: 'a' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    },
  );
});

it.each([
  ['no permission to read it', { status: 403 }],
  ['no such dashboard any more', { status: 404, json: { message: 'Dashboard not found' } }],
])('a conflict is told also where more of it cannot be learnt: %s', async (_why, reply) => {
  grafana.on('GET', '/api/dashboards/uid/a', reply);
  grafana.on('POST', '/api/dashboards/db', { status: 412, json: { status: 'version-mismatch', message: 'changed' } });
  await expect(connector.call('save_dashboard', { dashboard: { uid: 'a', title: 'a' } })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    effect: 'none',
    message: expect.stringContaining('read it again'),
  });
});

it('a dashboard of a title that is there says how to go on', async () => {
  grafana.on('POST', '/api/dashboards/db', { status: 412, json: { status: 'name-exists', message: 'same name' } });
  await expect(connector.call('save_dashboard', { dashboard: { title: 'a' } })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    message: expect.stringContaining('another title or folder'),
  });
});

it('members called __proto__ of a query or a dashboard are refused by name rather than dropped', async () => {
  const payloads: readonly (readonly [string, JsonObject])[] = [
    ['query', { queries: [{ datasource_uid: 'x', model: JSON.parse('{"__proto__":1}') as JsonObject }] }],
    ['save_dashboard', { dashboard: JSON.parse('{"title":"a","__proto__":1}') as JsonObject }],
  ];
  for (const [action, payload] of payloads)
    await expect(connector.call(action, payload)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('__proto__'),
    });
  expect(grafana.requests).toStrictEqual([]);
});

it('a change that was answered with something unknown may have been made, and a question not', async () => {
  grafana.on('*', /./, { json: { hello: 'world' } });
  for (const [action, payload, effect] of [
    ['save_dashboard', { dashboard: { title: 'a' } }, 'maybe'],
    ['create_annotation', { text: 'a' }, 'maybe'],
    ['get_dashboard', { uid: 'a' }, 'none'],
  ] as const)
    await expect(connector.call(action, payload)).rejects.toMatchObject({
      effect,
      retryable: false,
      details: { reason: 'bad_answer' },
    });
});
