import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallOptions } from '@automate/contract';
import { CancelledError } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { PlainAdapter } from '../fixtures/plain-adapter.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { DataDirectory } from './fixtures/open-executions.ts';

it('a database that is damaged is named to who asks, and the host goes on; once it is away, so do executions', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    register: [{ kind: 'plain', adapter: PlainAdapter }],
    yaml: 'connectors: [{ id: plain }]',
  });
  const dataDir = join(host.sandbox.root, '.automate');
  writeFileSync(join(dataDir, 'executions.db'), 'no database at all'.repeat(1_000), { mode: 0o600 });
  const start = () => host.service.startExecution({ id: 'plain', action: 'x' });
  await expect(start()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    effect: 'none',
    details: { reason: 'storage_corrupt', file: expect.stringContaining('executions.db') },
  });
  await expect(host.service.execute({ id: 'plain', action: 'x' })).resolves.toMatchObject({ result: 'done' });
  for (const name of readdirSync(dataDir)) if (name.startsWith('executions.db')) rmSync(join(dataDir, name));
  const { id } = await start();
  await eventually(
    () => host.service.getExecution(id),
    ({ status }) => status === 'succeeded',
  );
});

it('a host that cannot reach a store which others can ends its runs before its claims lapse, and not those of a store of its own', async () => {
  using data = new DataDirectory();
  const calls: string[] = [];
  const execute = ({ action }: { readonly action: string }, { signal }: CallOptions = {}) =>
    new Promise<never>((_resolve, reject) => {
      calls.push(action);
      signal?.addEventListener('abort', () => reject(new CancelledError('the caller left', { effect: 'maybe' })));
    });
  const renew = () => new Promise<never>(() => undefined);
  using own = new DataDirectory();
  await using alone = own.open(execute, { over: (store) => ({ ...store, renew }) });
  const goesOn = await alone.executions.startExecution({ id: 'c', action: 'alone' });
  await eventually(() => calls.length === 1);
  await using opened = data.open(execute, { over: (store) => ({ ...store, isRemote: true, renew }) });
  const { executions } = opened;
  const startedAt = performance.now();
  const [place, put] = [
    await executions.startExecution({ id: 'c', action: 'place' }),
    await executions.startExecution({ id: 'c', action: 'put' }),
  ];
  const end = await eventually(
    () => executions.getExecution(place.id),
    ({ status }) => status !== 'queued' && status !== 'running',
  );
  expect(end).toMatchObject({
    status: 'unknown',
    error: { code: 'OUTCOME_UNKNOWN', details: { reason: 'lease_lost' } },
  });
  expect(performance.now() - startedAt).toBeGreaterThan(2_000);
  await eventually(() => calls.filter((action) => action === 'put').length === 2);
  expect(await executions.getExecution(put.id)).toMatchObject({ status: 'running', attempts: 2 });
  expect(calls.filter((action) => action === 'place')).toHaveLength(1);
  expect(await alone.executions.getExecution(goesOn.id)).toMatchObject({ status: 'running', attempts: 1 });
});
