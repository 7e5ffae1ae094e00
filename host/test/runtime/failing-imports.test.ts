import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ISOLATED, fixtureUrl, openBench } from './support.ts';

describe.each(ISOLATED)('an adapter that cannot be loaded, in the body %s', (body) => {
  it.each([
    [
      'import-throws',
      'import_failed',
      /import-throws\.mjs:2: no luck today/,
      { file: fileURLToPath(fixtureUrl('import-throws')), line: 2 },
    ],
    ['import-syntax', 'import_failed', /syntax\.mjs:3: Unexpected token/, { line: 3 }],
    [
      'import-missing',
      'import_failed',
      /import-missing\.mjs:2: Cannot find package 'a-package-that-is-not-there'/,
      { line: 2 },
    ],
    ['import-nothing', 'no_adapter', /must be a class that extends ConnectorAdapter; it is nothing/, {}],
    ['import-plain', 'no_adapter', /it is a value of the type function/, {}],
    ['constructor-throws', 'construct_failed', /cannot be made/, {}],
    [
      'misnamed',
      'name_mismatch',
      /the manifest calls this kind "misnamed", its adapter calls itself "somebody_else"/,
      {},
    ],
    ['not-even-there', 'import_failed', /Cannot find module/, {}],
  ])('fails the start, with the reason and the place: %s', async (fixture, reason, message, place) => {
    await using bench = await openBench({ body });
    const worker = bench.worker(fixture);
    const failures = await Promise.allSettled(
      Array.from({ length: 20 }, () => worker.ensure('ready', { deadline: Date.now() + 20_000 })),
    );
    expect(failures.map(({ status }) => status)).toStrictEqual(Array.from({ length: 20 }, () => 'rejected'));
    for (const failure of failures) {
      expect(failure).toMatchObject({
        reason: { code: 'INTERNAL_ERROR', connector: fixture, effect: 'none', details: { reason, ...place } },
      });
      expect(String((failure as PromiseRejectedResult).reason.message)).toMatch(message);
    }
    // One start for all of them, and the thread is gone.
    expect(worker.stats()).toMatchObject({
      starts: 1,
      crashes: 0,
      state: { phase: 'backing-off', error: { code: 'INTERNAL_ERROR' } },
    });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is a lost worker where the module ends its thread', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('import-exits');
    await expect(worker.ensure('ready', { deadline: Date.now() + 20_000 })).rejects.toMatchObject({
      code: 'WORKER_LOST',
      effect: 'none',
      details: { reason: 'process_exit', exitCode: 7 },
    });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it.each(['import-hangs', 'import-loops'])('is given up at its start_timeout: %s', async (fixture) => {
    await using bench = await openBench({ body });
    const worker = bench.worker(fixture, { startTimeoutMs: 700 });
    const begun = Date.now();
    await expect(worker.ensure('ready', { deadline: Date.now() + 20_000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
      details: { reason: 'start_timeout', step: 'load' },
    });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(690);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('starts once its file has been mended', async () => {
    const folder = mkdtempSync(join(import.meta.dirname, 'fixtures', 'mended-'));
    try {
      const file = join(folder, 'adapter.mjs');
      copyFileSync(fileURLToPath(fixtureUrl('import-throws')), file);
      await using bench = await openBench({ body });
      const worker = bench.worker('echo', { id: 'mended', code: pathToFileURL(file).href });
      await expect(worker.ensure('ready', { deadline: Date.now() + 20_000 })).rejects.toMatchObject({
        details: { reason: 'import_failed' },
      });
      copyFileSync(fileURLToPath(fixtureUrl('echo')), file);
      await worker.ensure('ready', { deadline: Date.now() + 20_000 });
      expect(worker.state()).toMatchObject({ phase: 'running', level: 'ready' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('lets a caller leave early, and the start go on for the others', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('import-hangs', { startTimeoutMs: 1000 });
    const patient = worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const leaving = new AbortController();
    const impatient = worker.ensure('ready', { deadline: Date.now() + 20_000, signal: leaving.signal });
    const hurried = worker.ensure('ready', { deadline: Date.now() + 50 });
    leaving.abort();
    await expect(impatient).rejects.toMatchObject({ code: 'CANCELLED', effect: 'none' });
    await expect(hurried).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
      blame: 'plugin',
      message: expect.stringContaining('did not start before the deadline of the call: its code was still loading'),
      details: { step: 'load' },
    });
    await expect(patient).rejects.toMatchObject({ details: { reason: 'start_timeout' } });
    expect(worker.stats().starts).toBe(1);
  });
});
