import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

/** The threads of this process that have not ended, whoever started them. */
export type LiveThreads = ReadonlySet<Worker>;

/** Keeps count of threads from now on. */
export function watchThreads(self: NodeJS.Process): LiveThreads {
  const threads = new Set<Worker>();
  self.on('worker', (thread) => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  });
  return threads;
}

/** Whether all threads have ended, once they have or the time has passed. */
export async function haveEnded(threads: LiveThreads, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (threads.size > 0 && performance.now() < until) await delay(5);
  return threads.size === 0;
}

/**
 * Ends this process at once, and the processes that it started. `process.exit` would wait for every thread, and for ever
 * where one is blocked outside JavaScript. So the process becomes another program (`execve`), which exits with the code.
 */
export function endNow(self: NodeJS.Process, exitCode: number): never {
  endDescendants(self);
  const { execve, execPath } = self;
  if (execve !== undefined && self.platform !== 'win32' && existsSync(execPath))
    execve(execPath, [execPath, '-e', `process.exit(${exitCode})`], {});
  self.kill(self.pid, 'SIGKILL');
  throw new Error('a process lives on that has killed itself');
}

/** Ends the processes that this one started and that are still its own, and theirs. */
export function endDescendants(self: NodeJS.Process): void {
  for (const pid of descendantsOf(self.pid)) killQuietly(self, pid);
}

/** Empty where there is no /proc. */
function descendantsOf(root: number): number[] {
  const children = Map.groupBy(readProcesses(), ({ parent }) => parent);
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []).map((child) => child.pid));
  return found.slice(1);
}

function readProcesses(): { readonly pid: number; readonly parent: number }[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!/^\d+$/.test(name)) return [];
      // After the name, which may contain anything, come the state and the parent's id.
      const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return [{ pid: Number(name), parent: Number(parent) }];
    } catch {
      return []; // it has just ended
    }
  });
}

function killQuietly(self: NodeJS.Process, pid: number): void {
  try {
    self.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
