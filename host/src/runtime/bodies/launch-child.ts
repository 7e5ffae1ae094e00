import { ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { readHardLimit } from '../data-room.ts';
import type { GroupGuard } from './group-guard.ts';
import type { Walls } from './walls.ts';

export const PROCESS_ENTRY = fileURLToPath(new URL('../process-entry.js', import.meta.url));

/**
 * Data that Node maps before any of our code runs, with room for its threads: below it, it does not start. Measured: 574 MB (Node 24,
 * x64), and 512 more once hooks for modules are registered, whose thread sets that aside for machine code as nobody can tell it less.
 */
const NODE_DATA_MB = 1228;

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

export interface LaunchOptions {
  /** Of its heap; twice as much of all data together where the system can bound that. */
  readonly memoryMb: number;
  /** Absent: Node's own place. */
  readonly compileCacheDirectory?: string | undefined;
  readonly walls: Walls;
  readonly guard: GroupGuard;
  /** What a child is kept from, besides what every one is. */
  readonly confinement?: Confinement;
}

export interface Confinement {
  /** Of Node. */
  readonly flags: readonly string[];
  /** A command that runs the rest of the line. */
  readonly around: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of `prlimit` and of `setpriv`. */
  readonly limits: readonly string[];
  readonly privileges: readonly string[];
}

const UNCONFINED: Confinement = { flags: [], around: [], env: {}, limits: [], privileges: [] };

/**
 * Starts a child process that answers on descriptor 3 and waits for its task on descriptor 4: nothing else of the environment, a process group of its own, and as many
 * walls as the system has. It ends with its host, however that ends. One that cannot be started has no `pid`, streams that
 * are closed, and says why in its `error` event, whatever the system lacks.
 */
export function launchChild(options: LaunchOptions): ChildProcess {
  const { memoryMb, compileCacheDirectory, confinement = UNCONFINED } = options;
  const node = [
    process.execPath,
    `--max-old-space-size=${memoryMb}`,
    '--max-semi-space-size=8',
    ...confinement.flags,
    PROCESS_ENTRY,
    ...(compileCacheDirectory === undefined ? [] : [compileCacheDirectory]),
  ];
  const [command = '', ...args] = [...confinement.around, ...bounds(options, confinement), ...node];
  const child = startChild(() =>
    spawn(command, args, {
      env: { ...Object.fromEntries(SURROUNDINGS.map((name) => [name, process.env[name]])), ...confinement.env },
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    }),
  );
  options.guard.watch(child);
  return child;
}

/** Of what stands against a start, Node throws some and tells the rest in an event: here all is told. */
export function startChild(start: () => ChildProcess): ChildProcess {
  let child: ChildProcess;
  try {
    child = start();
  } catch (error) {
    child = new ChildProcess();
    process.nextTick(() => child.emit('error', error));
  }
  // Where descriptors ran out, Node makes none.
  if ((child.stdio as unknown) === undefined)
    Object.assign(child, { stdio: [null, ...Array.from({ length: 4 }, () => new Socket().destroy())] });
  return child;
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
function bounds({ memoryMb, walls }: LaunchOptions, { limits, privileges }: Confinement): readonly string[] {
  const { prlimit, setpriv } = walls;
  const dataBytes = (NODE_DATA_MB + 2 * memoryMb) * 1024 * 1024;
  // What bounds the host more narrowly bounds its children as well, and nobody may raise it.
  const dataLimit = dataBytes <= readHardLimit('Max data size') ? [`--data=${dataBytes}`] : [];
  return [
    ...(prlimit === undefined ? [] : [prlimit, ...dataLimit, '--core=0', ...limits]),
    // Last, as the signal belongs to the process that asked for it.
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', ...privileges]),
  ];
}
