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

  it("in Grafana's words is one", async () => {
    grafana.on('*', /./, { status: 404, json: { message: 'Dashboard not found' } });
    await expect(connector.call('get_dashboard', { uid: 'a' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('Dashboard not found'),
    });
  });
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
