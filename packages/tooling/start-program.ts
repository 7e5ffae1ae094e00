import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { closedPort } from '@automate/testing';

/** The user `nobody`, for programs that do not run as root. */
const NOBODY = 65_534;
/** Less than Jest's patience, so that the program's own words are what fails the test. */
const READY_WITHIN_MS = 90_000;
const TRY_MS = 10_000;
const BETWEEN_TRIES_MS = 30;
const GRACE_MS = 30_000;
const PLACES = 3;
const LAST_LINES = 40;

/** A temporary folder and a free port of 127.0.0.1, for one program. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Writes a file that the program's user alone may read, and gives its path. */
  write(name: string, text: string): string;
  /** Runs another program in the folder to its end, as the same user; rejects with what it printed unless it succeeds. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<void>;
}

/** One look at whether a program is ready. */
export interface Trial extends Place {
  /** Aborted when the look has taken ten seconds. */
  readonly signal: AbortSignal;
  readonly output: Output;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly command: string;
  /** Writes what the program needs and gives its arguments. Called again, for another place, when the port was taken. */
  readonly setUp: (place: Place) => readonly string[] | Promise<readonly string[]>;
  /** Asked until it says true. A rejection, and no answer in ten seconds, are a no. */
  readonly isReady: (trial: Trial) => boolean | Promise<boolean>;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: that of the test. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the place's folder. */
  readonly cwd?: string;
  /** It runs as `nobody` where the test runs as root. */
  readonly refusesRoot?: boolean;
  /** Milliseconds until it must be ready. Default: a minute and a half. */
  readonly readyWithinMs?: number;
  /** Milliseconds that it may take to heed a signal before it is killed. Default: half a minute. */
  readonly graceMs?: number;
}

/** A program in a process group of its own, which ends with it, and at the latest with the test. */
export interface Program {
  readonly folder: string;
  readonly port: number;
  /** What the process that runs, or ran last, has printed so far. */
  readonly output: Output;
  readonly child: ChildProcess;
  /** Sends the signal, by default SIGTERM, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same place, and waits until it is ready. */
  restart(): Promise<void>;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

/** Starts a program and waits until it is ready. Rejects with its last words, and leaves nothing behind, if it never is. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  for (let attempt = 1; ; attempt += 1) {
    const place = await findPlace(options);
    try {
      const args = await options.setUp(place);
      let running = await launch(options, place, args);
      return {
        folder: place.folder,
        port: place.port,
        get output() {
          return readOutput(place);
        },
        get child() {
          return running.child;
        },
        stop: (signal = 'SIGTERM') => running.stop(signal),
        async restart() {
          running = await launch(options, place, args);
        },
        async close() {
          await running.stop('SIGKILL');
          remove(place);
        },
      };
    } catch (error) {
      remove(place);
      if (attempt === PLACES || !/address already in use|EADDRINUSE/i.test(String(error))) throw error;
    }
  }
}

/** For `isReady`: something listens at the port. */
export async function listens({ port, signal }: Trial): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', signal });
  await once(socket, 'connect');
  socket.destroy();
  return true;
}

/** For `isReady`: the path is answered with 200, or with 401 by a server that asks for a password. */
export const answers =
  (path: string) =>
  async ({ port, signal }: Trial): Promise<boolean> => {
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
    return status === 200 || status === 401;
  };

async function findPlace({ port, refusesRoot = false }: ProgramOptions): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'automate-program-'));
  const identity = identityOf(refusesRoot);
  const own = (path: string): string => {
    if (identity !== undefined) chownSync(path, identity.uid, identity.gid);
    return path;
  };
  own(folder);
  return {
    folder,
    port: port ?? (await closedPort()),
    write(name, text) {
      const file = join(folder, name);
      writeFileSync(file, text, { mode: 0o600 });
      return own(file);
    },
    async run(command, args, env = process.env) {
      // Nothing else of the test may stand still meanwhile.
      await promisify(execFile)(command, args, { cwd: folder, env, timeout: READY_WITHIN_MS, ...identity });
    },
  };
}

const identityOf = (refusesRoot: boolean): { readonly uid: number; readonly gid: number } | undefined =>
  refusesRoot && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;

interface Running {
  readonly child: ChildProcess;
  stop(signal: NodeJS.Signals): Promise<void>;
}

async function launch(options: ProgramOptions, place: Place, args: readonly string[]): Promise<Running> {
  const { command, env, cwd = place.folder, refusesRoot = false, graceMs = GRACE_MS } = options;
  // Files, since a full pipe would make the program wait for a test that waits for it.
  const streams = [openSync(join(place.folder, 'stdout'), 'w'), openSync(join(place.folder, 'stderr'), 'w')];
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', ...streams],
    ...identityOf(refusesRoot),
  });
  streams.forEach(closeSync);
  const ended = Promise.withResolvers<string>();
  child.once('error', (error) => ended.resolve(`cannot be started: ${error.message}`));
  child.once('exit', (code, signal) => ended.resolve(`ended with ${signal ?? `exit code ${code}`}`));
  const { pid } = child;
  if (pid !== undefined) endWithTest(child, pid);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (pid === undefined || (await within(ended.promise, 0)) !== undefined) return;
    child.ref();
    child.kill(signal);
    if ((await within(ended.promise, graceMs)) !== undefined) return;
    killGroup(pid);
    if ((await within(ended.promise, GRACE_MS)) === undefined) throw new Error(`${command} (${pid}) cannot be killed`);
  };
  const trouble = await untilReady(options, place, ended.promise);
  if (trouble === undefined) return { child, stop };
  await stop('SIGKILL');
  const { stdout, stderr } = readOutput(place);
  const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-LAST_LINES);
  throw new Error(`${command} ${trouble}; its last lines:\n${lines.join('\n')}`);
}

/** What went wrong; undefined when the program is ready. */
async function untilReady(options: ProgramOptions, place: Place, ended: Promise<string>): Promise<string | undefined> {
  const { isReady, readyWithinMs = READY_WITHIN_MS } = options;
  const overdue = AbortSignal.timeout(readyWithinMs);
  let last = '';
  while (!overdue.aborted) {
    const late = AbortSignal.any([overdue, AbortSignal.timeout(TRY_MS)]);
    const trial = { ...place, signal: late, output: readOutput(place) };
    const look = (async () => isReady(trial))().catch((error: unknown) => (last = String(error)));
    const aborted = new Promise<false>((resolve) => late.addEventListener('abort', () => resolve(false)));
    const found = await Promise.race([look, aborted, ended.then((end) => ({ end }))]);
    if (typeof found === 'object') return found.end;
    if (found === true) return undefined;
    await sleep(BETWEEN_TRIES_MS);
  }
  return `is not ready after ${readyWithinMs} ms${last && ` (${last})`}`;
}

/** However the test ends, the program's group does too; and a program that is left does not keep the test alive. */
function endWithTest(child: ChildProcess, pid: number): void {
  const script = 'read _; kill -9 "-$1"';
  const keeper = spawn('sh', ['-c', script, 'sh', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('exit', () => {
    keeper.kill('SIGKILL');
    killGroup(pid);
  });
  child.unref();
  keeper.unref();
  (keeper.stdin as unknown as { unref(): void }).unref();
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

/** What the promise gives, or undefined when it takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController();
  const timer = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, timer]);
  } finally {
    over.abort();
  }
}

function readOutput({ folder }: Place): Output {
  const read = (stream: string): string => readFileSync(join(folder, stream), 'utf8');
  return { stdout: read('stdout'), stderr: read('stderr') };
}

function remove({ folder }: Place): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
