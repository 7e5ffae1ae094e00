import type { ChildProcess } from 'node:child_process';

/** Resolves when a program has ended, or could not be started; never rejects, as waiting for the event does where it is aborted. */
export function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.on('error', () => {
      if (child.pid === undefined) resolve();
    });
  });
}
