import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { Client, credentials } from '@grpc/grpc-js';
import type { ConnectorService } from '@automate/contract';
import type { CliProject } from './cli/fixtures/cli-project.ts';
import type { ServingHost } from './cli/fixtures/serving-host.ts';
import { CANARIES, FAILURES, IDS, openCanaryProject, startRemote, WAYS } from './fixtures/canary-project.ts';
import type { AddExit } from './fixtures/canary-search.ts';
import { collectExits, findCanaries, readFilesBelow } from './fixtures/canary-search.ts';
import { startOtlpCollector } from './telemetry/fixtures/otlp-collector.ts';

describe('a secret, wherever it stands and however it is written', () => {
  const { exits, add } = collectExits();
  let project: CliProject;
  let host: ServingHost;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    const remote = await startRemote();
    closers.unshift(() => remote.server.close());
    const collector = await startOtlpCollector();
    closers.unshift(() => collector.close());
    const opened = await openCanaryProject(remote.port);
    const { env } = opened;
    project = opened.project;
    closers.unshift(() => project[Symbol.asyncDispose]());
    host = await project.start({ env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } });
    const remoteService = await connect({ address: host.ready.grpc });
    closers.unshift(
      () => remoteService.close(),
      () => host[Symbol.asyncDispose](),
    );
    const events: unknown[] = [];
    const watching = watch(remoteService, events);
    await callEverything(remoteService, add);
    const rest = restOf(host.ready.http);
    await callOverRest(rest, add);
    add('gRPC reflection', 'ConnectorsService', await reflectionOf(host.ready.grpc));
    await leaveBehind(remoteService, () => host.output.stderr + host.output.stdout, add);
    for (const [name, mark, args] of [
      ['connectors list', 'MARK', ['connectors', 'list', '--json']],
      ['connectors list for people', 'fails-health', ['connectors', 'list']],
      ['connectors get', 'fails-health', ['connectors', 'get', 'fails-health', '--json']],
      ['connectors health', 'MARK', ['connectors', 'health', '--json']],
      ['connectors test', 'MARK', ['connectors', 'test', 'fails-connect']],
      ['secrets list', 'stored', ['secrets', 'list', '--json']],
      ['secrets rotate-keys', 'key_id', ['secrets', 'rotate-keys', '--json']],
      ['execute', 'MARK', ['execute', 'basic', 'spill', '--input', '{"how":"error"}']],
      ['audit list', 'spill', ['audit', 'list', '--limit', '1000', '--json']],
      ['audit export', 'spill', ['audit', 'export']],
      ['audit verify', 'records', ['audit', 'verify', '--json']],
      ['doctor', 'connector fails-health', ['doctor', '--json']],
      ['doctor for people', 'connector fails-init', ['doctor']],
    ] as const) {
      const { stdout, stderr } = await project.automate(args, { env });
      add(name, mark, stdout + stderr);
    }
    // What lies in journals goes with the host's end.
    for (const { name, text } of await readFilesBelow(project.root, BY_INTENT)) add(`${name} while it runs`, '', text);
    await host.end();
    await watching;
    add('watched events', 'MARK', events);
    add('the log and the boot report', 'MARK', host.output.stdout + host.output.stderr);
    add('the boot report', '"event":"ready"', host.output.stdout);
    add('traces', 'automate.execute', collector.spans);
    for (const { name, text } of await readFilesBelow(project.root, BY_INTENT)) add(name, '', text);
    // Without a host in between, and with one that crashed before.
    const alone = await project.automate(['execute', 'fails-init-uncaught', 'spill'], { env });
    add('execute without a host', 'MARK', alone.stdout + alone.stderr);
  }, 120_000);

  afterAll(async () => {
    for (const close of closers) await close();
  });

  it('is looked for in every place that it could leave by', () => {
    expect(exits.length).toBeGreaterThan(100);
    const names = exits.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(FILES));
    expect(exits.filter(({ mark, text }) => !text.includes(mark)).map(({ name }) => name)).toStrictEqual([]);
    expect(exits.filter(({ text }) => text.includes('[secret]')).length).toBeGreaterThan(60);
  });

  it('leaves by none of them', () => {
    expect(findCanaries(exits, CANARIES)).toStrictEqual([]);
  });
});

const FILES = [
  ...['connectors.db', 'outcomes.db', 'audit.db', 'audit.db-head'].map((name) => `/.automate/${name}`),
  ...['connectors.db-wal', 'outcomes.db-wal', 'audit.db-wal'].map((name) => `/.automate/${name} while it runs`),
];
/** Where secrets stand by the will of the project. */
const BY_INTENT = ['/config/connectors.yaml', '/secrets/'];

async function watch(service: ConnectorService, events: unknown[]): Promise<void> {
  try {
    for await (const event of service.watch()) events.push(event);
  } catch {
    // The host has ended.
  }
}

async function callEverything(service: ConnectorService, add: AddExit): Promise<void> {
  const said = (name: string, mark: string, work: Promise<unknown>): Promise<void> =>
    work.then(
      (answer) => add(name, mark, answer),
      (error) => add(name, mark, [error.toEnvelope(), String(error.stack), String(error.cause)]),
    );
  for (const [name, canary] of [
    ['token', CANARIES['the store, an earlier version']],
    ['token', CANARIES['the store']],
    ['shared', CANARIES['the store, through a profile']],
    ['lines', CANARIES['the store, of many lines']],
  ] as const)
    await said(`set the secret ${name}`, name, service.setSecret({ namespace: 'team', name, value: canary }));
  await said(
    'remove a secret in use',
    'secret_in_use',
    service.removeSecret({ namespace: 'team', name: 'shared' }).catch(async (error: unknown) => {
      add('secrets', 'team', await service.listSecrets());
      throw error;
    }),
  );
  await service.register({
    id: 'registered',
    kind: 'leaky',
    enabled: true,
    auth: { type: 'bearer', token: CANARIES['a registration, auth'] },
    settings: { key: CANARIES['a registration, settings'] },
    metadata: { password: CANARIES['a registration, metadata'] },
  });
  await said(
    'a refused registration',
    'is no key',
    service.register({
      id: 'refused',
      kind: 'leaky',
      settings: { mode: 'invalid', key: CANARIES['a refused registration'] },
    }),
  );
  for (const id of IDS) {
    for (const how of WAYS)
      await said(`${id}: ${how}`, 'MARK', service.execute({ id, action: 'spill', payload: { how } }));
    await said(`get ${id}`, id, service.get(id));
    await said(`describe ${id}`, 'spill', service.describe(id));
  }
  // Outcomes that are kept, and given once more.
  for (const how of ['result', 'error', 'result', 'error'])
    await said(
      `a call with a key: ${how}`,
      'MARK',
      service.execute({ id: 'settings', action: 'spill', payload: { how }, idempotencyKey: `key-${how}` }),
    );
  await said('a kept outcome', 'MARK', service.getOutcome('settings', 'key-result'));
  for (const how of ['echo', 'refused'])
    await said(
      `oauth: ${how}`,
      how === 'echo' ? 'MARK' : '500',
      service.execute({ id: 'oauth', action: 'spill', payload: { how } }),
    );
  for (const mode of FAILURES) {
    const id = `fails-${mode}`;
    await said(`health of ${id}`, id, service.healthCheck(id));
    await said(`${id}: test`, id, service.test(id));
    await said(
      `${id}: execute`,
      mode === 'init-exit' ? 'process.exit(1)' : 'MARK',
      service.execute({ id, action: 'spill', payload: { how: 'error' } }),
    );
    await said(`get ${id}`, id, service.get(id));
  }
  await said('list', 'MARK', service.list());
  await said('health of all', 'MARK', service.healthCheckAll({ cached: true }));
  await said('plugins', 'leaky', service.plugins());
}

/** What the server says of itself, as tools for gRPC ask it: its services, and the file of ours. */
async function reflectionOf(address: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const call = client.makeBidiStreamRequest(
    path,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
  );
  const [listServices, fileContainingSymbol] = [0x3a, 0x22];
  const symbol = Buffer.from('connectors.ConnectorsService');
  call.write(Buffer.from([listServices, 0]));
  call.write(Buffer.concat([Buffer.from([fileContainingSymbol, symbol.length]), symbol]));
  call.end();
  const answers = await call.toArray();
  client.close();
  return Buffer.concat(answers).toString('latin1');
}

/** A worker that is given up, as its thread is blocked where nobody can end it. */
async function leaveBehind(service: ConnectorService, log: () => string, add: AddExit): Promise<void> {
  const call = { id: 'bearer', action: 'spill', payload: { how: 'block' } };
  const error = await service.execute(call, { timeoutMs: 500 }).then(
    () => Promise.reject(new Error('a call of a blocked thread ended')),
    (reason) => [reason.toEnvelope(), String(reason.stack), String(reason.cause)],
  );
  add('a call of a blocked thread', 'bearer', error);
  while (!log().includes('blocked outside JavaScript')) await delay(50);
  add('the log of a blocked thread', 'blocked_threads', log());
  add('health beside a blocked thread', 'MARK', await service.healthCheckAll({ cached: true }));
  add('get beside a blocked thread', 'bearer', await service.get('bearer'));
}

interface Rest {
  get(path: string): Promise<string>;
  execute(id: string, how: string): Promise<string>;
}

function restOf(address: string): Rest {
  const read = async (path: string, init?: RequestInit): Promise<string> => {
    const response = await fetch(`${address}${path}`, init);
    return JSON.stringify([...response.headers]) + (await response.text());
  };
  const headers = { 'content-type': 'application/json' };
  return {
    get: (path) => read(path),
    execute: (id, how) =>
      read(`/api/v1/connectors/${id}/actions/spill`, { method: 'POST', headers, body: JSON.stringify({ how }) }),
  };
}

async function callOverRest(rest: Rest, add: AddExit): Promise<void> {
  for (const id of IDS) {
    for (const how of ['result', 'error']) add(`REST ${id}: ${how}`, 'MARK', await rest.execute(id, how));
  }
  for (const [path, mark] of [
    ['/metrics', 'automate_calls_total'],
    ['/openapi.json', 'openapi'],
    ['/openapi.json?connectors=true', 'openapi'],
    ['/api/v1/connectors', 'MARK'],
    ['/api/v1/connectors/settings', 'settings'],
    ['/api/v1/connectors/health', 'MARK'],
    ['/api/v1/connectors/fails-init/health', 'MARK'],
    ['/api/v1/connectors/fails-health/health?live=true', 'MARK'],
    ['/api/v1/plugins', 'leaky'],
    ['/api/v1/secrets', 'team'],
    ['/api/v1/audit?limit=1000', 'spill'],
    ['/api/v1/connectors/settings/outcomes/key-result', 'MARK'],
  ] as const)
    add(`GET ${path}`, mark, await rest.get(path));
}
