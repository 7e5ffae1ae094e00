import { describe, expect, it } from '@jest/globals';
import { ConfigInvalidError } from '@automate/contract';
import type { WorkerConfig } from '../../dist/runtime/runtime.js';
import { RenewableWorker } from '../../src/connectors/renewable-worker.ts';
import type { Bench } from '../runtime/support.ts';
import { configOf, openBench } from '../runtime/support.ts';

const soon = () => ({ deadline: Date.now() + 60_000 });
const given = (token: string): WorkerConfig => ({ config: configOf('stepwise', { token }), settings: { token } });

const over = (bench: Bench, resolve: () => Promise<WorkerConfig>): RenewableWorker =>
  new RenewableWorker({
    entry: undefined,
    resolve,
    takeWithinMs: 10_000,
    warn: () => undefined,
    make: (resolveConfig) => bench.worker('stepwise', { resolveConfig }),
  });

describe('a worker that is doubted', () => {
  it('is renewed once for all who want it, and is not ready before', async () => {
    await using bench = await openBench();
    const rotated = Promise.withResolvers<WorkerConfig>();
    let resolved = 0;
    const worker = over(bench, () => {
      resolved += 1;
      return resolved === 1 ? Promise.resolve(given('old')) : rotated.promise;
    });
    await worker.ensure('ready', soon());
    worker.doubt();
    const first = worker.ensure('ready', soon());
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'initialized' });
    const second = worker.ensure('ready', soon());
    rotated.resolve(given('new'));
    await Promise.all([first, second]);
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'ready' });
    // At the first start, for the renewal, and at the start that it brought.
    expect([resolved, worker.stats().starts]).toEqual([3, 2]);
  });

  it('stays doubted where its renewal fails', async () => {
    await using bench = await openBench();
    const answers = [
      () => given('old'),
      () => {
        throw new ConfigInvalidError('the secret cannot be read');
      },
    ];
    const worker = over(bench, async () => (answers.shift() ?? (() => given('new')))());
    await worker.ensure('ready', soon());
    worker.doubt();
    await expect(worker.ensure('ready', soon())).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'initialized' });
    await worker.ensure('ready', soon());
    expect(worker.stats().starts).toBe(2);
  });
});
