import type { ChildProcess } from 'node:child_process';
import { killGroup, launchChild } from './launch-child.ts';
import type { LaunchOptions } from './launch-child.ts';

/** The next one is started so long after the last was taken, so that it does not slow down the start that took it. */
const RENEW_AFTER_MS = 500;

/**
 * Children for those who need one, the next of them started ahead and waiting for its task: most of a start is Node's own
 * and ours. There is none before the first is asked for, and one at most.
 */
export class SpareChild {
  readonly #options: Omit<LaunchOptions, 'memoryMb' | 'confinement'>;
  #spare: { readonly child: ChildProcess; readonly memoryMb: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: Omit<LaunchOptions, 'memoryMb' | 'confinement'>) {
    this.#options = options;
  }

  /** A child with this limit; whoever takes it owns it. */
  take(memoryMb: number): ChildProcess {
    const spare = this.#spare;
    this.#renewLater(memoryMb);
    if (spare?.memoryMb !== memoryMb || !isAlive(spare.child)) return launchChild({ ...this.#options, memoryMb });
    this.#spare = undefined;
    return spare.child;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #renewLater(memoryMb: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      if (this.#spare?.memoryMb === memoryMb && isAlive(this.#spare.child)) return;
      this.#drop();
      const child = launchChild({ ...this.#options, memoryMb });
      // One that cannot be started, or does not last, is not taken.
      child.on('error', () => {});
      child.unref();
      for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
      this.#spare = { child, memoryMb };
    }, RENEW_AFTER_MS).unref();
  }

  #drop(): void {
    // The id of one that has died may be another's by now.
    if (this.#spare !== undefined && isAlive(this.#spare.child)) killGroup(this.#spare.child);
    this.#spare = undefined;
  }
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
