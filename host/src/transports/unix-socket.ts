import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { platform, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigInvalidError, UnavailableError } from '@automate/contract';

/** The name of the socket in the data directory. */
const NAME = 'host.sock';

/** As many bytes as an address of the system's may have, less the one that ends it. */
const LONGEST_PATH = platform() === 'linux' ? 107 : 103;

/** How long whoever listens on a socket may take to accept, in milliseconds. */
const PATIENCE_MS = 2_000;

/** Where the socket goes, or why there can be none. */
export type SocketPlace = { readonly path: string } | { readonly none: string };

/**
 * The data directory, or the user's directory for such things where the path would be longer than an address can be. The name
 * there is made of the data directory's, so that hosts of one user do not meet.
 */
export function placeSocket(dataDir: string, runtimeDir: string | undefined): SocketPlace {
  const path = join(dataDir, NAME);
  // The name that it has while it is made is one byte longer.
  if (Buffer.byteLength(path) < LONGEST_PATH) return { path };
  const tooLong = `${path} is longer than the ${LONGEST_PATH} bytes that the system has for the path of a socket`;
  if (runtimeDir === undefined) return { none: `${tooLong}, and XDG_RUNTIME_DIR is not set` };
  const stats = lstatSync(runtimeDir, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || stats.uid !== userInfo().uid || (stats.mode & 0o077) !== 0)
    return { none: `${tooLong}, and XDG_RUNTIME_DIR (${runtimeDir}) is no directory of this user's alone` };
  const hash = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16);
  const there = join(runtimeDir, `automate-${hash}.sock`);
  if (Buffer.byteLength(there) < LONGEST_PATH) return { path: there };
  return { none: `${tooLong}, and so is ${there}` };
}

/**
 * Listens on a socket that only this user can connect to, from its first moment: it is made in a directory that nobody else
 * can enter, and put in its place when its mode is right. What a killed host left behind is replaced.
 *
 * Its directory must be the caller's alone, so that nobody else puts anything there meanwhile. What comes back removes the
 * socket, if it is still the one that was made here.
 *
 * @throws ConfigInvalidError where something else stands in its place
 * @throws UnavailableError where a program listens there
 */
export async function listenPrivately(server: Server, path: string): Promise<() => void> {
  await assertFree(path);
  const hidden = mkdtempSync(join(dirname(path), 'h-'));
  try {
    const made = join(hidden, 's');
    await once(server.listen({ path: made }), 'listening');
    chmodSync(made, 0o600);
    renameSync(made, path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(hidden, { recursive: true, force: true });
  }
  const own = statOf(path);
  return () => {
    const found = statOf(path);
    if (found?.ino === own?.ino && found?.dev === own?.dev) rmSync(path, { force: true });
  };
}

async function assertFree(path: string): Promise<void> {
  const found = statOf(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    const received = found.isSymbolicLink() ? 'a symbolic link' : found.isDirectory() ? 'a directory' : 'a file';
    throw new ConfigInvalidError(
      `the host's socket cannot be made: ${path} is ${received}, which no host puts there; remove it, or name another data directory with DATA_DIR`,
      { problems: [{ path, expected: 'nothing, or the socket of a host that ended', received }] },
    );
  }
  if (await isServed(path))
    throw new UnavailableError(
      `the host's socket cannot be made: another program listens on ${path}; end it, or name another data directory with DATA_DIR`,
      { details: { reason: 'address_in_use', address: `unix:${path}` } },
    );
}

/** One that nobody listens on refuses. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (served: boolean): void => {
      socket.destroy();
      resolve(served);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.setTimeout(PATIENCE_MS, () => settle(true));
  });
}

function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
