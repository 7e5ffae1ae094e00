import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { placesOfFile } from './places-of-file.ts';
import type { Places } from './places-of-file.ts';

export interface WatchConfigOptions {
  /** The file; neither it nor its directory need exist. */
  readonly file: string;
  /** Called once after each change, never overlapping itself. What it rejects with goes to `onError`. */
  readonly onChange: () => void | Promise<void>;
  readonly onError?: (error: unknown) => void;
  /** Milliseconds of quiet after the last sign of a change. Default 100. */
  readonly quietMs?: number;
}

/** Stops watching. Safe to call twice; resolves when a change that is being handled has been. */
export interface ConfigWatch extends AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Watches one file for changes of its content. Watches its directory, as editors write a new file and rename it over the old one, and
 * the directories of all symbolic links that lead to it, as mounted configuration maps and releases swap a link; which those are is
 * looked for again after each change. Does not keep the process alive.
 */
export async function watchConfig(options: WatchConfigOptions): Promise<ConfigWatch> {
  const { file, onChange, onError = () => undefined, quietMs = 100 } = options;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let handling: Promise<void> = Promise.resolve();
  let seen = await fingerprint(file);

  const handle = async (): Promise<void> => {
    try {
      await rewatch();
      const now = await fingerprint(file);
      // The watcher also fires when the file is read or another one beside it is written.
      if (closed || now === seen) return;
      seen = now;
      await onChange();
    } catch (error) {
      onError(error);
    }
  };
  const notice = (): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      handling = handling.then(handle);
    }, quietMs);
    timer.unref();
  };

  let places = await placesOfFile(file);
  // Another directory may have come to have the path of one that is watched.
  let moved = false;
  const open = (): readonly FSWatcher[] =>
    openWatchers(places, {
      onError,
      notice(isOwn) {
        moved ||= isOwn;
        notice();
      },
    });
  let watchers = open();
  const rewatch = async (): Promise<void> => {
    // Again, as they may have changed before they were watched.
    for (
      let now = await placesOfFile(file);
      !closed && (moved || !isDeepStrictEqual(now, places));
      now = await placesOfFile(file)
    ) {
      [places, moved] = [now, false];
      for (const watcher of watchers) watcher.close();
      watchers = open();
    }
  };
  // A change before the watchers were there was not noticed by them.
  notice();
  const close = async (): Promise<void> => {
    closed = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    await handling;
  };
  return { close, [Symbol.asyncDispose]: close };
}

interface Listeners {
  /** @param isOwn whether it is about a directory itself, which is gone or elsewhere */
  notice(isOwn: boolean): void;
  onError(error: unknown): void;
}

function openWatchers(places: Places, { notice, onError }: Listeners): readonly FSWatcher[] {
  return [...places].flatMap(([directory, names]) => {
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => {
        const isOwn = name === basename(directory);
        if (name === null || isOwn || names.has(name)) notice(isOwn);
      });
      watcher.on('error', onError);
      return [watcher];
    } catch (error) {
      onError(error);
      return [];
    }
  });
}

/** Changes whenever the content may have. */
async function fingerprint(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return 'absent';
  }
}
