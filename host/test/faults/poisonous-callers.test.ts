import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FaultyProject, LEVELS } from './fixtures/faulty-project.ts';

describe.each(LEVELS)('a caller whose call ends the worker of a connector in a %s', (level) => {
  it('is refused, and the others are not', async () => {
    await using faulty = await FaultyProject.open({ level, more: 'limits: { concurrency: 32 }' });
    expect((await faulty.call('fine')).status).toBe(200);
    const codes = new Map<string, number>();
    let calling = true;
    const others = Promise.all(
      Array.from({ length: 4 }, async (_, caller) => {
        for (let n = 0; calling; n += 1) {
          const { status, text } = await faulty.call('fine', { caller, n });
          const { code, details } = JSON.parse(text) as { code?: string; details?: { reason?: string } };
          const word = status === 200 ? 'OK' : `${code} ${details?.reason}`;
          codes.set(word, (codes.get(word) ?? 0) + 1);
          await delay(5);
        }
      }),
    );
    const poison: unknown[] = [];
    let refusedAt: number | undefined;
    for (let n = 0; n < 20; n += 1) {
      const { text } = await faulty.call('exit', { poison: true });
      const { code, blame, effect, retryable, details } = JSON.parse(text) as Record<string, unknown>;
      if (code === 'UNAVAILABLE' && retryable === false && refusedAt === undefined) {
        refusedAt = n;
        // What the others meet before that is of the two deaths.
        await delay(300);
        codes.clear();
      }
      poison.push({ code, blame, effect, retryable, reason: (details as { reason?: unknown }).reason });
      await delay(100);
    }
    calling = false;
    await others;
    const refused = {
      code: 'UNAVAILABLE',
      blame: 'plugin',
      effect: 'none',
      retryable: false,
      reason: 'poisonous_call',
    };
    // It may have met the back-off in between.
    expect(poison.filter((answer) => (answer as { code: unknown }).code === 'WORKER_LOST')).toHaveLength(2);
    expect(poison.slice(-5)).toEqual(Array.from({ length: 5 }, () => refused));
    expect(refusedAt).toBeLessThan(10);
    expect([...codes.keys()]).toEqual(['OK']);
    const { healthy, message } = await faulty.health();
    expect({ healthy, message }).toMatchObject({ healthy: true, message: expect.stringMatching(/1 call is refused/) });
    const { text: metrics } = await faulty.ask('/metrics');
    expect(metrics).toMatch(/^automate_worker_poisonous_calls\{connector="bad"\} 1$/m);
    expect(faulty.host.records).toContainEqual(
      expect.objectContaining({ level: 'warn', connector: 'bad', event: 'poisonous_call', action: 'exit', crashes: 2 }),
    );
    // Whoever tests has usually repaired something.
    await faulty.ask('/api/v1/connectors/bad/test', { method: 'POST' });
    expect(JSON.parse((await faulty.call('exit', { poison: true })).text)).toMatchObject({ code: 'WORKER_LOST' });
  });
});
