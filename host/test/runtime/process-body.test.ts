import { spawn } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { errorOf, execute, ISOLATED, openBench, run, until, valueOf } from './support.ts';

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

  it.each(['thread', 'process'] as const)('may start threads of its own: %s', async (body) => {
    await using bench = await openBench({ body });
    expect(valueOf(await run(bench.worker('unruly'), 'own_threads'))).toBe('started');
  });

  // Where it is restricted it may start no threads.
  it.each(['thread', 'process'] as const)(
    'may register hooks for modules, which Node runs in a thread of its own: %s',
    async (body) => {
      await using bench = await openBench({ body });
      const worker = bench.worker('unruly', { memoryMb: 16 });
      expect(valueOf(await run(worker, 'module_hooks'))).toBe('registered');
    },
  );

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

  it('keeps to a connector’s own rate also past its console, and leaves the others’ alone', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    await run(worker, 'flood_output');
    await until('all has been counted', () => worker.stats().droppedLogLines + bench.logs.length > 200_000);
    expect(bench.logs.length).toBeLessThan(4000);
    expect(bench.logs.every(({ message }) => message.length < 10_000)).toBe(true);
    expect(bench.logs.filter(({ message }) => message.includes('of all connectors together'))).toStrictEqual([]);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('leaves the host time for others, however many lines it writes past its console', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    await run(worker, 'pid');
    const before = bench.neighbourCalls();
    expect(errorOf(await execute(worker, 'flood_for_ever', { deadline: Date.now() + 5000 }))).toMatchObject({
      code: 'TIMEOUT',
    });
    expect(bench.neighbourCalls() - before).toBeGreaterThan(40);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is not read for ever, whoever still holds its output', async () => {
    await using bench = await openBench({ body: 'process' });
    const worker = bench.worker('unruly');
    const left = valueOf(await run(worker, 'leave_group')) as number;
    await until('it is heard', () => bench.logs.some(({ message }) => message === 'still here'));
    await worker.stop();
    await until('it has nobody left to write to', () => !isThere(left), 10_000);
  });

  it.each(['thread', 'process'])(
    'starts when there are descriptors again, and blames the operator as long as not: %s',
    async (body) => {
      const script = 'ulimit -n 128; exec "$0" "$@"';
      const host = spawn('/bin/sh', ['-c', script, process.execPath, PROGRAM, 'starve', body], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const told = ['UNAVAILABLE', 'operator', true, 'none', { reason: 'system_limit' }];
      expect(await text(host.stdout)).toBe(`${JSON.stringify(told)}\n`);
    },
  );

  it.each(ISOLATED)('finds texts in its environment, whatever it put there: %s', async (body) => {
    await using bench = await openBench({ body });
    expect(valueOf(await run(bench.worker('unruly'), 'put_into_environment'))).toStrictEqual({
      NUMBER: '6',
      FLAG: 'true',
    });
  });

  it.each(ISOLATED)('has the time zone, the language and the trusted certificates of the host: %s', async (body) => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'surroundings-'));
    const certificates = join(directory.path, 'extra.pem');
    await writeFile(certificates, rootCertificates.slice(0, 2).join('\n'));
    const host = spawn(process.execPath, [PROGRAM, 'surroundings', body], {
      env: { TZ: 'Asia/Tokyo', LC_ALL: 'de_DE.UTF-8', NODE_EXTRA_CA_CERTS: certificates },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(host.stdout)).toBe('[0,"de-DE","Asia/Tokyo",9,2]\nend\n');
  });

  it.each([
    ['idle', 'process', 'walled'],
    ['spinning', 'process', 'walled'],
    ['deaf', 'process', 'walled'],
    ['program', 'process', 'walled'],
    ['idle', 'process', 'bare'],
    ['spinning', 'process', 'bare'],
    ['deaf', 'process', 'bare'],
    ['program', 'process', 'bare'],
    ['idle', 'restricted', 'walled'],
    ['spinning', 'restricted', 'walled'],
    ['deaf', 'restricted', 'walled'],
    ['spinning', 'restricted', 'bare'],
  ])(
    'ends with its host and with what it started, even where that is killed: %s, %s, %s',
    async (what, level, walls) => {
      const host = spawn(process.execPath, [PROGRAM, `orphan-${what}`, level, walls], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [pid] = await new Promise<readonly number[]>((resolve) => {
        createInterface(host.stdout).once('line', (line) => resolve([Number(line)]));
      });
      expect(isThere(pid as number)).toBe(true);
      host.kill('SIGKILL');
      await until('the connector is gone', () => !isThere(pid as number));
    },
  );
});
