import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import type { ProgramOptions } from '@automate/tooling/start-program';
import { listens, startProgram } from '@automate/tooling/start-program';

const LISTEN = "require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1');";

/** A program in JavaScript, which finds its port in `process.argv[1]`. */
const script = (text: string): Pick<ProgramOptions, 'command' | 'setUp' | 'isReady'> => ({
  command: process.execPath,
  setUp: ({ port }) => ['-e', text, String(port)],
  isReady: listens,
});

/** One that has ended and is not yet waited for does not count. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await Promise.try(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).catch(() => ' Z ');
  return !/ [ZX] /.test(stat);
}
const ends = (pid: number): Promise<boolean> =>
  eventually(
    () => isRunning(pid),
    (running) => !running,
  );

/** Starts a process that outlives its parent, and says its number. */
const LEAVE = "console.log(require('node:child_process').spawn('sleep', ['1000'], { stdio: 'ignore' }).pid);";
const spoken = (text: string): number => Number(/^\d+$/m.exec(text)?.[0]);

describe('a program that a test starts', () => {
  it('is stopped, started again at the same place, and removed with its folder', async () => {
    const program = await startProgram(script(LISTEN));
    const { pid } = program.child;
    await program.stop();
    expect(await isRunning(pid!)).toBe(false);
    await program.restart();
    expect(await listens({ port: program.port } as never)).toBe(true);
    await program.close();
    expect(existsSync(program.folder)).toBe(false);
    await program.close();
  });

  it('fails with its last words when it ends early', async () => {
    const start = startProgram(script("console.log('the cellar'); console.error('is flooded'); process.exitCode = 3;"));
    await expect(start).rejects.toThrow(/ended with exit code 3; its last lines:\nthe cellar\n+is flooded/);
  });

  it('fails when it is not there', async () => {
    const start = startProgram({ ...script(''), command: 'no-such-program' });
    await expect(start).rejects.toThrow('no-such-program cannot be started: spawn no-such-program ENOENT');
  });

  it('fails when it is never ready, though nobody answers the question, and leaves nothing behind', async () => {
    let [said, folder] = ['', ''];
    const start = startProgram({
      ...script(`${LEAVE} ${LISTEN}`),
      isReady: async (trial) => {
        ({ folder } = trial);
        ({ stdout: said } = trial.output);
        return said === '' ? false : new Promise(() => {});
      },
      readyWithinMs: 3000,
    });
    await expect(start).rejects.toThrow(/is not ready after 3000 ms.*its last lines/s);
    expect(existsSync(folder)).toBe(false);
    if (said !== '') await ends(spoken(said));
  });

  it('gets another port when somebody has taken its own', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const ports = [(other.address() as AddressInfo).port];
    const program = await startProgram({
      ...script(LISTEN),
      setUp: ({ port }) => ['-e', LISTEN, String(ports.pop() ?? port)],
      isReady: async (trial) => ports.length === 0 && listens(trial),
    });
    expect(ports).toStrictEqual([]);
    await program.close();
    await once(other.close(), 'close');
  });

  it('is killed when it does not heed a signal', async () => {
    const program = await startProgram({ ...script(`process.on('SIGTERM', () => {}); ${LISTEN}`), graceMs: 1 });
    await program.stop('SIGTERM');
    expect(program.child.signalCode).toBe('SIGKILL');
    await program.close();
  });

  it('takes what it has started with it', async () => {
    const program = await startProgram(script(`${LEAVE} ${LISTEN}`));
    const left = spoken(program.output.stdout);
    await program.stop();
    await ends(left);
    await program.close();
  });

  it('ends with the process that has started it, however that ends, and does not keep it from ending', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'start-program-'));
    const start = join(import.meta.dirname, '..', 'start-program.ts');
    const program = `import { listens, startProgram } from ${JSON.stringify(start)};
      const options = { command: process.execPath, isReady: listens };
      const setUp = ({ port }) => ['-e', ${JSON.stringify(LISTEN)}, String(port)];
      const { child } = await startProgram({ ...options, setUp });
      console.log(child.pid);`;
    for (const end of ['', "process.kill(process.pid, 'SIGKILL');"]) {
      const parent = spawn(process.execPath, ['--input-type=module', '-e', `${program}${end}`], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const chunks: Buffer[] = [];
      parent.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(parent, 'close');
      await ends(spoken(Buffer.concat(chunks).toString()));
    }
    rmSync(folder, { recursive: true });
  });
});
