import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallOptions, ConnectorService, Execution, Scope } from '@automate/contract';
import { connect } from '@automate/client';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { ServedHost } from './fixtures/served-host.ts';

let served: ServedHost;
let tokens: Readonly<Record<'anna' | 'bert' | 'root', string>>;
beforeAll(async () => {
  served = await ServedHost.open({ env: { AUDIT: 'on' } });
  const token = async (name: string, ...scopes: Scope[]) => (await served.service.createToken({ name, scopes })).token;
  tokens = {
    anna: await token('anna', 'execute:x'),
    bert: await token('bert', 'execute:x', 'execute:y/a'),
    root: await token('root', 'admin'),
  };
});
afterAll(() => served[Symbol.asyncDispose]());

const LATER = { action: 'a', runAt: '2999-01-01T00:00:00Z' } as const;
const first = (events: AsyncIterable<Execution>): Promise<unknown> => events[Symbol.asyncIterator]().next();

/** All that can be asked of one execution. */
const ASKS: Readonly<
  Record<string, (service: ConnectorService, id: string, options?: CallOptions) => Promise<unknown>>
> = {
  get: (service, id, options) => service.getExecution(id, options),
  watch: (service, id, options) => first(service.watchExecution(id, options)),
  rerun: (service, id, options) => service.rerunExecution(id, options),
  cancel: (service, id, options) => service.cancelExecution(id, options),
};
const DOORS = {
  gRPC: (token: string) => connect({ address: served.host.grpcAddress ?? '', token }),
  REST: async (token: string) => openRestBackend(served.host.httpAddress ?? '', token),
} as const;

describe.each(Object.entries(DOORS))('executions over %s', (_door, open) => {
  it.each(Object.entries(ASKS))(
    '%s: those of another caller are not there, and an admin has all',
    async (ask, call) => {
      await using anna = await open(tokens.anna);
      await using bert = await open(tokens.bert);
      await using root = await open(tokens.root);
      const { id, principal } = await anna.startExecution({ id: 'x', ...LATER });
      expect(principal).toBe('anna');
      if (ask === 'rerun') await anna.cancelExecution(id);
      const strange = { code: 'NOT_FOUND', details: { reason: 'unknown_execution' } };
      await expect(call(bert, id)).rejects.toMatchObject(strange);
      await call(root, id);
    },
  );

  it('are listed to whoever started them, and to an admin', async () => {
    await using anna = await open(tokens.anna);
    await using bert = await open(tokens.bert);
    await using root = await open(tokens.root);
    const { id } = await bert.startExecution({ id: 'y', ...LATER });
    const idsOf = async (service: ConnectorService, principal?: string) =>
      (await service.listExecutions(principal === undefined ? {} : { principal })).executions.map((each) => each.id);
    expect(await idsOf(anna)).not.toContain(id);
    expect(await idsOf(bert)).toContain(id);
    expect(await idsOf(root)).toContain(id);
    expect(await idsOf(root, 'anna')).not.toContain(id);
    await expect(idsOf(anna, 'bert')).rejects.toMatchObject({ code: 'PERMISSION_DENIED', details: { scope: 'admin' } });
  });

  it('are for whom the call is for', async () => {
    await using anna = await open(tokens.anna);
    await expect(anna.startExecution({ id: 'y', ...LATER })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { scope: 'execute:y/a' },
    });
  });
});

describe('a caller who has lost the scope for its connector', () => {
  const as = (...scopes: Scope[]): CallOptions => ({ principal: { name: 'carl', scopes } });

  it.each(Object.entries(ASKS))('does nothing any more with its executions of it: %s', async (ask, call) => {
    const { service } = served;
    const { id } = await service.startExecution({ id: 'x', ...LATER }, as('execute:x'));
    if (ask === 'rerun') await service.cancelExecution(id, as('execute:x'));
    await expect(call(service, id, as('execute:y'))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { scope: ask === 'rerun' ? 'execute:x/a' : 'execute:x' },
    });
    const { executions } = await service.listExecutions({}, as('execute:y'));
    expect(executions.filter(({ connector }) => connector === 'x')).toEqual([]);
    await call(service, id, as('execute:x/a'));
  });

  it('does not run another action again than it may call', async () => {
    const { service } = served;
    const { id } = await service.startExecution({ id: 'x', ...LATER }, as('execute:x'));
    await service.cancelExecution(id, as('execute:x'));
    await expect(service.rerunExecution(id, as('execute:x/b'))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { scope: 'execute:x/a' },
    });
  });
});

describe('schedules', () => {
  const yearly = { action: 'a', cron: '0 0 1 1 *' } as const;

  it.each(Object.entries(DOORS))('over %s are of whoever set them, and an admin has all', async (door, open) => {
    await using anna = await open(tokens.anna);
    await using bert = await open(tokens.bert);
    await using root = await open(tokens.root);
    const name = `yearly-${door}`;
    expect(await anna.setSchedule({ ...yearly, name, id: 'x' })).toMatchObject({ name, principal: 'anna' });
    await expect(bert.setSchedule({ ...yearly, name, id: 'x' })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      details: { reason: 'schedule_taken' },
    });
    const strange = { code: 'NOT_FOUND', details: { reason: 'unknown_schedule' } };
    for (const ask of [bert.pauseSchedule(name), bert.resumeSchedule(name), bert.removeSchedule(name)])
      await expect(ask).rejects.toMatchObject(strange);
    const namesOf = async (service: ConnectorService) => (await service.listSchedules()).map((each) => each.name);
    expect([await namesOf(anna), await namesOf(bert)]).toEqual([expect.arrayContaining([name]), []]);
    expect(await namesOf(root)).toContain(name);
    await expect(anna.setSchedule({ ...yearly, name, id: 'y' })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { scope: 'execute:y/a' },
    });
    expect(await root.pauseSchedule(name)).toMatchObject({ principal: 'anna', pausedSince: expect.any(String) });
    await root.removeSchedule(name);
    expect(await namesOf(anna)).not.toContain(name);
  });
});

it.each(Object.entries(DOORS))(
  'over %s a watch ends with the token that opened it, and does not come back',
  async (_door, open) => {
    const { id: tokenId, token } = await served.service.createToken({ name: 'dora', scopes: ['execute:x'] });
    await using dora = await open(token);
    const { id } = await dora.startExecution({ id: 'x', ...LATER });
    const told: string[] = [];
    const over = (async () => {
      for await (const { status } of dora.watchExecution(id)) {
        told.push(status);
        await served.service.revokeToken(tokenId);
      }
    })();
    await expect(over).rejects.toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'token_revoked' } });
    expect(told).toEqual(['queued']);
  },
);

it('is told in the audit who started, cancelled and repeated what', async () => {
  await using root = await connect({ address: served.host.grpcAddress ?? '', token: tokens.root });
  const { id } = await root.startExecution({ id: 'y', ...LATER, idempotencyKey: 'k-1', payload: '{"n":1}' });
  await root.cancelExecution(id);
  await root.rerunExecution(id);
  const recorded = async (operation: string) =>
    (await root.listAudit({ operation, principal: 'root', code: 'OK', limit: 1 })).records[0];
  const { payloadSha256, ...started } = (await recorded('startExecution')) ?? {};
  expect(started).toMatchObject({ connector: 'y', action: 'a', key: 'k-1', door: 'grpc', kind: 'change' });
  expect(payloadSha256).toMatch(/^[0-9a-f]{64}$/);
  for (const operation of ['cancelExecution', 'rerunExecution'])
    expect(await recorded(operation)).toMatchObject({ subject: id, door: 'grpc' });
});
