import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ISOLATED, errorOf, execute, openBench, run, until, valueOf } from './support.ts';

describe.each(ISOLATED)('a connector that ends its thread, in the body %s', (body) => {
  it.each([
    ['exit_0', { reason: 'process_exit', exitCode: 0 }],
    ['exit_1', { reason: 'process_exit', exitCode: 1 }],
    ['exit_code', { reason: 'process_exit', exitCode: 3 }],
    ['really_exit', { reason: 'process_exit', exitCode: 2 }],
    ['abort', { reason: 'process_abort' }],
    ['kill', { reason: 'process_kill' }],
    ['reject', { reason: 'unhandled_rejection' }],
    ['reject_text', { reason: 'unhandled_rejection' }],
    ['timer', { reason: 'uncaught_exception' }],
  ])('fails the calls under way with the reason, and the next one finds a new worker: %s', async (action, details) => {
    await using bench = await openBench({ body });
    const worker = bench.worker('exiting');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    // Its deadline lies beyond the test: the death itself is noticed.
    const lost = errorOf(await execute(worker, action, { deadline: Date.now() + 600_000 }));
    expect(lost).toMatchObject({
      code: 'WORKER_LOST',
      effect: 'maybe',
      blame: 'plugin',
      connector: 'exiting',
      details,
    });
    expect(valueOf(await run(worker, 'echo', { payload: '{"a":1}' }))).toStrictEqual({ a: 1 });
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1, state: { phase: 'running', level: 'ready' } });
    expect(bench.crashes).toMatchObject([{ id: 'exiting', error: { details } }]);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is logged with message and stack', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('exiting');
    await run(worker, 'timer');
    const record = bench.logs.find(({ connector, source }) => connector === 'exiting' && source === 'host');
    expect(record?.message).toBe(
      'the worker of connector "exiting" was lost: an exception was not caught: thrown by a timer',
    );
    expect(String(record?.fields?.['stack'])).toContain('exiting.mjs');
  });

  it('is noticed when nobody calls it', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('exiting');
    expect(valueOf(await run(worker, 'timer_later'))).toBe('gone soon');
    await until('the death is noticed', () => bench.crashes.length === 1);
    expect(bench.crashes).toMatchObject([{ error: { details: { reason: 'uncaught_exception' } } }]);
    expect(worker.state()).toMatchObject({
      phase: 'backing-off',
      error: { message: expect.stringContaining('thrown while idle') },
    });
    expect(valueOf(await run(worker, 'echo'))).toStrictEqual({});
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('delivers what it had answered before', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('exiting');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const answered = Array.from({ length: 50 }, (_, n) => execute(worker, 'echo', { payload: `{"n":${n}}` }));
    const killer = execute(worker, 'exit_within_turn');
    expect((await Promise.all(answered)).map(valueOf)).toStrictEqual(Array.from({ length: 50 }, (_, n) => ({ n })));
    expect(errorOf(await killer)).toMatchObject({ code: 'WORKER_LOST' });
  });
});

// What is restricted starts no threads.
describe.each(['thread', 'process'] as const)('the end of a connector, in the body %s', (body) => {
  it.each([
    ['exit_code', { reason: 'process_exit', exitCode: 3 }],
    ['timer', { reason: 'uncaught_exception' }],
    ['reject', { reason: 'unhandled_rejection' }],
  ])('is not waited for where threads of its own are blocked: %s', async (action, details) => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'exits-'));
    const pipe = join(directory.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await using bench = await openBench({ body });
    const worker = bench.worker('exiting');
    try {
      const payload = JSON.stringify({ pipe });
      const lost = errorOf(await run(worker, action, { payload, deadline: Date.now() + 600_000 }));
      expect(lost).toMatchObject({ code: 'WORKER_LOST', details });
      expect(valueOf(await run(worker, 'echo'))).toStrictEqual({});
    } finally {
      // Whoever reads it waits for somebody to open it for writing.
      closeSync(openSync(pipe, 'r+'));
    }
  });
});
