import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { Blame, CallOptions, ConnectorService, ErrorCode, JsonObject } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { FakeService } from '@automate/testing';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { openCommandLineDoor } from '../parity/command-line-door.ts';
import { parseExposition } from '../telemetry/fixtures/parse-exposition.ts';

interface Fault {
  /** Where it is put. */
  readonly place: 'worker' | 'configuration' | 'credentials' | 'network' | 'remote' | 'gateway' | 'caller';
  readonly id: string;
  /** Keys of the connector in YAML, besides its id; ports by name. */
  readonly yaml?: string;
  readonly action: string;
  readonly payload?: JsonObject;
  readonly options?: CallOptions;
  readonly code: ErrorCode;
  readonly culprit: Blame;
}

const remote = (path: string, more = ''): Pick<Fault, 'yaml' | 'action' | 'payload'> => ({
  yaml: `host: 127.0.0.1, port: REMOTE${more}`,
  action: 'ask',
  payload: { path },
});

const FAULTS: readonly Fault[] = [
  { place: 'worker', id: 'dies', action: 'crash', code: 'WORKER_LOST', culprit: 'plugin' },
  {
    place: 'worker',
    id: 'spins',
    yaml: 'limits: { timeout: 300ms }',
    action: 'spin',
    code: 'TIMEOUT',
    culprit: 'plugin',
  },
  {
    place: 'worker',
    id: 'fills',
    yaml: 'limits: { memory_mb: 48 }',
    action: 'fill',
    code: 'WORKER_LOST',
    culprit: 'plugin',
  },
  { place: 'worker', id: 'throws', action: 'fail', code: 'INTERNAL_ERROR', culprit: 'plugin' },
  { place: 'worker', id: 'garbles', action: 'garble', code: 'INTERNAL_ERROR', culprit: 'plugin' },
  {
    place: 'configuration',
    id: 'no-secret',
    yaml: 'settings: { token: "secretref://env/default/NOT_SET" }',
    action: 'work',
    code: 'CONFIG_INVALID',
    culprit: 'operator',
  },
  {
    place: 'configuration',
    id: 'no-kind',
    yaml: 'kind: nowhere',
    action: 'work',
    code: 'UNAVAILABLE',
    culprit: 'operator',
  },
  {
    place: 'configuration',
    id: 'no-host',
    action: 'ask',
    payload: { path: '/' },
    code: 'CONFIG_INVALID',
    culprit: 'operator',
  },
  { place: 'credentials', id: 'refused-token', ...remote('/401'), code: 'AUTH_FAILED', culprit: 'operator' },
  { place: 'credentials', id: 'too-few-rights', ...remote('/403'), code: 'FORBIDDEN', culprit: 'operator' },
  {
    place: 'network',
    id: 'nobody-listens',
    yaml: 'host: 127.0.0.1, port: CLOSED',
    action: 'ask',
    payload: { path: '/' },
    code: 'TRANSIENT_NETWORK',
    culprit: 'remote',
  },
  {
    place: 'network',
    id: 'wrong-name',
    yaml: 'host: no-such-host.invalid',
    action: 'ask',
    payload: { path: '/' },
    code: 'TRANSIENT_NETWORK',
    culprit: 'operator',
  },
  {
    place: 'network',
    id: 'denied',
    yaml: 'host: 169.254.169.254',
    action: 'ask',
    payload: { path: '/' },
    code: 'FORBIDDEN',
    culprit: 'operator',
  },
  { place: 'network', id: 'breaks-off', ...remote('/drop'), code: 'TRANSIENT_NETWORK', culprit: 'remote' },
  { place: 'remote', id: 'broken', ...remote('/500'), code: 'UPSTREAM_5XX', culprit: 'remote' },
  { place: 'remote', id: 'throttles', ...remote('/429'), code: 'RATE_LIMITED', culprit: 'remote' },
  {
    place: 'remote',
    id: 'hangs',
    ...remote('/never', ', limits: { timeout: 300ms }'),
    code: 'TIMEOUT',
    culprit: 'remote',
  },
  { place: 'remote', id: 'no-json', ...remote('/text'), code: 'UPSTREAM_5XX', culprit: 'remote' },
  {
    place: 'gateway',
    id: 'bad-gateway',
    yaml: 'host: 127.0.0.1, port: GATEWAY',
    action: 'ask',
    payload: { path: '/' },
    code: 'UPSTREAM_5XX',
    culprit: 'remote',
  },
  {
    place: 'gateway',
    id: 'proxy-is-down',
    yaml: 'host: api.test, proxy: "http://127.0.0.1:CLOSED"',
    action: 'ask',
    payload: { path: '/' },
    code: 'TRANSIENT_NETWORK',
    culprit: 'operator',
  },
  {
    place: 'gateway',
    id: 'proxy-refuses',
    yaml: 'host: api.test, proxy: "http://127.0.0.1:PROXY"',
    action: 'ask',
    payload: { path: '/' },
    code: 'AUTH_FAILED',
    culprit: 'operator',
  },
  {
    place: 'caller',
    id: 'wrong-input',
    action: 'work',
    payload: { text: 1 },
    code: 'INVALID_INPUT',
    culprit: 'caller',
  },
  { place: 'caller', id: 'wrong-action', action: 'dance', code: 'INVALID_INPUT', culprit: 'caller' },
  {
    place: 'caller',
    id: 'no-patience',
    action: 'wait',
    payload: { ms: 60_000 },
    options: { timeoutMs: 300 },
    code: 'TIMEOUT',
    culprit: 'caller',
  },
];

const servers: FakeService[] = [];
let host: SandboxHost;
let doors: Readonly<Record<string, ConnectorService>>;

async function serve(path: string | RegExp, reply: Parameters<FakeService['on']>[2]): Promise<FakeService> {
  const server = await FakeService.start();
  servers.push(server);
  server.on('GET', path, reply);
  return server;
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

beforeAll(async () => {
  const real = await serve('/401', { status: 401, text: 'who are you' });
  for (const status of [403, 429, 500]) real.on('GET', `/${status}`, { status, headers: { 'retry-after': '120' } });
  real.on('GET', '/text', { text: '<html>' });
  real.on('GET', '/never', { drop: 'never' });
  real.on('GET', '/drop', { drop: 'request' });
  const gateway = await serve(/./, { status: 502, text: '<html><h1>502 Bad Gateway</h1></html>' });
  const proxy = await serve(/./, { status: 407, text: 'who are you' });
  const ports = {
    REMOTE: real.endpoint.port,
    GATEWAY: gateway.endpoint.port,
    PROXY: proxy.endpoint.port,
    CLOSED: await closedPort(),
  };
  const usual = 'retry: { attempts: 1 }, health_check: { enabled: false }';
  const lines = FAULTS.map(({ id, yaml = '' }) => {
    const own = yaml.replace(/REMOTE|GATEWAY|PROXY|CLOSED/, (name) => String(ports[name as keyof typeof ports]));
    const kind = own.includes('kind:') ? '' : 'kind: troubled, ';
    return `  - { id: ${id}, ${kind}${usual}${own === '' ? '' : `, ${own}`} }`;
  });
  host = await SandboxHost.open({
    kinds: [],
    yaml: `connectors:\n${lines.join('\n')}\n`,
    env: { HEALTH_INTERVAL: '500h' },
    prepare: async (sandbox) => {
      const source = await readFile(join(import.meta.dirname, '../fixtures/connectors/troubled.js'), 'utf8');
      await sandbox.addConnector({ kind: 'troubled', source });
    },
  });
  doors = {
    'in process': host.service,
    gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
    REST: openRestBackend(host.host.httpAddress ?? ''),
    'command line': openCommandLineDoor(host.sandbox.root),
  };
}, 60_000);
afterAll(async () => {
  await doors?.['gRPC']?.close();
  await host?.[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

const metricsText = async (): Promise<string> => (await fetch(`${host.host.httpAddress}/metrics`)).text();

/** Who is blamed for the calls of a connector that failed, by the metrics. */
async function blamedByMetrics(connector: string): Promise<Readonly<Record<string, number>>> {
  const samples =
    parseExposition(await metricsText()).get('automate_calls_total')?.samples ?? new Map<string, number>();
  const blamed: Record<string, number> = {};
  for (const [series, count] of samples) {
    const [, blame = ''] = /blame="(\w+)"/.exec(series) ?? [];
    if (!series.includes(`connector="${connector}"`) || blame === 'none') continue;
    blamed[blame] = (blamed[blame] ?? 0) + count;
  }
  return blamed;
}

it('are put at each place', () => {
  expect(new Set(FAULTS.map(({ place }) => place)).size).toBe(7);
  expect(FAULTS.length).toBeGreaterThanOrEqual(12);
});

describe.each(FAULTS)(
  'a fault of the $place: $id',
  ({ place, id, action, payload = {}, options = {}, code, culprit }) => {
    it(`is the ${culprit}'s, by every door, the metrics and the ledger`, async () => {
      // A process for each call takes its time: the command line is asked for one fault of each place.
      const isFirst = FAULTS.find((each) => each.place === place)?.id === id;
      const asked = Object.entries(doors).filter(([door]) => isFirst || door !== 'command line');
      for (const [door, service] of asked) {
        // What ended a worker before must not keep the next call from it.
        await host.service.test(id).catch(() => undefined);
        const told = await service.execute({ id, action, payload }, options).catch((reason: unknown) => reason);
        if (!ConnectorError.is(told)) throw new Error(`${door} answered ${JSON.stringify(told)}`);
        expect([door, told.code, told.blame]).toStrictEqual([door, code, culprit]);
      }
      expect(await blamedByMetrics(id)).toStrictEqual({ [culprit]: asked.length });
      for (const [, service] of asked) {
        const { entries } = await service.blame();
        const own = entries.filter(({ connector }) => connector === id);
        expect(own.length).toBeGreaterThan(0);
        expect(own.map(({ blame }) => blame)).toStrictEqual(own.map(() => culprit));
      }
    }, 60_000);
  },
);
