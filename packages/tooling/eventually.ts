import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 90_000;
const BETWEEN_MS = 50;

/** Asks again until the answer is as wanted, by default true, and gives it. Rejects with the last answer after a minute and a half. */
export async function eventually<T>(ask: () => T | Promise<T>, wanted: (value: T) => unknown = Boolean): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    if (performance.now() > until) throw new Error(`after ${PATIENCE_MS} ms it is still ${JSON.stringify(value)}`);
    await sleep(BETWEEN_MS);
  }
}
