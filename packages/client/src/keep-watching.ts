import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, Execution } from '@automate/contract';
import { ConnectorError, hasEnded } from '@automate/contract';
import { hostEnding } from '@automate/contract/service';

/** How long a service may be away until a watch gives up, in milliseconds. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** What a service that went away, or its connection, leaves behind. */
const LOST: readonly unknown[] = ['connection_lost', 'service_unreachable', 'shutting_down', 'not_ready'];

/**
 * What a watch of an execution tells, over as many watches as it takes: an execution outlives its service, and each new watch begins with
 * how it stands by then. A service that stays away for a minute is the error that was last; one that was never there is so at once.
 *
 * @param open one watch
 * @param isOver whether the caller wants no more
 */
export async function* keepWatching(
  open: (options: CallOptions) => AsyncIterable<Execution>,
  { options = {}, isOver }: { readonly options?: CallOptions | undefined; isOver(): boolean },
): AsyncGenerator<Execution, void> {
  let last: string | undefined;
  let lostAt: number | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    let reason: ConnectorError = hostEnding();
    try {
      for await (const now of open(options)) {
        lostAt = undefined;
        pauseMs = FIRST_PAUSE_MS;
        const text = JSON.stringify(now);
        if (text !== last) yield now;
        last = text;
        if (hasEnded(now)) return;
      }
    } catch (error) {
      reason = ConnectorError.from(error);
      if (last === undefined || !LOST.includes(reason.details?.['reason'])) throw reason;
    }
    if (isOver()) return;
    lostAt ??= performance.now();
    if (performance.now() - lostAt > PATIENCE_MS) throw reason;
    await delay(pauseMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
      () => undefined,
    );
    if (isOver()) return;
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
