import { describe, expect, it } from '@jest/globals';
import type { ConnectorService, Principal, Scope } from '@automate/contract';
import { ConnectorError, LOCAL_PRINCIPAL } from '@automate/contract';
import { authorise } from '../../dist/access/authorise.js';
import type { Operation } from '../../dist/access/operations.js';
import { OPERATIONS } from '../../dist/access/operations.js';
import { createHost } from '../../dist/create-host.js';
import { PlainAdapter } from '../fixtures/plain-adapter.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

/** A host without doors that knows the connectors x and y, and the same service as only its callers may use it. */
async function openAuthorised() {
  const cwd = mkdtempSync(join(tmpdir(), 'access-'));
  writeFileSync(join(cwd, 'package.json'), '{}');
  const logTo = new PassThrough().resume();
  const host = await createHost({
    cwd,
    env: {},
    serve: false,
    logTo,
    kinds: [{ kind: 'plain', adapter: PlainAdapter }],
  });
  for (const id of ['x', 'y']) await host.service.register({ id, kind: 'plain' });
  return {
    service: authorise(host.service, {}),
    async [Symbol.asyncDispose]() {
      await host.close();
      rmSync(cwd, { recursive: true });
    },
  };
}

const as = (...scopes: Scope[]): { principal: Principal } => ({ principal: { name: 'ci', scopes } });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (reason) {
    return ConnectorError.from(reason).code;
  }
}

/** One call of every operation, on the connector x. Total by type, as the table of scopes is. */
const CALLS: { readonly [Name in Operation]: (service: ConnectorService, options?: object) => Promise<unknown> } = {
  list: (service, options) => service.list({}, options),
  get: (service, options) => service.get('x', options),
  describe: (service, options) => service.describe('x', options),
  register: (service, options) => service.register({ id: 'new', kind: 'plain' }, options),
  update: (service, options) => service.update({ id: 'x', kind: 'plain' }, options),
  remove: (service, options) => service.remove('x', options),
  healthCheck: (service, options) => service.healthCheck('x', options),
  healthCheckAll: (service, options) => service.healthCheckAll({}, options),
  test: (service, options) => service.test('x', options),
  execute: (service, options) => service.execute({ id: 'x', action: 'a' }, options),
  executeText: (service, options) => service.executeText({ id: 'x', action: 'a', payload: '{}' }, options),
  getOutcome: (service, options) => service.getOutcome('x', 'k', options),
  clearOutcome: (service, options) => service.clearOutcome('x', 'k', options),
  createToken: (service, options) => service.createToken({ name: 'new', scopes: ['read'] }, options),
  listTokens: (service, options) => service.listTokens(options),
  revokeToken: (service, options) => service.revokeToken('nobody', options),
  watch: (service, options) => service.watch(options)[Symbol.asyncIterator]().next(),
  plugins: (service, options) => service.plugins(options),
  rescanPlugins: (service, options) => service.rescanPlugins(options),
  describeKind: (service, options) => service.describeKind('plain', options),
  listSecrets: (service, options) => service.listSecrets(options),
  setSecret: (service, options) => service.setSecret({ namespace: 'a', name: 'b', value: 'c' }, options),
  removeSecret: (service, options) => service.removeSecret({ namespace: 'a', name: 'b' }, options),
  listProfiles: (service, options) => service.listProfiles(options),
  setProfile: (service, options) => service.setProfile({ name: 'new', kind: 'plain' }, options),
  removeProfile: (service, options) => service.removeProfile('nobody', options),
  getStats: (service, options) => service.getStats(options),
  blame: (service, options) => service.blame(options),
  listAudit: (service, options) => service.listAudit({}, options),
  verifyAudit: (service, options) => service.verifyAudit(undefined, options),
  pause: (service, options) => service.pause('x', options),
  resume: (service, options) => service.resume('x', options),
  restart: (service, options) => service.restart('x', options),
  enable: (service, options) => service.enable('x', options),
  disable: (service, options) => service.disable('x', options),
  planConfig: (service, options) => service.planConfig({}, options),
  applyConfig: (service, options) => service.applyConfig({}, options),
  exportConfig: (service, options) => service.exportConfig(options),
  startExecution: (service, options) => service.startExecution({ id: 'x', action: 'a' }, options),
  getExecution: (service, options) => service.getExecution('nope', options),
  listExecutions: (service, options) => service.listExecutions({}, options),
  cancelExecution: (service, options) => service.cancelExecution('nope', options),
  rerunExecution: (service, options) => service.rerunExecution('nope', options),
  watchExecution: (service, options) => service.watchExecution('nope', options)[Symbol.asyncIterator]().next(),
  setSchedule: (service, options) =>
    service.setSchedule({ name: 's', id: 'x', action: 'a', cron: '0 0 1 1 *' }, options),
  listSchedules: (service, options) => service.listSchedules(options),
  pauseSchedule: (service, options) => service.pauseSchedule('nope', options),
  resumeSchedule: (service, options) => service.resumeSchedule('nope', options),
  removeSchedule: (service, options) => service.removeSchedule('nope', options),
  readLogs: (service, options) => service.readLogs({}, options),
  followLogs: (service, options) => service.followLogs({}, options)[Symbol.asyncIterator]().next(),
  setLogLevel: (service, options) => service.setLogLevel('x', 'debug', options),
  listCalls: (service, options) => service.listCalls('x', {}, options),
  getStatus: (service, options) => service.getStatus(options),
  listHosts: (service, options) => service.listHosts(options),
  drainHost: (service, options) => service.drainHost('b', options),
  undrainHost: (service, options) => service.undrainHost('b', options),
  receiveWebhook: (service, options) => service.receiveWebhook('x', { headers: {}, body: Buffer.alloc(0) }, options),
  listHealthHistory: (service, options) => service.listHealthHistory('x', options),
};

/** The least that lets each in. */
const LEAST: { readonly [Need in (typeof OPERATIONS)[Operation]['needs']]: Scope } = {
  read: 'read',
  manage: 'manage',
  secrets: 'secrets',
  admin: 'admin',
  call: 'execute:x/a',
  calls: 'execute:x/other',
  own: 'execute:y/other',
  sight: 'execute:x/other',
  listing: 'execute:x/other',
};

/** What else lets each in. */
const MORE: { readonly [Need in (typeof OPERATIONS)[Operation]['needs']]: readonly Scope[] } = {
  read: ['read'],
  manage: ['manage'],
  secrets: ['secrets'],
  admin: [],
  call: ['execute'],
  calls: ['execute'],
  own: ['execute', 'execute:xx', 'execute:xx/a', 'execute:y/a'],
  sight: ['read', 'execute'],
  listing: ['read', 'execute', 'execute:xx', 'execute:xx/a', 'execute:y/a'],
};

const operations = Object.entries(CALLS) as [Operation, (typeof CALLS)[Operation]][];

describe('every operation', () => {
  it.each(operations)('%s is refused to who does not say who calls', async (_name, call) => {
    await using host = await openAuthorised();
    await expect(call(host.service)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each(operations)(
    '%s is refused to who has every other scope, naming the one that is missing',
    async (name, call) => {
      await using host = await openAuthorised();
      const need = OPERATIONS[name].needs;
      // Scopes for connectors whose ids begin as this one's does are for those alone.
      const all: readonly Scope[] = [
        'read',
        'execute',
        'manage',
        'secrets',
        'execute:xx',
        'execute:xx/a',
        'execute:y/a',
      ];
      const others = all.filter((scope) => !MORE[need].includes(scope));
      const refused = await call(host.service, as(...others)).catch((reason: unknown) => reason);
      const scope =
        need === 'call'
          ? 'execute:x/a'
          : need === 'calls'
            ? 'execute:x'
            : need === 'own'
              ? 'execute'
              : /sight|listing/.test(need)
                ? 'read'
                : need;
      expect(refused).toMatchObject({
        code: 'PERMISSION_DENIED',
        effect: 'none',
        retryable: false,
        blame: 'caller',
        details: { reason: 'scope_missing', scope },
        message: expect.stringContaining(`"ci" lacks the scope ${scope}`),
      });
    },
  );

  it.each(operations)('%s is done for who has the least that it needs, and for admin', async (name, call) => {
    await using host = await openAuthorised();
    const missing =
      /Outcome|(get|cancel|rerun|watch)Execution|(pause|resume|remove)Schedule|revokeToken|removeSecret|removeProfile|drainHost|undrainHost/.test(
        name,
      );
    const expected = missing ? 'NOT_FOUND' : name.endsWith('Audit') ? 'UNAVAILABLE' : 'done';
    expect(await codeOf(call(host.service, as(LEAST[OPERATIONS[name].needs])))).toBe(expected);
    await using another = await openAuthorised();
    expect(await codeOf(call(another.service, as('admin')))).toBe(expected);
  });
});

it('does not compile where an operation has no row', () => {
  const { list: _list, ...rest } = OPERATIONS;
  // @ts-expect-error list is missing
  const incomplete: typeof OPERATIONS = rest;
  expect(Object.keys(incomplete).length + 1).toBe(Object.keys(OPERATIONS).length);
});

it.each<Scope>(['read', 'execute'])('who has the scope %s sees all connectors, and hears of all', async (scope) => {
  await using host = await openAuthorised();
  const { service } = host;
  const options = as(scope);
  expect((await service.list({}, options)).map(({ id }) => id)).toEqual(['x', 'y']);
  for (const cached of [true, false])
    expect(Object.keys(await service.healthCheckAll({ cached }, options)).toSorted()).toEqual(['x', 'y']);
  const heard: string[] = [];
  for await (const event of service.watch(options)) {
    if (event.kind === 'synced') break;
    heard.push('connector' in event ? event.connector.id : event.id);
  }
  expect(heard.toSorted()).toEqual(['x', 'y']);
});

describe('a caller who may execute one connector alone', () => {
  it.each<Scope>(['execute:x', 'execute:x/a'])('sees that one alone: %s', async (scope) => {
    await using host = await openAuthorised();
    const { service } = host;
    const options = as(scope);
    expect((await service.list({}, options)).map(({ id }) => id)).toEqual(['x']);
    expect(Object.keys(await service.healthCheckAll({ cached: true }, options))).toEqual(['x']);
    expect(Object.keys(await service.healthCheckAll({}, options))).toEqual(['x']);
    for (const ask of [service.get('y', options), service.describe('y', options), service.healthCheck('y', options)])
      expect(await codeOf(ask)).toBe('PERMISSION_DENIED');
    // Nor does it learn which others there are.
    expect(await codeOf(service.get('nobody', options))).toBe('PERMISSION_DENIED');
  });

  it('is told of the changes of that one alone', async () => {
    await using host = await openAuthorised();
    const { service } = host;
    const seen: string[] = [];
    for await (const event of service.watch(as('execute:x'))) {
      seen.push(`${event.kind} ${event.kind === 'synced' ? '' : 'connector' in event ? event.connector.id : event.id}`);
      if (event.kind === 'synced') {
        const options = { principal: LOCAL_PRINCIPAL };
        await service.remove('y', options);
        await service.register({ id: 'z', kind: 'plain' }, options);
        await service.remove('x', options);
      }
      if (event.kind === 'removed') break;
    }
    expect(seen).toEqual(['added x', 'synced ', 'removed x']);
  });

  it.each<[Scope, string, string, string]>([
    ['execute', 'x', 'a', 'done'],
    ['execute:x', 'x', 'a', 'done'],
    ['execute:x/a', 'x', 'a', 'done'],
    ['execute:x/a', 'x', 'b', 'PERMISSION_DENIED'],
    ['execute:x/a', 'y', 'a', 'PERMISSION_DENIED'],
    ['execute:x', 'xx', 'a', 'PERMISSION_DENIED'],
    ['execute:', '', 'a', 'INVALID_INPUT'],
    ['execute:x', 'X', 'a', 'PERMISSION_DENIED'],
  ])('with %s: %s/%s is %s', async (scope, id, action, expected) => {
    await using host = await openAuthorised();
    expect(await codeOf(host.service.execute({ id, action }, as(scope)))).toBe(expected);
  });
});
