import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bulkhead } from '../../../src/execution/gates/bulkhead.ts';

const FOR_EVER = { deadline: Infinity };
const DAY_MS = 86_400_000;

describe('a bulkhead', () => {
  it('lets as many in as its concurrency says, and the next when one leaves', async () => {
    const bulkhead = new Bulkhead({ concurrency: 2, queue: 1 });
    await bulkhead.enter(FOR_EVER);
    await bulkhead.enter(FOR_EVER);
    const third = bulkhead.enter(FOR_EVER);
    expect(bulkhead).toMatchObject({ inFlight: 2, queued: 1 });
    bulkhead.leave();
    await third;
    expect(bulkhead).toMatchObject({ inFlight: 2, queued: 0 });
  });

  it('refuses with OVERLOADED at once when the queue is full', async () => {
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 0 });
    await bulkhead.enter(FOR_EVER);
    await expect(bulkhead.enter(FOR_EVER)).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
      effect: 'none',
      retryAfterMs: 1_000,
    });
  });

  it('answers TIMEOUT with no effect when the deadline passes in the queue, and frees the place there', async () => {
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 1 });
    await bulkhead.enter(FOR_EVER);
    await expect(bulkhead.enter({ deadline: Date.now() + 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
    });
    expect(bulkhead.queued).toBe(0);
  });

  it('keeps a call waiting whose deadline is further away than a timer reaches', async () => {
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 1 });
    await bulkhead.enter(FOR_EVER);
    const waiting = bulkhead.enter({ deadline: Date.now() + 30 * DAY_MS });
    // A timer that was set for longer than it reaches fires in the next millisecond: after one that was set later.
    await delay(5);
    bulkhead.leave();
    await waiting;
    expect(bulkhead).toMatchObject({ inFlight: 1, queued: 0 });
  });

  it('answers CANCELLED when the caller leaves the queue, and frees the place there', async () => {
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 1 });
    await bulkhead.enter(FOR_EVER);
    const caller = new AbortController();
    const waiting = bulkhead.enter({ deadline: Infinity, signal: caller.signal });
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED', effect: 'none' });
    expect(bulkhead.queued).toBe(0);
    await expect(bulkhead.enter({ deadline: Infinity, signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('tells when it has drained, and gives up waiting after its bound', async () => {
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 0 });
    await bulkhead.enter(FOR_EVER);
    await bulkhead.drained(10);
    expect(bulkhead.inFlight).toBe(1);
    const drained = bulkhead.drained(DAY_MS);
    bulkhead.leave();
    await drained;
    expect(bulkhead.inFlight).toBe(0);
  });

  it('has drained when the last call leaves, not the first', async () => {
    const bulkhead = new Bulkhead({ concurrency: 2, queue: 0 });
    await bulkhead.enter(FOR_EVER);
    await bulkhead.enter(FOR_EVER);
    let isDrained = false;
    const drained = bulkhead.drained(DAY_MS).then(() => (isDrained = true));
    bulkhead.leave();
    await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    bulkhead.leave();
    await drained;
  });

  it('leaves neither timer nor listener behind of what has waited', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 2 });
    const [stays, leaves] = [new AbortController(), new AbortController()];
    const deadline = Date.now() + DAY_MS;
    await bulkhead.enter(FOR_EVER);
    const admitted = bulkhead.enter({ deadline, signal: stays.signal });
    const left = bulkhead.enter({ deadline, signal: leaves.signal });
    expect(timers()).toBe(before + 2);
    leaves.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    bulkhead.leave();
    await admitted;
    const drained = bulkhead.drained(DAY_MS);
    bulkhead.leave();
    await drained;
    expect(getEventListeners(stays.signal, 'abort')).toStrictEqual([]);
    expect(timers()).toBe(before);
  });

  it('serves in order and never has more in flight than it may, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 30 }),
        async (concurrency, leavings) => {
          const bulkhead = new Bulkhead({ concurrency, queue: 100 });
          const served: number[] = [];
          const calls = leavings.map(async (cancelled, index) => {
            const caller = new AbortController();
            const entered = bulkhead.enter({ deadline: Infinity, signal: caller.signal });
            if (cancelled) caller.abort();
            try {
              await entered;
            } catch {
              return;
            }
            expect(bulkhead.inFlight).toBeLessThanOrEqual(concurrency);
            served.push(index);
            await Promise.resolve();
            bulkhead.leave();
          });
          await Promise.all(calls);
          expect(served).toEqual(served.toSorted((a, b) => a - b));
          expect(bulkhead).toMatchObject({ inFlight: 0, queued: 0 });
        },
      ),
      { numRuns: 50 },
    );
  });
});
