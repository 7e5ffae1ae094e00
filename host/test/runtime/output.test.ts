import { describe, expect, it } from '@jest/globals';
import { ISOLATED, openBench, run, until, valueOf } from './support.ts';

describe.each(ISOLATED)('what a connector writes, in the body %s', (body) => {
  it('becomes records with its id, from console, streams, warnings and logger', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('talkative');
    expect(valueOf(await run(worker, 'say'))).toBe('said');
    const own = () => bench.logs.filter(({ connector }) => connector === 'talkative');
    await until('the unfinished line is let go', () => own().some(({ message }) => message === 'and the rest'));
    const shown = own().map(({ level, source, message }) => `${level} ${source} ${message}`);
    expect(shown).toStrictEqual(
      expect.arrayContaining([
        'info stdout loading',
        'info stdout to stdout { a: 1 }',
        'warn stderr to stderr',
        'info stdout in two parts',
        'info stdout and the rest',
        'warn stderr Warning: mind the gap',
        'info logger with fields',
        'warn logger odd fields',
      ]),
    );
    expect(own().find(({ message }) => message === 'with fields')?.fields).toStrictEqual({ count: 3 });
  });

  it('does not trip over the host asking its streams for more', async () => {
    await using bench = await openBench({ body });
    // What the host's half of the streams asks for may come before, while and after the thread diverts them.
    const workers = Array.from({ length: 24 }, (_, n) => bench.worker('talkative', { id: `talkative-${n}` }));
    await Promise.all(workers.map(async (worker) => expect(valueOf(await run(worker, 'say'))).toBe('said')));
    expect(bench.crashes).toStrictEqual([]);
  });

  it('is cut where a line is too long', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('talkative');
    await run(worker, 'long');
    await until('the line has come', () => bench.logs.some(({ message }) => message.startsWith('yyy')));
    const line = bench.logs.find(({ message }) => message.startsWith('yyy'))?.message ?? '';
    expect(line.length).toBeLessThan(9000);
    expect(line).toContain('(100000 characters)');
  });

  it('is bounded: a million lines neither stall nor fill the host, and are counted', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('talkative', { memoryMb: 128 });
    await run(worker, 'nothing');
    // A flood takes a third of a second, in which a busy machine may run neither: one round in which the neighbour, asked
    // again and again, was answered shows that the host's thread does not stand still.
    let rounds = 0;
    let answered = 0;
    while (answered <= 2 && rounds < 10) {
      rounds += 1;
      const before = bench.neighbourCalls();
      const flood = { payload: '{"lines":1000000}', deadline: Date.now() + 100_000 };
      expect(valueOf(await run(worker, 'flood', flood))).toBe('said');
      answered = bench.neighbourCalls() - before;
    }
    expect(answered).toBeGreaterThan(2);
    await until('the count of dropped lines has come', () => worker.stats().droppedLogLines > 0);
    const kept = bench.logs.filter(({ connector, source }) => connector === 'talkative' && source === 'stdout');
    const bytes = kept.reduce((sum, { message }) => sum + message.length, 0);
    expect(bytes).toBeLessThan(rounds * 1024 * 1024);
    await until('every line is accounted for', () => {
      const lines = bench.logs.filter(
        ({ connector, source }) => connector === 'talkative' && source === 'stdout',
      ).length;
      return lines - 1 + worker.stats().droppedLogLines === rounds * 1_000_000;
    });
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });
});
