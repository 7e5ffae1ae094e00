import { lstatSync } from 'node:fs';
import { join } from 'node:path';

export interface WatchInstallsOptions {
  readonly projectDir: string;
  /** Whether changes count. Asked at each of them. */
  isWanted(): boolean;
  /** Called once after each change, never overlapping itself. What it rejects with goes to `onError`. */
  onChange(): Promise<void>;
  onError(error: unknown): void;
  /** Milliseconds between two looks. Default 500. */
  readonly everyMs?: number;
  /** Milliseconds for which all has to stay as it is before it counts. Default 1000. */
  readonly quietMs?: number;
}

/** What package managers write when they have finished. */
const NOTES = [
  'node_modules/.package-lock.json',
  'node_modules/.modules.yaml',
  'node_modules/.pnpm/lock.yaml',
  'node_modules/.pnpm-workspace-state-v1.json',
  'node_modules/.yarn-integrity',
  'node_modules/.yarn-state.yml',
];
/** What says which of the installed packages count, and what of them was accepted. */
const WISHES = ['package.json', 'connectors.lock'];

/**
 * Notices that packages were installed or removed, by whatever program. It looks at the notes that package managers leave at their end: packages
 * are there and gone by turns while they are at work. It looks again and again rather than having the system tell it, as whole
 * directories take each other's place. Does not keep the process alive.
 */
export function watchInstalls(options: WatchInstallsOptions): { close(): Promise<void> } {
  const { projectDir, isWanted, onChange, onError, everyMs = 500, quietMs = 1_000 } = options;
  let seen = look(projectDir);
  let next: { readonly look: Look; readonly since: number } | undefined;
  let handling: Promise<void> | undefined;

  const tick = (): void => {
    const now = look(projectDir);
    // Without notes nobody has installed anything, or has not finished yet.
    if (now.text === seen.text || !now.hasNotes) next = undefined;
    else if (next?.look.text !== now.text) next = { look: now, since: Date.now() };
    else if (Date.now() - next.since >= quietMs && handling === undefined) {
      seen = now;
      next = undefined;
      if (!isWanted()) return;
      handling = onChange()
        .catch(onError)
        .finally(() => (handling = undefined));
    }
  };
  const timer = setInterval(tick, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await handling;
    },
  };
}

interface Look {
  /** Differs when one of the files was written. */
  readonly text: string;
  readonly hasNotes: boolean;
}

function look(projectDir: string): Look {
  const notes = NOTES.map((name) => stateOf(join(projectDir, name)));
  const wishes = WISHES.map((name) => stateOf(join(projectDir, name)));
  return { text: [...notes, ...wishes].join('\n'), hasNotes: notes.some((note) => note !== '') };
}

function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = lstatSync(file);
    return [ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    return ''; // whatever keeps it from being seen, there is nothing to go by
  }
}
