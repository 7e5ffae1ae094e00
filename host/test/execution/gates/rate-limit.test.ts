import { expect, it } from '@jest/globals';
import { Bulkhead } from '../../../src/execution/gates/bulkhead.ts';
import { RateLimits } from '../../../src/execution/gates/rate-limit.ts';

it('lets nobody go before those who wait, though a token is there', async () => {
  const limits = new RateLimits({ rate: { requests: 1, perMs: 50 } });
  const bulkhead = new Bulkhead({ concurrency: 3, queue: 3 });
  const order: string[] = [];
  const come = async (name: string): Promise<void> => {
    bulkhead.tryEnter();
    await limits.admit({
      target: { bulkhead, limits: { timeoutMs: 60_000 } },
      rateLimitClass: undefined,
      deadline: Date.now() + 60_000,
    });
    order.push(name);
  };
  await come('first');
  const waiting = come('waits');
  // No timer can fire meanwhile, and there is a token again.
  for (const until = performance.now() + 120; performance.now() < until;);
  await Promise.all([come('late'), waiting]);
  expect(order).toEqual(['first', 'waits', 'late']);
});
