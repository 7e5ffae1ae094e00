import { watch } from 'node:fs';

/** How long files must be left alone before what was saved is taken, in milliseconds: editors and formatters write twice. */
const SETTLE_MS = 40;

/** Keeps a package and what runs of it together. */
export interface Rebuilds extends Disposable {
  /** Resolves once all that was saved until now has been taken, or refused. */
  settled(): Promise<void>;
}

/** Calls `rebuild` whenever sources were saved, once for all of them, and never twice at the same time. It may not reject. */
export function rebuildOnChange(
  directory: string,
  { isSource, rebuild }: { readonly isSource: (path: string) => boolean; readonly rebuild: () => Promise<void> },
): Rebuilds {
  let wanted = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const run = async (): Promise<void> => {
    while (wanted) {
      wanted = false;
      await rebuild();
    }
    running = undefined;
  };
  const begin = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    return (running ??= run());
  };
  const watcher = watch(directory, { recursive: true }, (_event, path) => {
    if (path === null || !isSource(path)) return;
    wanted = true;
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), SETTLE_MS);
  });
  return {
    async settled() {
      // What was just saved may not have been told yet.
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      while (wanted || running !== undefined) await begin();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
