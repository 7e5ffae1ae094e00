import { describe, expect, it } from '@jest/globals';
import { BODIES, errorOf, openBench, run, valueOf } from './support.ts';

describe.each(BODIES)('a payload, in the body %s', (body) => {
  it('is read in the worker, and refused there with the place where it is no JSON object', async () => {
    await using bench = await openBench({ body });
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

  it('keeps every character, and every number that JSON carries', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('echo', { id: 'reader' });
    const payload = `{"text":"€ \\u0000 \\ud83d\\ude00 \\"a\\": \\"a\\":","id":"9007199254740993","n":[9007199254740991,-0.1,1.5e300],"d":${'['.repeat(255)}${']'.repeat(255)}}`;
    const answer = valueOf(await run(worker, 'a', { payload })) as { readonly payload: unknown };
    expect(answer.payload).toStrictEqual(JSON.parse(payload));
  });

  it.each([
    ['payload_inexact_number', 'rows[1].id', '{"rows":[{"id":1},{"id":9007199254740993}]}'],
    ['payload_inexact_number', 'n', '{"n": -1e400}'],
    ['payload_duplicate_key', 'filter.name', '{"filter": {"name" : "x", "\\u006eame" : "y"}}'],
    ['payload_reserved_key', 'a.__proto__', '{"a":{"__proto__":{"admin":true}}}'],
    ['payload_reserved_key', '__proto__', '{"__prot\\u006f__":1}'],
  ])(
    'is refused with the path where it could not be read as it is written: %s at %s',
    async (reason, path, payload) => {
      await using bench = await openBench({ body });
      const error = errorOf(await run(bench.worker('echo', { id: 'reader' }), 'a', { payload }));
      expect(error).toMatchObject({ code: 'INVALID_INPUT', effect: 'none', blame: 'caller', details: { reason } });
      expect(error.problems).toMatchObject([{ path, line: 1 }]);
    },
  );

  it.each([257, 100_000, 1_400_000])('is refused as its own fault where it is nested %i deep', async (depth) => {
    await using bench = await openBench({ body });
    const payload = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(errorOf(await run(bench.worker('echo', { id: 'reader' }), 'a', { payload }))).toMatchObject({
      code: 'INVALID_INPUT',
      blame: 'caller',
      details: { reason: 'payload_too_deep' },
    });
  });

  it('may be large and in good company', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('echo', { id: 'reader' });
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const texts = Array.from({ length: 20 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(n * 5000) }));
    const answers = await Promise.all(texts.map((payload) => run(worker, 'a', { payload })));
    for (const [n, answer] of answers.entries())
      expect(answer).toStrictEqual({ ok: true, value: `{"action":"a","payload":${texts[n]}}` });
  });
});
