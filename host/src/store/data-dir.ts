import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '@automate/contract';
import { lockFile } from './file-lock.ts';
import { storageError } from './storage-error.ts';

/** Where a running host listens, as it writes it down for the command line. */
export interface HostAddresses {
  /** `127.0.0.1:50051` */
  readonly grpc: string;
  /** `http://127.0.0.1:8080` */
  readonly http: string;
  /** Path of the socket for programs of the host's own user; absent where the host has none. */
  readonly socket?: string;
  /** Which it is, for people: `process 4711 on host-a`. */
  readonly process?: string;
}

/** The directory that only one serving host may use at a time. */
export interface DataDirLock {
  /** Writes down where the host listens; readers never see half of it. */
  publish(addresses: HostAddresses): void;
  release(): void;
}

/** What is kept, but for what threads of their own write. */
export const DATABASE_FILE = 'connectors.db';
const LOCK_FILE = 'host.lock';
const ADDRESS_FILE = 'host.json';

/** Makes the directory, for its owner's eyes only. One that others could read is closed to them. */
export function openDataDir(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (error) {
    throw storageError('the data directory cannot be used', directory, error);
  }
}

/** An empty one for a while, for work that is to leave nothing behind. */
export async function openSpareDataDir(): Promise<AsyncDisposable & { readonly path: string }> {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'automate-spare-'));
  return { path, [Symbol.asyncDispose]: remove };
}

/**
 * Takes the directory for this process, or answers undefined where another process has it.
 *
 * @throws UnavailableError where it cannot be locked at all
 */
export function lockDataDir(directory: string): DataDirLock | undefined {
  const unlock = lockFile(join(directory, LOCK_FILE), 'the data directory cannot be locked');
  if (unlock === undefined) return undefined;
  const addressFile = join(directory, ADDRESS_FILE);
  let [held, published] = [true, false];
  return {
    publish({ socket, ...addresses }) {
      const draft = `${addressFile}.${randomUUID()}`;
      // Who looks for the host may know its directory by another path, such as from outside of a container.
      const socketFrom = socket !== undefined && dirname(socket) === directory ? relative(directory, socket) : socket;
      try {
        writeFileSync(draft, `${JSON.stringify({ ...addresses, socket: socketFrom })}\n`, { mode: 0o600 });
        renameSync(draft, addressFile);
        published = true;
      } catch (error) {
        rmSync(draft, { force: true });
        throw storageError('where the host listens cannot be written down', addressFile, error);
      }
    },
    release() {
      if (!held) return;
      held = false;
      // Who only looked whether a host runs leaves what one that was killed left behind.
      if (published) rmSync(addressFile, { force: true });
      unlock();
    },
  };
}

/** Takes the data directory. Tries for a moment, since whoever looks for a running host holds the lock for an instant. */
export async function holdDataDir(directory: string): Promise<DataDirLock> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const lock = lockDataDir(directory);
    if (lock !== undefined) return lock;
    await delay(50);
  }
  throw new Error(`another host runs on the data directory ${directory}: stop it, or name another with DATA_DIR`);
}

/**
 * Where the host that holds this directory listens; undefined when none runs here.
 *
 * @throws UnavailableError where this user may not know
 */
export function findRunningHost(directory: string): HostAddresses | undefined {
  let addresses: HostAddresses;
  try {
    addresses = JSON.parse(readFileSync(join(directory, ADDRESS_FILE), 'utf8')) as HostAddresses;
  } catch (error) {
    if (isForbidden(error)) throw forbidden('whether a host runs cannot be told', directory, error);
    return undefined; // no host has written one here, or it is just coming up
  }
  // A host that was killed leaves its note behind, but not its lock.
  const lock = lockDataDir(directory);
  if (lock === undefined) return withWholeSocket(addresses, directory);
  lock.release();
  return undefined;
}

/** Whether a file is in the directory. Throws where this user may not know, for which it would be taken as missing otherwise. */
export function isThere(directory: string, name: string): boolean {
  try {
    return statSync(join(directory, name), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isForbidden(error)) throw forbidden('what is there cannot be read', directory, error);
    return false;
  }
}

function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code));
}

function forbidden(what: string, directory: string, cause: unknown): UnavailableError {
  return new UnavailableError(
    `${what}: ${directory} is closed to this user: do it as the user that the host runs as, or name another directory with DATA_DIR (${(cause as Error).message})`,
    { retryable: false, blame: 'operator', details: { reason: 'service_unreachable', file: directory }, cause },
  );
}

/** Whether a process has the directory now: a host that runs, starts or ends. */
export function isHeld(directory: string): boolean {
  if (!existsSync(join(directory, LOCK_FILE))) return false;
  const lock = lockDataDir(directory);
  lock?.release();
  return lock === undefined;
}

/** Whether a host wrote down where it listens and did not take that back. Where none runs, the last one did not end by itself. */
export function hasLeftNote(directory: string): boolean {
  return existsSync(join(directory, ADDRESS_FILE));
}

/** The socket's whole path; without it where something has removed it, as its host has other addresses too. */
function withWholeSocket({ socket, ...addresses }: HostAddresses, directory: string): HostAddresses {
  const path = socket === undefined ? undefined : resolve(directory, socket);
  return path === undefined || !existsSync(path) ? addresses : { ...addresses, socket: path };
}

/** What a program of the host's own user calls: the socket, where nobody is asked to sign in, else gRPC's address. */
export function callAddress({ socket, grpc, http }: HostAddresses): string {
  if (socket !== undefined) return `unix:${socket}`;
  // Both doors speak TLS, or neither does.
  return http.startsWith('https:') ? `grpcs://${grpc}` : grpc;
}

/**
 * Throws where another host serves the directory: only that host may change its connectors.
 *
 * @throws UnavailableError with the address of the host that serves it
 */
export function refuseWhereServed(dataDir: string): void {
  const running = findRunningHost(dataDir);
  if (running === undefined) return;
  throw new UnavailableError(
    `a host serves this data directory at ${callAddress(running)}, and connectors are changed through it: connect to that address, or without \`local\``,
    { retryable: false, details: { reason: 'served_elsewhere', address: callAddress(running) } },
  );
}
