import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@automate/contract';
import type { ConnectorContext } from '@automate/sdk';
import { ConnectorAdapter } from '@automate/sdk';
import { errorOf, execute, openBench, run, until, valueOf } from './support.ts';

const soon = () => ({ deadline: Date.now() + 20_000 });

class LocalAdapter extends ConnectorAdapter {
  readonly name = 'local';
  readonly version = '1.0.0';
  connect(): boolean {
    return true;
  }
  override async execute(action: string): Promise<JsonValue> {
    if (action === 'hang') await new Promise(() => {});
    if (action === 'block') for (const end = performance.now() + 600; performance.now() < end;);
    return { seen: this.context.id, process: process.pid };
  }
}

const local = { isolation: 'none', code: LocalAdapter } as const;

describe('a class that runs in the thread of the host', () => {
  it('is called there', async () => {
    await using bench = await openBench();
    expect(valueOf(await run(bench.worker('local', local), 'any'))).toStrictEqual({
      seen: 'local',
      process: process.pid,
    });
  });

  it('must be an adapter class that can be made', async () => {
    await using bench = await openBench();
    const plain = bench.worker('plain', { isolation: 'none', code: class Plain {} });
    await expect(plain.ensure('described', soon())).rejects.toMatchObject({
      effect: 'none',
      message: expect.stringContaining('what was registered for the kind "plain" must be a class'),
      details: { reason: 'no_adapter' },
    });
    class Unmakeable extends LocalAdapter {
      constructor() {
        super();
        throw new Error('not to be made');
      }
    }
    const unmakeable = bench.worker('unmakeable', { isolation: 'none', code: Unmakeable });
    await expect(unmakeable.ensure('described', soon())).rejects.toMatchObject({
      message: expect.stringContaining('not to be made'),
      details: { reason: 'construct_failed' },
    });
  });

  it('is told that nobody listens any more when it is given up', async () => {
    const contexts: ConnectorContext[] = [];
    class Remembering extends LocalAdapter {
      override initialize(context: ConnectorContext): void {
        contexts.push(context);
      }
    }
    await using bench = await openBench({ graceMs: 100 });
    const worker = bench.worker('local', { isolation: 'none', code: Remembering });
    await worker.ensure('ready', soon());
    const hung = await execute(worker, 'hang', { deadline: Date.now() + 100 });
    expect(errorOf(hung)).toMatchObject({ code: 'TIMEOUT', effect: 'maybe' });
    await until('it was given up', () => bench.crashes.length === 1);
    expect(contexts.map(({ signal }) => signal.aborted)).toStrictEqual([true]);
    expect((await run(worker, 'any')).ok).toBe(true);
    expect(contexts.map(({ signal }) => signal.aborted)).toStrictEqual([true, false]);
  });

  it('is called in no context of whoever brought it to life', async () => {
    const caller = new AsyncLocalStorage<string>();
    class Looking extends LocalAdapter {
      override async execute(): Promise<JsonValue> {
        this.context.logger.info('called');
        return caller.getStore() ?? 'nobody';
      }
    }
    const logged: unknown[] = [];
    const events = {
      onLog: () => void logged.push(caller.getStore()),
      onRecord: () => Promise.resolve('written' as const),
      onCrash: () => {},
      onFault: () => {},
      onState: () => {},
    };
    await using bench = await openBench({ events });
    const worker = bench.worker('local', { isolation: 'none', code: Looking });
    await caller.run('the first', () => worker.ensure('ready', soon()));
    const seen = await caller.run('the second', () => execute(worker, 'any'));
    expect(valueOf(seen)).toBe('nobody');
    await until('its record came', () => logged.length > 0);
    expect(logged).toStrictEqual([undefined]);
  });

  it('is never taken for stuck while it blocks the host, which could not see it either', async () => {
    await using bench = await openBench({ ackMs: 1, graceMs: 20_000 });
    const worker = bench.worker('local', local);
    await worker.ensure('ready', soon());
    const blocking = execute(worker, 'block', { deadline: Date.now() + 50 });
    const beside = execute(worker, 'any');
    expect((await beside).ok).toBe(true);
    await blocking;
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
  });
});
