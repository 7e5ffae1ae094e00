import { ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../process-entry.js', import.meta.url));

/** Data that Node maps before any of our code runs, with room for its threads: below it, it does not start. Measured: 574 MB (Node 24, x64). */
const NODE_DATA_MB = 700;

/** Variables that say how a process as a whole behaves. A thread has the host's way without seeing them, so has a child. */
const SURROUNDINGS = [
  'TZ',
  'LANG',
  'LC_ALL',
  'LC_MESSAGES',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
] as const;

/**
 * Starts a child process that waits for its task on descriptor 3: nothing else of the environment, a process group of its own, and as many
 * walls as the system has. It ends with its host, however that ends. One that cannot be started has no `pid`, streams that
 * are closed, and says why in its `error` event, whatever the system lacks.
 *
 * @param memoryMb of its heap; twice as much of all data together where the system can bound that
 * @param compileCacheDirectory absent: Node's own place
 */
export function launchChild(memoryMb: number, compileCacheDirectory: string | undefined): ChildProcess {
  const node = [
    process.execPath,
    `--max-old-space-size=${memoryMb}`,
    '--max-semi-space-size=8',
    ENTRY,
    ...(compileCacheDirectory === undefined ? [] : [compileCacheDirectory]),
  ];
  const [command = '', ...args] = [...walls(memoryMb), ...node];
  const child = spawnOrFail(command, args);
  // Where descriptors ran out, Node makes none.
  if ((child.stdio as unknown) === undefined)
    Object.assign(child, { stdio: [null, new Socket().destroy(), new Socket().destroy(), new Socket().destroy()] });
  return child;
}

/** Of what the system lacks, Node throws some and tells the rest in an event: here all is told. */
function spawnOrFail(command: string, args: readonly string[]): ChildProcess {
  try {
    return spawn(command, args, {
      env: Object.fromEntries(SURROUNDINGS.map((name) => [name, process.env[name]])),
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    const child = new ChildProcess();
    process.nextTick(() => child.emit('error', error));
    return child;
  }
}

/** Ends the process and all that it started and that did not leave its group. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

/** Programs that set a bound and then become the child: `prlimit` for memory and core dumps, `setpriv` for the end of the host. */
function walls(memoryMb: number): readonly string[] {
  const prlimit = findTool('prlimit');
  const setpriv = findTool('setpriv');
  const dataBytes = (NODE_DATA_MB + 2 * memoryMb) * 1024 * 1024;
  return [
    ...(prlimit === undefined ? [] : [prlimit, `--data=${dataBytes}`, '--core=0']),
    // Last, as the signal belongs to the process that asked for it.
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL']),
  ];
}

/** Where a tool of util-linux stands. Not looked for along PATH: what runs the connectors is no matter of the environment. */
function findTool(name: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return ['/usr/bin', '/bin'].map((directory) => `${directory}/${name}`).find((path) => existsSync(path));
}
