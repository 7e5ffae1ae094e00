import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const NANOSECONDS_PER_MS = 1e6;
/** Linux tells processor time to programs in hundredths of a second, whatever it counts in itself. */
const MS_PER_TICK = 10;

/** Memory of a process that it shares with nobody, in bytes. Rejects once it has ended, and where the system does not say. */
export async function readOwnMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Processor time of all threads of a process, in milliseconds. Undefined once it has ended, and where the system does not say. */
export async function readCpuTime(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name of the program, in brackets, may have spaces and brackets of its own.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
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
