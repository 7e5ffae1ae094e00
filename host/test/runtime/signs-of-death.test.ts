import { expect, it } from '@jest/globals';
import { SignsOfDeath } from '../../dist/runtime/bodies/signs-of-death.js';
import { until } from './support.ts';

it('looks at what has come before it ends a wait that a busy host let pass', async () => {
  let completed = 0;
  const signs = new SignsOfDeath({
    isExplained: ({ exitCode, report }) => exitCode !== undefined && report !== undefined,
    onComplete: () => void (completed += 1),
  });
  signs.exit({ exitCode: 1 });
  for (const end = performance.now() + 300; performance.now() < end;);
  // What the loop reads in this turn comes after its timers.
  setImmediate(() => {
    signs.learn({ report: { reason: 'process_exit', message: 'called process.exit(1)', exitCode: 1 } });
    signs.close();
  });
  await until('it is complete', () => completed > 0);
  expect(signs.death).toMatchObject({ exitCode: 1, report: { reason: 'process_exit' } });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(completed).toBe(1);
});

it('ends a wait for signs that never come', async () => {
  let completed = 0;
  const signs = new SignsOfDeath({ isExplained: () => true, onComplete: () => void (completed += 1) });
  signs.exit({ exitCode: 1 });
  await until('it is complete', () => completed > 0);
  expect(signs.closed).toBe(false);
});
