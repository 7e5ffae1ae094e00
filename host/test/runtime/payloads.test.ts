import { describe, expect, it } from '@jest/globals';
import { errorOf, openBench, run, valueOf } from './support.ts';

describe('a payload', () => {
  it('is read in the worker, and refused there with the place where it is no JSON object', async () => {
    await using bench = await openBench();
    const worker = bench.worker('echo', { id: 'reader' });
    expect(valueOf(await run(worker, 'a', { payload: '' }))).toStrictEqual({ action: 'a', payload: {} });
    const malformed = errorOf(await run(worker, 'a', { payload: '{\n  "query": "up",\n}' }));
    expect(malformed).toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      blame: 'caller',
      details: { reason: 'payload_not_json', position: 19, line: 3, column: 1 },
      problems: [{ path: '', received: '"}"', line: 3, column: 1 }],
    });
    for (const payload of ['[1]', 'null', '7', '"text"', 'true']) {
      expect(errorOf(await run(worker, 'a', { payload }))).toMatchObject({
        code: 'INVALID_INPUT',
        details: { reason: 'payload_not_object' },
      });
    }
  });

  it('cannot touch prototypes, and keeps every character', async () => {
    await using bench = await openBench();
    const worker = bench.worker('echo', { id: 'reader' });
    const payload = '{"__proto__":{"polluted":true},"text":"€ \\u0000 \\ud83d\\ude00","big":1e400}';
    const answer = await run(worker, 'a', { payload });
    expect(answer).toStrictEqual({
      ok: true,
      value: '{"action":"a","payload":{"__proto__":{"polluted":true},"text":"€ \\u0000 😀","big":null}}',
    });
  });

  it('may be large and in good company', async () => {
    await using bench = await openBench();
    const worker = bench.worker('echo', { id: 'reader' });
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const texts = Array.from({ length: 20 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(n * 5000) }));
    const answers = await Promise.all(texts.map((payload) => run(worker, 'a', { payload })));
    for (const [n, answer] of answers.entries())
      expect(answer).toStrictEqual({ ok: true, value: `{"action":"a","payload":${texts[n]}}` });
  });
});
