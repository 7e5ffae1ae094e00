import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const NANOSECONDS_PER_MS = 1e6;

/** Memory of a process that it shares with nobody, in bytes. Rejects once it has ended, and where the system does not say. */
export async function readOwnMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/**
 * How long the main thread of a process ran or stood in line for a processor, in milliseconds: on a busy machine a loop
 * that never rests has little of the first. 0 where the system does not say.
 */
export function readBusyTime(pid: number): number {
  try {
    const [ran = 0, stood = 0] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ').map(Number);
    return (ran + stood) / NANOSECONDS_PER_MS;
  } catch {
    return 0;
  }
}
