import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { errorOf, execute, openBench, run, until, valueOf } from './support.ts';

const PROGRAM = fileURLToPath(new URL('./fixtures/embedding-program.mjs', import.meta.url));

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a connector in a process of its own', () => {
  it('is not where the host is, and sees none of its environment', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    const pid = valueOf(await run(worker, 'pid'));
    expect(pid).not.toBe(process.pid);
    expect(valueOf(await execute(worker, 'environment'))).toStrictEqual({});
    await worker.stop();
    expect(isThere(pid as number)).toBe(false);
  });

  it.each([
    ['fill_map', { reason: expect.stringMatching(/^(out_of_memory|memory_exceeded)$/) }],
    ['one_array', { reason: expect.stringMatching(/^(out_of_memory|memory_exceeded)$/) }],
    ['kill_host', { reason: 'process_kill' }],
    ['long_frame', { reason: 'protocol_violation' }],
    ['broken_frame', { reason: 'protocol_violation' }],
    ['forged_answers', { reason: 'protocol_violation' }],
    ['hang_up', { reason: 'protocol_violation' }],
  ])('ends alone, and is there again for the next call: %s', async (action, details) => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    expect(errorOf(await run(worker, action))).toMatchObject({ code: 'WORKER_LOST', blame: 'plugin', details });
    expect(valueOf(await run(worker, 'fine'))).toBe('fine');
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('crashes alone in native code, which is told by its signal', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    const pid = valueOf(await run(worker, 'pid')) as number;
    process.kill(pid, 'SIGSEGV');
    await until('the crash is noticed', () => bench.crashes.length === 1);
    expect(bench.crashes).toMatchObject([
      {
        error: {
          message: 'the worker of connector "unruly" was lost: its process was ended by SIGSEGV',
          details: { reason: 'killed_by_signal' },
        },
      },
    ]);
    expect(valueOf(await run(worker, 'fine'))).toBe('fine');
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is gone at once where a thread would be blocked outside JavaScript', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    const pid = valueOf(await run(worker, 'pid')) as number;
    expect(errorOf(await execute(worker, 'sleep', { deadline: Date.now() + 300 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(valueOf(await run(worker, 'fine'))).toBe('fine');
    await until('its process is gone', () => !isThere(pid));
    expect(worker.stats().abandonedThreads).toBe(0);
  });

  it('takes what it started along', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    const left = valueOf(await run(worker, 'leave_behind')) as number;
    expect(isThere(left)).toBe(true);
    await worker.stop();
    await until('the program that it started is gone', () => !isThere(left));
  });

  it('writes to the log what goes past its console', async () => {
    await using bench = await openBench({ body: 'process' });
    await run(bench.worker('unruly'), 'write_past');
    await until('both lines have come', () => bench.logs.length >= 2);
    expect(bench.logs).toEqual(
      expect.arrayContaining([
        { connector: 'unruly', source: 'stdout', level: 'info', message: 'past the console' },
        { connector: 'unruly', source: 'stderr', level: 'warn', message: 'and past the other' },
      ]),
    );
  });

  it.each(['idle', 'spinning'])('ends with its host, even where that is killed: %s', async (what) => {
    const host = spawn(process.execPath, [PROGRAM, `orphan-${what}`, 'process'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = await new Promise<readonly number[]>((resolve) => {
      createInterface(host.stdout).once('line', (line) => resolve([Number(line)]));
    });
    expect(isThere(pid as number)).toBe(true);
    host.kill('SIGKILL');
    await until('the connector is gone', () => !isThere(pid as number));
  });
});
