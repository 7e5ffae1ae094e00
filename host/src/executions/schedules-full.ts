import { OverloadedError, quote } from '@automate/contract';

/** Schedules of one store: more could not be looked through at each time that comes. */
const MOST = 10_000;
/** What they may take in all, payloads among it, as they are kept. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Throws OVERLOADED, reason `schedules_full`, where a schedule is one more than a store keeps, or takes more than it keeps.
 *
 * @param there how many there are, whether this one is none of them, and what all of them would take with it
 */
export function requireRoom(
  name: string,
  there: { readonly count: number; readonly isNew: boolean; readonly bytes: number },
): void {
  const { count, isNew, bytes } = there;
  if ((!isNew || count < MOST) && bytes <= MOST_BYTES) return;
  throw new OverloadedError(
    `the schedule ${quote(name)} was not set: one store keeps ${MOST} schedules in ${inMib(MOST_BYTES)} MiB, and there are ${count}, which would take ${inMib(bytes)} MiB with it: remove some ("automate schedules list"), or give them smaller payloads`,
    { blame: 'operator', retryable: false, effect: 'none', details: { reason: 'schedules_full' } },
  );
}

function inMib(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
