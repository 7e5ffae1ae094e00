// Long, as each place that a secret of callers or of the host stands in is a line of its own.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { CliProject } from './cli/fixtures/cli-project.ts';
import type { ServingHost } from './cli/fixtures/serving-host.ts';
import { collectExits, findCanaries, readFilesBelow } from './fixtures/canary-search.ts';
import type { AddExit } from './fixtures/canary-search.ts';
import { findInMemory } from './fixtures/read-memory.ts';
import { startOtlpCollector } from './telemetry/fixtures/otlp-collector.ts';
import { TlsFiles } from './transports/fixtures/tls-files.ts';

const canary = (place: string): string => `Cnry-${place}/x+y&z=<w>"4711'`;
/** As a token is made, so that it passes for one. */
const madeUp = (letter: string): string =>
  `aut_0123456789ab_${letter.repeat(3)}ry${`4711-${letter}_`.repeat(9).slice(0, 38)}`;
const LEVELS = ['thread', 'process', 'restricted'] as const;
/** Whose worker is a process of its own, which holds nothing of what others were trusted with. */
const APART = ['process', 'restricted'] as const;

/** Secrets that callers show, send or set, wherever they stand, beside those that are only made when the host runs. */
const CANARIES = {
  'a token that nobody made': madeUp('C'),
  'a token in the query': madeUp('D'),
  'a token in a cookie': madeUp('E'),
  'the password of Basic': canary('basic'),
  'what is no token': canary('bearer'),
  'a key in a header': canary('header').replaceAll(/[^\w/+-]/g, '.'),
  'metadata of gRPC': canary('metadata').replaceAll(/[^\w/+-]/g, '.'),
  'a key in the path': 'CnryPath4711inAPath4711',
  'a payload': canary('payload'),
  'a payload that is no JSON': 'CnryGarbled4711asPayload',
  'a secret that was set': canary('set'),
  'a secret that was refused': canary('refused'),
  'a secret in a body that is none': canary('garbled'),
  'a secret in the place of its parts': canary('misplaced'),
  'a secret under a wrong key': canary('misspelt'),
  'a password in a host': canary('host'),
  'a token in the address of a webhook': 'CnryHook4711ofAWebhook',
  'a password in a data source name': canary('source'),
  'a key of many lines': 'MIICnryBIADANBgkqhkiG9w0BAQEF\nCnry7DXDpvQbS2FpV1wcZPzIjZ4711',
  'a secret of a profile': canary('profile'),
  'a secret among the settings of a profile': canary('profile-setting'),
  'a secret of a refused profile': canary('profile-refused'),
  'JSON in a text': JSON.stringify({ password: canary('nested') }),
  'base64 in a text': Buffer.from(canary('encoded')).toString('base64'),
  'percent signs in a text': encodeURIComponent(canary('percent')),
  'a token of a connector: thread': canary('of-thread'),
  'a token of a connector: process': canary('of-process'),
  'a token of a connector: restricted': canary('of-restricted'),
  'a key of a process beside': canary('beside-process'),
  'a key of a restricted one beside': canary('beside-restricted'),
};

const KEEPER = `
import { action, ConnectorAdapter } from '@automate/sdk';
const anything = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const secret = { type: 'string', writeOnly: true };
export default class Keeper extends ConnectorAdapter {
  name = 'keeper';
  version = '1.0.0';
  configSchema = { ...anything, jsonSchema: { type: 'object', properties: { key: secret, webhook: { type: 'string', format: 'uri', writeOnly: true }, source: { type: 'string' } } } };
  actions = { work: action({ description: 'Says which process it is.', input: anything, sideEffects: false, idempotent: true,
    run: () => ({ mark: 'MARK', pid: process.pid, token: this.context.config.auth?.token?.reveal?.().length ?? 0 }) }) };
  async connect() { return true; }
}
`;
const yaml = `connectors:\n${[...LEVELS, ...APART.map((level) => `beside-${level}`)]
  .map(
    (id) =>
      `  - { id: ${id}, kind: keeper, isolation: ${id.replace('beside-', '')}, health_check: { enabled: false }, auth: { type: bearer, token: secretref://env/default/${id.toUpperCase().replace('-', '_')} } }\n`,
  )
  .join('')}`;

describe('what callers show and what the host itself keeps', () => {
  const { exits, add } = collectExits();
  const files = new TlsFiles();
  const canaries: Record<string, string> = { ...CANARIES };
  const closers: (() => unknown)[] = [() => files[Symbol.dispose]()];
  let project: CliProject;
  let host: ServingHost;
  const pids: Record<string, number> = {};

  beforeAll(async () => {
    const collector = await startOtlpCollector();
    closers.unshift(() => collector.close());
    project = await CliProject.open({ kinds: [], yaml });
    closers.unshift(() => project[Symbol.asyncDispose]());
    await project.sandbox.addConnector({ kind: 'keeper', source: KEEPER });
    const { cert, key } = files.clients.issue({ hosts: ['spiffe://test/caller'] });
    const master = Buffer.from('CnryMaster4711'.padEnd(32, '+x/')).toString('base64');
    Object.assign(canaries, {
      'the master key': Buffer.from(master, 'base64').toString(),
      'the master key in its file': master,
    });
    for (const [name, pem] of [
      ["the server's key", await readFile(files.keyFile, 'utf8')],
      ["a caller's key", key],
    ] as const)
      for (const [at, line] of pem.split('\n').slice(1, -2).entries()) canaries[`${name}, line ${at + 1}`] = line;
    host = await project.start({
      env: {
        ...files.env,
        TLS_CLIENT_CA_FILE: files.clientCaFile,
        MASTER_KEY_FILE: files.write('master.key', `${master}\n`),
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        LOG_LEVEL: 'trace',
        THREAD: canaries['a token of a connector: thread'] ?? '',
        PROCESS: canaries['a token of a connector: process'] ?? '',
        RESTRICTED: canaries['a token of a connector: restricted'] ?? '',
        BESIDE_PROCESS: canaries['a key of a process beside'] ?? '',
        BESIDE_RESTRICTED: canaries['a key of a restricted one beside'] ?? '',
      },
    });
    closers.unshift(() => host[Symbol.asyncDispose]());
    const local = await connect({ address: `unix:${host.ready.socket}` });
    closers.unshift(() => local.close());
    const created = await local.createToken({ name: 'caller', scopes: ['admin'] });
    const gone = await local.createToken({ name: 'gone', scopes: ['admin'] });
    await local.revokeToken(gone.id);
    canaries['a token that counts'] = created.token.slice(-43);
    canaries['a token that was revoked'] = gone.token.slice(-43);
    const caFile = files.write('ca.pem', files.authority.cert);
    const certFile = files.write('caller.pem', cert);
    const keyFile = files.write('caller.key', key);
    const service = await connect({
      address: `grpcs://${host.ready.grpc}`,
      token: created.token,
      tls: { caFile, certFile, keyFile },
    });
    closers.unshift(() => service.close());
    await callAround(service, add);
    for (const id of [...LEVELS, ...APART.map((level) => `beside-${level}`)]) {
      const { result } = await service.execute({ id, action: 'work' });
      pids[id] = (result as { readonly pid: number }).pid;
    }
    const rest = restOf(host.ready.http, files.authority.cert);
    const signedIn = { authorization: `Bearer ${created.token}` };
    await knockOverRest(rest, gone.token, add);
    await knockOverGrpc(host.ready.grpc, { ca: files.authority.cert, gone: gone.token }, add);
    await sendOverRest(rest, signedIn, add);
    for (const [path, mark] of [
      ['/metrics', 'automate_calls_total'],
      ['/openapi.json', 'openapi'],
      ['/openapi.json?connectors=true', 'openapi'],
      ['/api/v1/connectors', 'thread'],
      ['/api/v1/secrets', 'kept'],
      ['/api/v1/profiles', 'shared'],
      ['/api/v1/tokens', 'gone'],
      ['/api/v1/audit?limit=1000', 'sign_in'],
      ['/api/v1/plugins', 'keeper'],
    ] as const)
      add(`GET ${path}`, mark, await rest('GET', path, signedIn));
    const env = {
      CONNECTORS_SERVICE_ADDR: `grpcs://${host.ready.grpc}`,
      CONNECTORS_SERVICE_CA_FILE: caFile,
      CONNECTORS_SERVICE_CERT_FILE: certFile,
      CONNECTORS_SERVICE_KEY_FILE: keyFile,
    };
    for (const [name, mark, token, args] of [
      ['tokens list', 'gone', created.token, ['tokens', 'list', '--json']],
      ['connectors list', 'thread', created.token, ['connectors', 'list']],
      ['profiles list', 'shared', created.token, ['profiles', 'list', '--json']],
      ['audit export', 'execute', created.token, ['audit', 'export']],
      ['doctor over TLS', 'thread', created.token, ['doctor', '--json']],
      ['a command with a token that was revoked', 'revoked', gone.token, ['connectors', 'list']],
      [
        'a command with a token that nobody made',
        'token',
        CANARIES['a token that nobody made'],
        ['connectors', 'list', '--json'],
      ],
      ['a command with what is no token', 'is no token', CANARIES['what is no token'], ['connectors', 'list']],
    ] as const) {
      const said = await project.automate(args, { env: { ...env, CONNECTORS_SERVICE_TOKEN: token } });
      add(name, mark, said.stdout + said.stderr);
    }
    const { stdout, stderr } = await project.automate(['doctor'], {
      env: { ...files.env, MASTER_KEY_FILE: join(files.directory, 'master.key') },
    });
    add('doctor', 'thread', stdout + stderr);
    for (const file of await readFilesBelow(project.root, [])) add(`${file.name} while it runs`, '', file.text);
  }, 120_000);

  afterAll(async () => {
    for (const close of closers) await close();
  });

  it.each(APART)(
    'is in no memory and no environment of a connector in a %s, which has its own alone',
    async (level) => {
      const { [`a token of a connector: ${level}`]: own = '', ...others } = canaries;
      const found = await findInMemory(pids[level] ?? 0, { own, ...others });
      expect(found).toStrictEqual(['own']);
      expect(pids[level]).not.toBe(host.child.pid);
      const environment = await readFile(`/proc/${pids[level]}/environ`, 'latin1');
      const line = await readFile(`/proc/${pids[level]}/cmdline`, 'latin1');
      add(`the environment of a ${level}`, '', environment);
      add(`the command line of a ${level}`, 'node', line);
      expect(findCanaries([{ name: 'environ', mark: '', text: environment + line }], canaries)).toStrictEqual([]);
    },
  );

  it('leaves by no place, also when the host is killed in the midst of it', async () => {
    host.kill('SIGKILL');
    await host.ended();
    add('the log', 'sign_in_failed', host.output.stdout + host.output.stderr);
    for (const file of await readFilesBelow(project.root, [])) add(file.name, '', file.text);
    expect(exits.filter(({ mark, text: said }) => !said.includes(mark))).toStrictEqual([]);
    const journals = ['connectors.db-wal', 'outcomes.db-wal', 'audit.db-wal'].map((name) => `/.automate/${name}`);
    expect(exits.map(({ name }) => name)).toEqual(expect.arrayContaining(journals));
    expect(findCanaries(exits, canaries)).toStrictEqual([]);
  });
});

/** What a caller is answered is its own, where it sent that very text. */
async function callAround(service: ConnectorService, add: AddExit): Promise<void> {
  const said = (name: string, mark: string, work: Promise<unknown>): Promise<void> =>
    work.then(
      (answer) => add(name, mark, answer),
      (error) => add(name, mark, [error.toEnvelope(), String(error.stack), String(error.cause)]),
    );
  const secret = { namespace: 'team', name: 'kept', value: CANARIES['a secret that was set'] };
  await said('set a secret', 'kept', service.setSecret(secret));
  for (const [name, value] of [
    ['lines', CANARIES['a key of many lines']],
    ['nested', CANARIES['JSON in a text']],
    ['base64', CANARIES['base64 in a text']],
    ['percent', CANARIES['percent signs in a text']],
  ] as const)
    await said(`set ${name}`, name, service.setSecret({ ...secret, name, value }));
  await said(
    'a secret of no name',
    'name',
    service.setSecret({ ...secret, name: 'no/name', value: CANARIES['a secret that was refused'] }),
  );
  await said(
    'a secret too long',
    'value',
    service.setSecret({ ...secret, value: CANARIES['a secret that was refused'].repeat(40_000) }),
  );
  const config = { id: 'added', kind: 'keeper', host: 'hooks.example.com', enabled: false };
  await said(
    'a connector with all of them',
    'added',
    service.register({
      ...config,
      basePath: `/services/${CANARIES['a token in the address of a webhook']}`,
      auth: { type: 'bearer', token: CANARIES['a secret that was set'] },
      settings: {
        key: CANARIES['a key of many lines'],
        webhook: `https://hooks.example.com/T0/${CANARIES['a token in the address of a webhook']}`,
        source: `postgres://ada:${encodeURIComponent(CANARIES['a password in a data source name'])}@db/x?sslkey=${encodeURIComponent(CANARIES['JSON in a text'])}`,
      },
      metadata: { api_key: CANARIES['base64 in a text'], password: CANARIES['percent signs in a text'] },
    }),
  );
  await said('that one', 'added', service.get('added'));
  await said('all', 'thread', service.list());
  const profile = {
    name: 'shared',
    kind: 'keeper',
    settings: { key: CANARIES['a secret among the settings of a profile'] },
  };
  await said(
    'a profile',
    'shared',
    service.setProfile({ ...profile, secrets: { token: CANARIES['a secret of a profile'] } }),
  );
  await said('the profiles', 'shared', service.listProfiles());
  await said(
    'a profile in use',
    'profiled',
    service.register({ id: 'profiled', kind: 'keeper', profile: 'shared', auth: { type: 'bearer' } }),
  );
  await said('a call by it', 'MARK', service.execute({ id: 'profiled', action: 'work' }));
  await said('its removal', 'profiled', service.removeProfile('shared'));
  await said('the secrets', 'kept', service.listSecrets());
  const payload = { password: CANARIES['a payload'] };
  await said('a call', 'MARK', service.execute({ id: 'thread', action: 'work', payload, idempotencyKey: 'one' }));
  await said(
    'a call of no action',
    'nonsense',
    service.execute({ id: 'restricted', action: 'nonsense', payload, idempotencyKey: 'two' }),
  );
  await said(
    'another call of that key',
    'key',
    service.execute({ id: 'thread', action: 'work', payload: { other: payload }, idempotencyKey: 'one' }),
  );
  const garbled = `{"password": ${CANARIES['a payload that is no JSON']}}`;
  await service.executeText({ id: 'thread', action: 'work', payload: garbled }).catch(() => undefined);
}

type Rest = (
  method: string,
  path: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
) => Promise<string>;

function restOf(address: string, ca: string): Rest {
  return async (method, path, headers = {}, body) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      request(`${address}${path}`, { method, ca, headers: { ...type, ...headers } }, resolve)
        .on('error', reject)
        .end(body);
    });
    return `${response.statusCode} ${JSON.stringify(response.headers)} ${await text(response)}`;
  };
}

/** By whom nobody knows. */
async function knockOverRest(rest: Rest, gone: string, add: AddExit): Promise<void> {
  const basic = Buffer.from(`ada:${CANARIES['the password of Basic']}`).toString('base64');
  const shown: readonly Readonly<Record<string, string>>[] = [
    { authorization: `Bearer ${CANARIES['a token that nobody made']}` },
    { authorization: `Bearer ${gone}` },
    { authorization: `Bearer ${encodeURIComponent(CANARIES['what is no token'])}` },
    { authorization: `Basic ${basic}` },
    { cookie: `token=${CANARIES['a token in a cookie']}` },
    { 'x-api-key': CANARIES['a key in a header'] },
  ];
  for (const headers of shown)
    for (const line of [
      'GET /api/v1/connectors',
      'GET /metrics',
      'HEAD /openapi.json',
      'OPTIONS /api/v1/connectors',
      'DELETE /nowhere',
    ] as const) {
      const [method = '', path = ''] = line.split(' ');
      add(`${line} by ${Object.keys(headers).join()}`, '401', await rest(method, path, headers));
    }
  for (const path of [
    `/api/v1/connectors?token=${CANARIES['a token in the query']}`,
    `/hooks/${CANARIES['a key in the path']}`,
  ])
    add(`GET ${path.slice(0, 12)}…`, '401', await rest('GET', path));
}

async function knockOverGrpc(
  address: string,
  { ca, gone }: { readonly ca: string; readonly gone: string },
  add: AddExit,
): Promise<void> {
  const client = new Client(address, credentials.createSsl(Buffer.from(ca)));
  const bytes = (value: Buffer): Buffer => value;
  const shown: readonly Readonly<Record<string, string>>[] = [
    { authorization: `Bearer ${CANARIES['a token that nobody made']}` },
    { authorization: `Bearer ${gone}` },
    { authorization: CANARIES['what is no token'] },
    { 'x-api-key': CANARIES['metadata of gRPC'] },
  ];
  for (const pairs of shown)
    for (const path of [
      '/connectors.ConnectorsService/ListConnectors',
      '/connectors.ConnectorsService/Nope',
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    ]) {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(pairs)) metadata.set(name, value);
      const said = await new Promise((resolve) => {
        client.makeUnaryRequest(
          path,
          bytes,
          bytes,
          Buffer.alloc(0),
          metadata,
          { deadline: Date.now() + 20_000 },
          (error) => resolve(error),
        );
      });
      const {
        code,
        details,
        metadata: trailers,
      } = said as { readonly code: number; readonly details: string; readonly metadata: Metadata };
      add(`${path} by ${Object.keys(pairs).join()}`, '16', `${code} ${details} ${JSON.stringify(trailers.toJSON())}`);
    }
  client.close();
}

/** By somebody who may, with what is wrong about it. */
async function sendOverRest(rest: Rest, signedIn: Readonly<Record<string, string>>, add: AddExit): Promise<void> {
  const connectors = '/api/v1/connectors';
  const secrets = '/api/v1/secrets/team/other';
  const config = { id: 'never', kind: 'keeper', host: 'hooks.example.com' };
  const misplaced = CANARIES['a secret in the place of its parts'];
  const misspelt = CANARIES['a secret under a wrong key'];
  const refused = CANARIES['a secret of a refused profile'];
  const host = `ada:${CANARIES['a password in a host']}@hooks.example.com`;
  const bodies: readonly (readonly [string, string, unknown])[] = [
    ['PUT', secrets, `{"value": ${CANARIES['a secret in a body that is none']}`],
    ['PUT', secrets, CANARIES['a secret in a body that is none']],
    ['PUT', secrets, { value: { text: misplaced } }],
    ['PUT', secrets, { vaule: misspelt }],
    ['PUT', '/api/v1/secrets/te%20am/other', { value: CANARIES['a secret that was refused'] }],
    ['PUT', '/api/v1/profiles/never', `{"kind":"keeper","secrets":{"token": ${refused}`],
    ['PUT', '/api/v1/profiles/never', { kind: 'keeper', secrets: refused }],
    ['PUT', '/api/v1/profiles/never', { kind: 'keeper', secrets: { token: [refused] } }],
    ['PUT', '/api/v1/profiles/never', { kind: 'nowhere', secrets: { token: refused } }],
    ['PUT', '/api/v1/profiles/never', { kind: 'keeper', settings: refused }],
    ['PUT', '/api/v1/profiles/never', { kind: 'keeper', token: refused }],
    ['PUT', '/api/v1/profiles/never', { kind: 'keeper', secrets: { token: `secretref://env/default/${refused}` } }],
    ['POST', connectors, `{"id":"never","auth":{"token": ${CANARIES['a secret in a body that is none']}`],
    ['POST', connectors, { ...config, auth: misplaced }],
    ['POST', connectors, { ...config, auth: { type: 'bearer', token: [misplaced] } }],
    ['POST', connectors, { ...config, auth: { type: 'bearer', token: { value: misplaced } } }],
    ['POST', connectors, { ...config, auth: { type: 'bearer', tokn: misspelt } }],
    ['POST', connectors, { ...config, auth: { type: 'basic', username: 'ada', pasword: misspelt } }],
    ['POST', connectors, { ...config, auth: { type: 'bearer', token: `secretref://nowhere/${misspelt}` } }],
    ['POST', connectors, { ...config, auth: { type: 'bearer', token: `secretref://env/default/${misspelt}` } }],
    ['POST', connectors, { ...config, settings: { key: [misplaced] } }],
    ['POST', connectors, { ...config, settings: misplaced }],
    ['POST', connectors, { ...config, host }],
    ['POST', connectors, { ...config, host: `https://${host}/?token=${CANARIES['a token in the query']}` }],
    ['POST', connectors, { ...config, proxy: `http://${host}` }],
    [
      'POST',
      connectors,
      { ...config, proxy: `ftp://ada:${encodeURIComponent(CANARIES['a password in a host'])}@hooks.example.com` },
    ],
    ['POST', connectors, { ...config, pasword: misspelt }],
    ['POST', `${connectors}/thread/actions/work`, `{"password": ${CANARIES['a payload that is no JSON']}}`],
    ['POST', `${connectors}/thread/actions/work?api_key=${CANARIES['a key in the path']}`, {}],
    ['POST', '/api/v1/tokens', { name: 'new', scopes: ['read'], token: misplaced }],
  ];
  for (const [at, [method, path, body]] of bodies.entries()) {
    const answer = await rest(method, path, signedIn, typeof body === 'string' ? body : JSON.stringify(body));
    add(`answer ${at}: ${method} ${path.slice(0, 20)}`, '"', answer);
  }
}
