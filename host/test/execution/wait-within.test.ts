import { describe, expect, it } from '@jest/globals';
import { waitWithin } from '../../src/execution/wait-within.ts';

const never = new Promise<never>(() => undefined);

describe('a wait for work', () => {
  it('gives what the work gives, and what it fails with', async () => {
    await expect(waitWithin(Promise.resolve('done'), { timeoutMs: 60_000 })).resolves.toBe('done');
    await expect(waitWithin(Promise.reject(new Error('broken')), {})).rejects.toThrow('broken');
  });

  it('ends with TIMEOUT when the time of its caller is over', async () => {
    await expect(waitWithin(never, { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'no answer within 10 ms',
    });
  });

  it('ends with CANCELLED when its caller leaves', async () => {
    const leaving = new AbortController();
    const waiting = waitWithin(never, { signal: leaving.signal });
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED', message: 'the caller left' });
  });
});
