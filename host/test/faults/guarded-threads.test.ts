import { describe, expect, it } from '@jest/globals';
import { FaultyProject, LEVELS } from './fixtures/faulty-project.ts';

const HOST_SECRET = 'a-secret-of-the-host';
const TELL = (what: string): string => `require('node:worker_threads').parentPort.postMessage(String(${what}))`;

describe.each(LEVELS)('a connector in a %s', (level) => {
  it('gets reports without the environment of the host, in threads of its own too', async () => {
    await using faulty = await FaultyProject.open({ level, env: { HOST_SECRET } });
    const report = 'JSON.stringify(process.report.getReport())';
    const own = await faulty.call('report');
    const nested = await faulty.call('nested', { code: TELL(report) });
    for (const { status, text } of [own, nested]) {
      expect(status).toBe(200);
      // What libraries look for in one.
      expect(text).toMatch(/nodejsVersion/);
      expect(text).not.toContain(HOST_SECRET);
      expect(text).not.toMatch(/environmentVariables/);
    }
  });

  it.each([
    'process.kill(process.pid)',
    'process.kill(String(process.pid), "SIGKILL")',
    'process.kill(0, 9)',
    // A signal that would do no harm, should it arrive.
    'process.kill(process.ppid, "SIGCONT")',
    'process._kill(process.pid, 9)',
    'process._debugProcess(process.pid)',
    'process.reallyExit(0)',
    'process.exit(0)',
    'process.abort()',
    `new (require('node:worker_threads').Worker)('process.kill(process.pid)', { eval: true })`,
  ])('ends neither the host nor itself by what a thread of its own calls: %s', async (code) => {
    await using faulty = await FaultyProject.open({ level });
    const before = JSON.parse((await faulty.call('where')).text) as { readonly result: unknown };
    await faulty.call('nested', { code });
    expect(await faulty.isWell()).toBe(true);
    const after = JSON.parse((await faulty.call('where')).text) as { readonly result: unknown };
    expect(after.result).toEqual(before.result);
  });

  it('may still start threads, hand them options, and end them', async () => {
    await using faulty = await FaultyProject.open({ level });
    const { text } = await faulty.call('nested', {
      code: TELL(
        'require("node:worker_threads").workerData + process.argv[2] + require("node:worker_threads").resourceLimits.maxOldGenerationSizeMb',
      ),
      options: { workerData: 'data', argv: ['arg'], execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 32 } },
    });
    expect(JSON.parse(text)).toMatchObject({ result: 'dataarg32' });
  });

  it.each(['process._kill(process.pid, 15)', 'process.kill(process.ppid, "SIGCONT")'])(
    'ends its own worker alone by %s',
    async (code) => {
      await using faulty = await FaultyProject.open({ level });
      expect(JSON.parse((await faulty.call('run', { code })).text)).toMatchObject({
        code: 'WORKER_LOST',
        details: { reason: 'process_kill' },
      });
      expect(await faulty.isWell()).toBe(true);
    },
  );
});
