import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ConnectorsLock } from '../../plugins/lock/connectors-lock.ts';
import { LOCK_FILE, lockFromText, readLock } from '../../plugins/lock/connectors-lock.ts';

export interface EarlierVersion {
  readonly version: string;
  /** As the package manager is told to install it. */
  readonly spec: string;
  /** Whether `automate plugins rollback` returns to it. */
  readonly isPrevious: boolean;
}

/** Changes of the lock that are looked at, the newest. */
const COMMITS = 200;

/** Versions of a package that were accepted before the one that is installed, the oldest first: what the lock and its history in git tell. */
export async function earlierVersions(
  projectDir: string,
  name: string,
  current: string | undefined,
): Promise<readonly EarlierVersion[]> {
  const reading = readLock(projectDir);
  const previous = reading.kind === 'read' ? reading.lock[name]?.previous : undefined;
  const newestFirst = new Map<string, EarlierVersion>();
  const add = (version: string | undefined, spec: string, isPrevious: boolean): void => {
    if (version !== undefined && version !== current && !newestFirst.has(version))
      newestFirst.set(version, { version, spec, isPrevious });
  };
  if (previous !== undefined) add(previous.version, previous.spec, true);
  for (const lock of await historyOf(projectDir)) {
    const locked = lock[name];
    if (locked === undefined) continue;
    add(locked.version, `${name}@${locked.version}`, false);
    if (locked.previous !== undefined) add(locked.previous.version, locked.previous.spec, false);
  }
  return [...newestFirst.values()].toReversed();
}

/** The lock as it was committed, the newest first; nothing where it is in no repository. */
async function historyOf(projectDir: string): Promise<readonly ConnectorsLock[]> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', ['-C', projectDir, ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  const commits = await git('log', `--max-count=${COMMITS}`, '--format=%H', '--', LOCK_FILE).catch(() => '');
  const locks: ConnectorsLock[] = [];
  for (const commit of commits.split('\n').filter((line) => line !== '')) {
    const text = await git('show', `${commit}:./${LOCK_FILE}`).catch(() => undefined);
    const lock = text === undefined ? undefined : lockFromText(text);
    if (lock !== undefined) locks.push(lock);
  }
  return locks;
}
