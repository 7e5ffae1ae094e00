import { readFileSync } from 'node:fs';
import { UnavailableError } from '@automate/contract';

/** Of a thread's machine code; Node's own choice is half a gigabyte. All that is set aside counts against a bound on the host's data. */
export const CODE_RANGE_MB = 64;
/** What a thread maps besides its code and its heap, roughly. */
const OWN_MB = 64;

const MB = 1024 * 1024;

/**
 * Whether the host may still map what a thread needs, where a hard bound stands on its data (`ulimit -d`) or its address space (`-v`):
 * the engine would not fail to start a thread beyond it, but end the whole host. Throws UNAVAILABLE where it may not.
 */
export function requireDataRoom(connector: string, memoryMb: number): void {
  const shortage = findDataShortage(memoryMb);
  if (shortage === undefined) return;
  throw new UnavailableError(
    `connector "${connector}" cannot be started now: ${shortage}; the operator must raise or remove that bound, or bound the memory of the host's control group in its place`,
    { connector, blame: 'operator', retryAfterMs: 1_000, details: { reason: 'system_limit' } },
  );
}

/** What keeps a thread from being started with this much of heap; undefined where nothing does. */
export function findDataShortage(memoryMb: number): string | undefined {
  const room = readDataRoom();
  const needed = CODE_RANGE_MB + OWN_MB + memoryMb;
  return room === undefined || room.leftMb >= needed
    ? undefined
    : `a thread may need ${needed} MB, and ${room.bound} leaves the host ${Math.max(0, room.leftMb)} MB`;
}

/** What a limit of the host itself can be raised to at most, by its name in /proc; Infinity without a bound. */
export function readHardLimit(name: string): number {
  try {
    return Number(
      new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity,
    );
  } catch {
    return Infinity;
  }
}

/** The narrowest bound; undefined where there is none, and where the system does not say. */
function readDataRoom(): { readonly bound: string; readonly leftMb: number } | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const boundOf = (name: string): number => Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(limits)?.[1] ?? Infinity);
    const [data, space] = [boundOf('Max data size'), boundOf('Max address space')];
    if (data === Infinity && space === Infinity) return undefined;
    const status = readFileSync('/proc/self/status', 'utf8');
    const used = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    const rooms = [
      { bound: 'the bound of its data (ulimit -d)', leftMb: Math.floor((data - used('VmData')) / MB) },
      { bound: 'the bound of its address space (ulimit -v)', leftMb: Math.floor((space - used('VmSize')) / MB) },
    ];
    return rooms.toSorted((one, other) => one.leftMb - other.leftMb)[0];
  } catch {
    return undefined;
  }
}
