import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Scope } from '@automate/contract';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import type { HttpRoute, OperationId } from '@automate/contract/http';
import { API_PREFIX, HTTP_ROUTES } from '@automate/contract/http';
import { create } from '@bufbuild/protobuf';
import type { Operation } from '../../dist/access/operations.js';
import { OPERATIONS } from '../../dist/access/operations.js';
import { METHOD_PATHS } from '../../dist/transports/grpc/method-paths.js';
import { askGrpc, askRest } from './fixtures/ask-doors.ts';
import type { Ended } from './fixtures/ask-doors.ts';
import { ServedHost } from './fixtures/served-host.ts';

type Method = keyof typeof CONNECTORS_SERVICE;

/** The operation behind each method and each route. Total by type: a new one needs a word here. */
const BEHIND: { readonly [Name in Method | OperationId]: Operation } = {
  listConnectors: 'list',
  getConnector: 'get',
  registerConnector: 'register',
  removeConnector: 'remove',
  healthCheck: 'healthCheck',
  healthCheckAll: 'healthCheckAll',
  updateConnector: 'update',
  executeAction: 'executeText',
  describeConnector: 'describe',
  testConnector: 'test',
  watchConnectors: 'watch',
  listPlugins: 'plugins',
  rescanPlugins: 'rescanPlugins',
  describeKind: 'describeKind',
  getOutcome: 'getOutcome',
  clearOutcome: 'clearOutcome',
  listAudit: 'listAudit',
  verifyAudit: 'verifyAudit',
  listSecrets: 'listSecrets',
  setSecret: 'setSecret',
  removeSecret: 'removeSecret',
  listProfiles: 'listProfiles',
  setProfile: 'setProfile',
  removeProfile: 'removeProfile',
  createToken: 'createToken',
  listTokens: 'listTokens',
  revokeToken: 'revokeToken',
  pauseConnector: 'pause',
  resumeConnector: 'resume',
  restartConnector: 'restart',
  enableConnector: 'enable',
  disableConnector: 'disable',
  getStatus: 'getStatus',
  listHosts: 'listHosts',
  drainHost: 'drainHost',
  undrainHost: 'undrainHost',
  receiveWebhook: 'receiveWebhook',
  planConfig: 'planConfig',
  applyConfig: 'applyConfig',
  exportConfig: 'exportConfig',
  setSchedule: 'setSchedule',
  listSchedules: 'listSchedules',
  pauseSchedule: 'pauseSchedule',
  resumeSchedule: 'resumeSchedule',
  removeSchedule: 'removeSchedule',
  startExecution: 'startExecution',
  getExecution: 'getExecution',
  listExecutions: 'listExecutions',
  cancelExecution: 'cancelExecution',
  rerunExecution: 'rerunExecution',
  watchExecution: 'watchExecution',
  readLogs: 'readLogs',
  readConnectorLogs: 'readLogs',
  followLogs: 'followLogs',
  executeActionWithProgress: 'executeText',
  setLogLevel: 'setLogLevel',
  listCalls: 'listCalls',
  listHealthHistory: 'listHealthHistory',
  getStats: 'getStats',
  blame: 'blame',
};

type Need = (typeof OPERATIONS)[Operation]['needs'];

/** The least that lets a caller in, for x and its action a. */
const LEAST: { readonly [Name in Need]: Scope } = {
  read: 'read',
  manage: 'manage',
  secrets: 'secrets',
  admin: 'admin',
  call: 'execute:x/a',
  calls: 'execute:x',
  own: 'execute:x',
  sight: 'execute:x',
  listing: 'execute:x',
};
/** What a caller is told that lacks it. */
const MISSING: { readonly [Name in Need]: string } = { ...LEAST, own: 'execute', sight: 'read', listing: 'read' };

interface Way {
  readonly name: string;
  readonly needs: Need;
  ask(authorization?: string): Promise<Ended>;
}

let served: ServedHost;
let root: string;
let expired: string;
let revoked: string;
beforeAll(async () => {
  served = await ServedHost.open();
  root = await served.token('admin');
  const brief = await served.service.createToken({ name: 'brief', scopes: ['admin'], expiresInMs: 1 });
  expired = brief.token;
  const gone = await served.service.createToken({ name: 'gone', scopes: ['admin'] });
  revoked = gone.token;
  await served.service.revokeToken(gone.id);
  await new Promise((resolve) => setTimeout(resolve, 5));
});
afterAll(() => served?.[Symbol.asyncDispose]());

const grpcWays = METHOD_PATHS.filter(({ path }) => !path.includes('.health.')).map((method): Way => {
  const name = method.path.slice(method.path.lastIndexOf('/') + 1);
  const key = (name.charAt(0).toLowerCase() + name.slice(1)) as Method;
  const definition = CONNECTORS_SERVICE[key] as (typeof CONNECTORS_SERVICE)['executeAction'] | undefined;
  const fields = {
    id: 'x',
    connector: 'x',
    action: 'a',
    key: 'k',
    payload: Buffer.from('{}'),
    name: 'new',
    namespace: 'n',
    value: 'v',
    scopes: ['read'],
    config: { id: 'x', kind: 'plain' },
    kind: 'plain',
  };
  return {
    name: `gRPC ${method.path}`,
    needs: definition === undefined ? 'read' : OPERATIONS[BEHIND[key]].needs,
    ask(authorization) {
      const known = Object.entries(fields).filter(([field]) =>
        definition?.input.fields.some(({ name: own }) => own === field),
      );
      const request = definition?.requestSerialize(create(definition.input, Object.fromEntries(known)));
      return askGrpc(served.host.grpcAddress ?? '', method, {
        authorization,
        ...(request === undefined ? {} : { request }),
      });
    },
  };
});

/** Bodies that are read before the service is asked. */
const BODIES: { readonly [Name in OperationId]?: string } = {
  registerConnector: '{"id":"x","kind":"plain"}',
  setSecret: '{"value":"v"}',
  setLogLevel: '{"level":"debug"}',
  setSchedule: '{"connector":"x","action":"a","cron":"0 0 * * *"}',
};

const restWays = [
  ...(Object.entries(HTTP_ROUTES) as [OperationId, HttpRoute][]).map(([id, { method, path }]) => ({
    line: `${method} ${API_PREFIX}${path.replace('{id}', 'x').replace('{action}', 'a').replace('{key}', 'k').replace('{namespace}', 'n').replace('{name}', 'new').replace('{kind}', 'plain')}`,
    needs: OPERATIONS[BEHIND[id]].needs,
    body: method === 'GET' || method === 'DELETE' ? undefined : (BODIES[id] ?? '{}'),
  })),
  { line: 'GET /metrics', needs: 'read' as const, body: undefined },
  { line: 'GET /openapi.json', needs: 'read' as const, body: undefined },
].map(({ line, needs, body }): Way => ({
  name: `REST ${line}`,
  needs,
  ask: (authorization) =>
    askRest(served.host.httpAddress ?? '', line, { authorization, ...(body === undefined ? {} : { body }) }),
}));

const ways = [...grpcWays, ...restWays].map((way) => [way.name, way] as const);

const unauthenticated = (name: string): number => (name.startsWith('REST') ? 401 : 16);
const denied = (name: string): number => (name.startsWith('REST') ? 403 : 7);

describe('every method and every route', () => {
  it.each(ways)('%s is for nobody who does not sign in, in the same words', async (name, { ask }) => {
    const [id = '', secret = ''] = root.slice(4).split(/_(.*)/s);
    const sent: readonly [string | undefined, string, RegExp][] = [
      [undefined, 'no_credentials', /^the service has to know who calls: send a token/],
      ['', 'token_malformed', /^what was sent as Authorization is no token/],
      [`Basic ${Buffer.from('ci:ci').toString('base64')}`, 'token_malformed', /^what was sent as Authorization/],
      [`Bearer aut_${id}_short`, 'token_malformed', /^what was sent as Authorization/],
      [`Bearer aut_${id}_${'A'.repeat(43)}`, 'token_unknown', /^the service does not know this token/],
      [`Bearer aut_000000000000_${secret}`, 'token_unknown', /^the service does not know this token/],
      [`Bearer ${expired}`, 'token_expired', /^the token "brief" expired at 20\d\d-.*: ask whoever runs the service/],
      [`Bearer ${revoked}`, 'token_revoked', /^the token "gone" was revoked: ask whoever runs the service/],
    ];
    for (const [authorization, reason, message] of sent) {
      const ended = await ask(authorization);
      expect([reason, ended.status]).toEqual([reason, unauthenticated(name)]);
      expect(ended.error).toMatchObject({
        code: 'UNAUTHENTICATED',
        name: 'UnauthenticatedError',
        blame: 'caller',
        effect: 'none',
        retryable: false,
        details: { reason },
        message: expect.stringMatching(message),
      });
      if (authorization !== undefined && authorization.length > 10)
        expect(ended.error?.message).not.toContain(authorization.slice(7));
    }
  });

  it.each(ways)('%s is for nobody whose scope is too small', async (name, { ask, needs }) => {
    const ended = await ask(`Bearer ${await served.token(needs === 'secrets' ? 'manage' : 'secrets')}`);
    expect(ended.status).toBe(denied(name));
    expect(ended.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      blame: 'caller',
      effect: 'none',
      retryable: false,
      details: { reason: 'scope_missing', scope: MISSING[needs] },
      message: expect.stringContaining(`"ci" lacks the scope ${MISSING[needs]}: `),
    });
  });

  it.each(ways)('%s is for whoever has the scope', async (_name, { ask, needs }) => {
    const ended = await ask(`Bearer ${await served.token(LEAST[needs])}`);
    expect(['UNAUTHENTICATED', 'PERMISSION_DENIED']).not.toContain(ended.error?.code);
  });
});

describe('what needs no sign-in', () => {
  it.each(['GET /health/live', 'GET /health/ready', 'HEAD /health/live?x=1'])('is %s', async (line) => {
    expect((await askRest(served.host.httpAddress ?? '', line, {})).status).toBe(200);
  });

  it.each(METHOD_PATHS.filter(({ path }) => path.includes('.health.')))('is $path', async (method) => {
    expect((await askGrpc(served.host.grpcAddress ?? '', method, {})).status).toBe(0);
  });

  it.each(['GET /health', 'GET /health/live/', 'GET /nope', 'POST /api/v1/nope', 'GET /api/v1/../health/live/x'])(
    'is not %s',
    async (line) => {
      expect((await askRest(served.host.httpAddress ?? '', line, {})).status).toBe(401);
    },
  );

  it('is nothing that is asked in another way of HTTP', async () => {
    const { port } = new URL(served.host.httpAddress ?? '');
    const say = async (...lines: readonly string[]): Promise<readonly string[]> => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.end(lines.map((line) => `${line}\r\n`).join(''));
      return [...(await text(socket)).matchAll(/HTTP\/1.1 (\d+) /g)].map(([, status = '']) => status);
    };
    const [get, host] = ['GET /api/v1/connectors HTTP/1.1', 'Host: 127.0.0.1'];
    const token = `Authorization: Bearer ${root}`;
    const upgrade = (to: string): readonly string[] => [`Connection: Upgrade, HTTP2-Settings`, `Upgrade: ${to}`, ''];
    const ways: readonly (readonly [status: string | readonly string[], ...lines: readonly string[]])[] = [
      ['401', 'TRACE /api/v1/connectors HTTP/1.1', host, ''],
      ['401', 'OPTIONS * HTTP/1.1', host, ''],
      ['401', 'PROPFIND /api/v1/connectors HTTP/1.1', host, ''],
      ['401', get, host, 'HTTP2-Settings: AAMAAABk', ...upgrade('h2c')],
      ['401', get, host, 'Sec-WebSocket-Version: 13', ...upgrade('websocket')],
      ['401', `GET http://x:${root}@127.0.0.1/api/v1/connectors HTTP/1.1`, host, ''],
      ['401', `GET /api/v1/connectors?access_token=${root} HTTP/1.1`, host, ''],
      ['401', get, host, 'Authorization: Bearer x', token, ''],
      ['401', 'POST /api/v1/plugins/rescan HTTP/1.1', host, 'Transfer-Encoding: chunked', '', '0', token, ''],
      // The head of one request says nothing of the next on the same connection.
      [['200', '401'], get, host, token, '', get, host, ''],
      ['400', 'CONNECT 127.0.0.1:80 HTTP/1.1', host, token, ''],
      ['400', 'PRI * HTTP/2.0', '', 'SM', ''],
    ];
    for (const [status, ...lines] of ways) expect([lines, await say(...lines)]).toEqual([lines, [status].flat()]);
  });

  it('is not a method that there is not', async () => {
    const method = { path: '/connectors.ConnectorsService/Nope', kind: 'unary' };
    expect((await askGrpc(served.host.grpcAddress ?? '', method, {})).status).toBe(16);
  });

  it('is what programs of this user do', async () => {
    const address = `unix:${served.host.socketPath}`;
    const method = { path: '/connectors.ConnectorsService/ListTokens', kind: 'unary' };
    expect((await askGrpc(address, method, {})).status).toBe(0);
  });
});

it('says how to sign in, as HTTP has it', async () => {
  const { headers } = await askRest(served.host.httpAddress ?? '', 'GET /api/v1/connectors', {});
  expect(headers.get('www-authenticate')).toBe('Bearer');
});

it('writes no token into its log', () => {
  expect(served.log).toContain('token_revoked');
  for (const token of [root, expired, revoked]) expect(served.log).not.toContain(token.slice(-43));
});
