import { describe, expect, it } from '@jest/globals';
import { createScrubber } from '../../dist/secrets/scrubber.js';
import type { Bench } from './support.ts';
import { ISOLATED, BODIES, errorOf, openBench, run, until, valueOf } from './support.ts';

const TOKEN = 'at-run/time+4711';
const payload = JSON.stringify({ token: TOKEN });

/** Everything that the runtime said, and says. */
function saidBy(bench: Bench, ...more: readonly unknown[]): string {
  return JSON.stringify([bench.crashes, bench.states, more]);
}

describe.each(ISOLATED)('a secret that a connector obtains, in the body %s', (body) => {
  it('stands in no state of a worker that dies of it: waiting, quarantined, brought back', async () => {
    let clock = Date.now();
    await using bench = await openBench({ body, secrets: createScrubber(), policy: { now: () => clock } });
    const worker = bench.worker('leaking');
    const said: unknown[] = [];
    for (let n = 0; worker.state().phase !== 'quarantined'; n += 1) {
      // Each another call: one that ends its worker again and again is refused.
      const another = { payload: JSON.stringify({ token: TOKEN, n }) };
      said.push(await run(worker, 'crash', another).catch((error) => error.toEnvelope()), worker.state());
      clock += 1000;
    }
    const refused = await run(worker, 'crash', { payload }).catch((error) => error.toEnvelope());
    worker.reset();
    const all = saidBy(bench, said, refused, worker.state());
    expect(refused.message).toContain('crashed with [secret]');
    expect(all).toContain('quarantined');
    expect(all).toContain('backing-off');
    expect(all).not.toContain(TOKEN);
  });

  it('stands in no state of a worker that stops by itself, nor of one that ended', async () => {
    await using bench = await openBench({ body, secrets: createScrubber() });
    const worker = bench.worker('leaking', { idleStopMs: 50 });
    await run(worker, 'throw', { payload });
    await until('the idle worker has stopped', () => worker.state().phase === 'idle');
    await run(worker, 'exit', { payload });
    const all = saidBy(bench, worker.state(), worker.stats());
    expect(all).toContain('process.exit(3)');
    expect(all).not.toContain(TOKEN);
  });
});

describe.each(ISOLATED)('a secret that is known already, in the body %s', (body) => {
  it.each([
    ['import-throws', 'no luck today'],
    ['constructor-throws', 'cannot be made'],
  ])('is not told by code that does not even start: %s', async (fixture, secret) => {
    const secrets = createScrubber();
    secrets.learn('another', [secret]);
    await using bench = await openBench({ body, secrets });
    const worker = bench.worker(fixture);
    const error = await run(worker, 'any').catch((reason) => reason.toEnvelope());
    const again = await run(worker, 'any').catch((reason) => reason.toEnvelope());
    expect(error.message).toContain('[secret]');
    expect(saidBy(bench, error, again, worker.state())).not.toContain(secret);
  });
});

describe.each(BODIES)('a secret that a connector obtains, in the body %s', (body) => {
  it('is known before anything that holds it', async () => {
    await using bench = await openBench({ body, secrets: createScrubber() });
    const worker = bench.worker('leaking');
    expect(valueOf(await run(worker, 'answer', { payload }))).toStrictEqual({ '[secret]': 'got [secret]' });
    expect(errorOf(await run(worker, 'throw', { payload })).message).toBe('failed with [secret]');
  });
});
