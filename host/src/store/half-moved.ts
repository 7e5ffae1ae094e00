import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lies in a data directory while that has only a part of what is copied there, and says from where. */
const MOVE_FILE = 'moving-from';

/** A move was ended before all was copied. Whoever began on a part would change it, and no move could go on then. */
export class HalfMovedError extends Error {
  constructor(where: string, from: string) {
    super(
      `${where} has only a part of what ${from} has, as "automate store migrate" was ended before it had copied all: say that again, and it goes on; or empty ${where}`,
    );
  }
}

/** From where this data directory is copied; undefined where it has all. */
export function movingFrom(dataDir: string): string | undefined {
  const file = join(dataDir, MOVE_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Notes down that a data directory has only a part of what is copied there, or, with undefined, that it has all. */
export function noteMove(dataDir: string, from: string | undefined): void {
  const file = join(dataDir, MOVE_FILE);
  if (from === undefined) rmSync(file, { force: true });
  else writeFileSync(file, from, { mode: 0o600, flush: true });
}
