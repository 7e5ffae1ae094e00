import { expect, it } from '@jest/globals';
import { DISTURBANCES } from '../../bench/placement/disturbances.mjs';
import type { SimulationResult } from '../../bench/placement/simulate.mjs';
import { simulate } from '../../bench/placement/simulate.mjs';

const SEEDS = 200;
const small = { hosts: 4, connectors: 12, seconds: 110, quietMs: 45_000, everyMs: 6_000, callsPerSecond: 6 };

it('hold each connector alone, take what others lost within five seconds, and even it out, whatever happens to them', async () => {
  const results = new Array<SimulationResult>();
  for (let seed = 1; seed <= SEEDS; seed += 1) results.push(await simulate({ seed, ...small }));
  expect(results.flatMap(({ violations }) => violations)).toEqual([]);
  // What is checked has happened.
  const happened = new Set(results.flatMap((result) => Object.keys(result.happened)));
  expect([...happened].toSorted()).toEqual(Object.keys(DISTURBANCES).toSorted());
  for (const count of ['moves', 'handed', 'longestMs'] as const)
    expect(Math.max(...results.map((result) => result[count]))).toBeGreaterThan(0);
});

it('do the same for the same seed', async () => {
  const [one, other, another] = [
    await simulate({ seed: 7, ...small }),
    await simulate({ seed: 7, ...small }),
    await simulate({ seed: 8, ...small }),
  ];
  expect(one).toEqual(other);
  expect(one.digest).not.toBe(another.digest);
});
