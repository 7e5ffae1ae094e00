import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from './file-lock.ts';

/**
 * Who writes to a database that several hosts share, each under a name of its own: a file is locked for as long as the host lives, and
 * the operating system lets go of it however that ends.
 */
export interface Owners {
  /** Takes a name for this host. Throws UNAVAILABLE where that cannot be. */
  hold(): { readonly owner: string; release(): void };
  /** Whether the host of that name lives. */
  isAlive(owner: string): boolean;
  /** Those that hold a name, and those that ended without giving it back. */
  all(): readonly string[];
  /** Forgets one that has ended. */
  forget(owner: string): void;
}

/**
 * @param prefix of the locks' names in the directory: `outcomes`
 * @param what what cannot be done without a lock: `the outcomes of calls cannot be kept`
 */
export function ownersIn(directory: string, prefix: string, what: string): Owners {
  const fileOf = (owner: string): string => join(directory, `${prefix}-${owner}.lock`);
  return {
    hold() {
      for (;;) {
        const owner = randomUUID();
        const file = fileOf(owner);
        const unlock = lockFile(file, what);
        // Another host may have looked for its owner before it was held, and taken it away.
        if (unlock === undefined || !existsSync(file)) {
          unlock?.();
          continue;
        }
        return {
          owner,
          release() {
            rmSync(file, { force: true });
            unlock();
          },
        };
      }
    },
    isAlive(owner) {
      const unlock = lockFile(fileOf(owner), 'whether another host lives cannot be found out');
      unlock?.();
      return unlock === undefined;
    },
    all: () =>
      readdirSync(directory).flatMap((name) =>
        name.startsWith(`${prefix}-`) && name.endsWith('.lock') ? [name.slice(prefix.length + 1, -'.lock'.length)] : [],
      ),
    forget: (owner) => rmSync(fileOf(owner), { force: true }),
  };
}
