import { describe, expect, it } from '@jest/globals';
import { createManualClock } from '@automate/testing';

describe('a manual clock', () => {
  it('stands still until it is told to go on', async () => {
    const clock = createManualClock(1000);
    expect(clock.now()).toBe(1000);
    await clock.advance(250);
    expect(clock.now()).toBe(1250);
  });

  it('runs timers at their own time and in order, also those set by others', async () => {
    const clock = createManualClock(0);
    const seen: string[] = [];
    clock.setTimer(() => seen.push(`b at ${clock.now()}`), 20);
    clock.setTimer(() => {
      seen.push(`a at ${clock.now()}`);
      clock.setTimer(() => seen.push(`c at ${clock.now()}`), 15);
    }, 10);
    clock.setTimer(() => seen.push('too late'), 26);
    await clock.advance(25);
    expect(seen).toEqual(['a at 10', 'b at 20', 'c at 25']);
    expect(clock.pending).toBe(1);
  });

  it('wakes sleepers, and lets them go on before the next timer', async () => {
    const clock = createManualClock(0);
    const seen: number[] = [];
    const sleeper = (async () => {
      for (let count = 0; count < 3; count += 1) {
        await clock.sleep(10);
        seen.push(clock.now());
      }
    })();
    await clock.advance(30);
    await sleeper;
    expect(seen).toEqual([10, 20, 30]);
  });

  it('forgets a timer that was cancelled', async () => {
    const clock = createManualClock();
    let ran = false;
    const cancel = clock.setTimer(() => {
      ran = true;
    }, 5);
    cancel();
    await clock.advance(10);
    expect([clock.pending, ran]).toEqual([0, false]);
  });
});
