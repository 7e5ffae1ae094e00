import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RestartPolicyOptions } from '../../src/runtime/restart-policy.ts';
import { RestartPolicy } from '../../src/runtime/restart-policy.ts';

function policyAt(options: Partial<RestartPolicyOptions> = {}): {
  readonly policy: RestartPolicy;
  readonly clock: { now: number };
} {
  const clock = { now: 1_000_000 };
  return { policy: new RestartPolicy({ now: () => clock.now, random: () => 0.5, ...options }), clock };
}

/** Starts, runs for a while, and dies. Answers how long the next start has to wait. */
function liveAndDie({ policy, clock }: ReturnType<typeof policyAt>, livesMs: number): number {
  policy.starting();
  policy.running();
  clock.now += livesMs;
  const { retryAt } = policy.crashed();
  return retryAt - clock.now;
}

describe('the restart policy', () => {
  it('lets the first restart happen at once and doubles the wait from then on, with full jitter', () => {
    const made = policyAt({ maxCrashes: 100, random: () => 0.999_999 });
    const waits = Array.from({ length: 10 }, () => {
      const wait = liveAndDie(made, 10);
      made.clock.now += wait;
      return wait;
    });
    expect(waits).toStrictEqual([0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    const halved = policyAt({ maxCrashes: 100 });
    expect([liveAndDie(halved, 1), liveAndDie(halved, 1), liveAndDie(halved, 1)]).toStrictEqual([0, 125, 250]);
  });

  it('quarantines after five crashes within a minute, and not after five in an hour', () => {
    const made = policyAt();
    for (let n = 0; n < 4; n += 1) made.clock.now += liveAndDie(made, 10);
    expect(liveAndDie(made, 10)).toBe(30_000);
    expect(made.policy.verdict()).toStrictEqual({ kind: 'quarantined', retryAt: made.clock.now + 30_000 });
    const slow = policyAt();
    for (let n = 0; n < 10; n += 1) {
      expect(liveAndDie(slow, 30_000)).toBeLessThan(30_000);
      slow.clock.now += 20_000;
    }
  });

  it('quarantines after three failed starts in a row', () => {
    const { policy } = policyAt();
    const fail = (): string => {
      policy.starting();
      return policy.startFailed().kind;
    };
    expect(fail()).toBe('backing-off');
    policy.starting();
    policy.running();
    policy.crashed();
    expect([fail(), fail(), fail()]).toStrictEqual(['backing-off', 'backing-off', 'quarantined']);
  });

  it('allows one trial after quarantine; failing it doubles the quarantine up to five minutes', () => {
    const made = policyAt();
    for (let n = 0; n < 4; n += 1) liveAndDie(made, 0);
    const quarantines = [liveAndDie(made, 0)];
    for (let n = 0; n < 5; n += 1) {
      expect(made.policy.verdict().kind).toBe('quarantined');
      made.clock.now += quarantines.at(-1) ?? 0;
      expect(made.policy.verdict()).toStrictEqual({ kind: 'allowed' });
      quarantines.push(liveAndDie(made, 1000));
    }
    expect(quarantines).toStrictEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it('forgets everything once a worker has lived for a minute', () => {
    const made = policyAt();
    for (let n = 0; n < 5; n += 1) liveAndDie(made, 0);
    made.clock.now += 30_000;
    expect(liveAndDie(made, 60_000)).toBe(0);
    expect(made.policy.failures).toBe(1);
  });

  it('forgets everything when told to', () => {
    const made = policyAt();
    for (let n = 0; n < 5; n += 1) liveAndDie(made, 0);
    made.policy.reset();
    expect(made.policy.verdict()).toStrictEqual({ kind: 'allowed' });
    expect(made.policy.failures).toBe(0);
  });

  it('never lets more than five starts and a trial into half a minute, whatever the worker does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('crash', 'fail'), fc.integer({ min: 0, max: 2000 })), {
          minLength: 50,
          maxLength: 200,
        }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (lives, random) => {
          const { policy, clock } = policyAt({ random: () => random });
          const starts: number[] = [];
          for (const [end, pause] of lives) {
            clock.now += pause;
            if (policy.verdict().kind !== 'allowed') continue;
            starts.push(clock.now);
            policy.starting();
            if (end === 'fail') {
              policy.startFailed();
            } else {
              policy.running();
              policy.crashed();
            }
          }
          for (const start of starts) {
            const within = starts.filter((time) => time >= start && time < start + 30_000).length;
            expect(within).toBeLessThanOrEqual(6);
          }
        },
      ),
    );
  });
});
