import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { PatienceEnd } from '../src/index.ts';
import { LONGEST_TIMER_MS, startPatience, until } from '../src/index.ts';

const error = (end: PatienceEnd): Error => new Error(end);
const never = (): Promise<never> => new Promise(() => undefined);

describe('a wait', () => {
  it('gives what the work gives, and throws what it throws, at once or later', async () => {
    expect(await until({ error }, () => 1)).toBe(1);
    expect(await until({ deadline: Infinity, error }, async () => 2)).toBe(2);
    const failing = (): never => {
      throw new Error('the work');
    };
    await expect(until({ error }, failing)).rejects.toThrow('the work');
    await expect(until({ error }, async () => failing())).rejects.toThrow('the work');
  });

  it('ends with the deadline, its caller or what it uses, whichever is first', async () => {
    const [caller, closing] = [new AbortController(), new AbortController()];
    const deadline = Date.now() + 60_000;
    const left = until({ deadline, signal: caller.signal, closing: closing.signal, error }, never);
    caller.abort();
    closing.abort();
    await expect(left).rejects.toThrow('caller');
    await expect(until({ signal: caller.signal, closing: closing.signal, error }, never)).rejects.toThrow('closing');
    await expect(until({ deadline: Date.now() + 1, error }, never)).rejects.toThrow('deadline');
    await expect(until({ deadline: 0, error }, never)).rejects.toThrow('deadline');
  });

  it('has no end where the deadline is beyond what a timer takes, which would fire at once', async () => {
    const late = until(
      { deadline: Date.now() + 2 * LONGEST_TIMER_MS, error },
      () => new Promise((resolve) => setTimeout(resolve, 50, 'the answer')),
    );
    expect(await late).toBe('the answer');
  });

  it('says its end once, and lets go of timer and listeners then, and when it is told to', () => {
    const [caller, other] = [new AbortController(), new AbortController()];
    const { signal } = caller;
    const ends: PatienceEnd[] = [];
    const letGo = startPatience({ deadline: Date.now() + 60_000, signal }, (end) => ends.push(end));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    letGo();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    startPatience({ signal, closing: other.signal }, (end) => ends.push(end));
    caller.abort();
    other.abort();
    expect(getEventListeners(other.signal, 'abort')).toHaveLength(0);
    expect(ends).toEqual(['caller']);
  });
});
