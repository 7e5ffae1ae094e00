import { UnavailableError } from '@automate/contract';
import { LoopLag } from './loop-lag.ts';

export interface LagWatch {
  /** Why the host is unwell; undefined where it keeps up. */
  unwell(): UnavailableError | undefined;
  close(): void;
}

/** Beyond this many milliseconds of 99 in 100 the host is late. */
const LATE_MS = 1_000;
const WINDOW_MS = 5_000;
/** So many windows in a row: one stall is no reason to send callers elsewhere. */
const LATE_WINDOWS = 2;

/**
 * Watches whether the host keeps up with its work. Does not keep the process alive.
 *
 * @param onChange called when it has come to be late, and when it no longer is
 */
export function watchLag(onChange: (unwell: UnavailableError | undefined) => void): LagWatch {
  const lag = new LoopLag();
  let lateWindows = 0;
  let unwell: UnavailableError | undefined;
  const look = (): void => {
    const { p99Ms } = lag.read() ?? { p99Ms: 0 };
    lateWindows = p99Ms > LATE_MS ? lateWindows + 1 : 0;
    const before = unwell;
    if (lateWindows === 0) unwell = undefined;
    else if (lateWindows >= LATE_WINDOWS) unwell = lateError(p99Ms);
    if ((before === undefined) !== (unwell === undefined)) onChange(unwell);
  };
  const timer = setInterval(look, WINDOW_MS).unref();
  return {
    unwell: () => unwell,
    close() {
      clearInterval(timer);
      lag.close();
    },
  };
}

function lateError(p99Ms: number): UnavailableError {
  return new UnavailableError(
    `the host is behind with its work: for ${(LATE_WINDOWS * WINDOW_MS) / 1000} s its event loop has been late, by up to ${Math.round(p99Ms)} ms 99 times in 100; the operator must send fewer calls to it, or give it a faster processor`,
    { details: { reason: 'host_late' } },
  );
}
