import { describe, expect, it } from '@jest/globals';
import { ConfigInvalidError } from '@automate/contract';
import type { JsonObject } from '@automate/contract';
import type { ConnectorWorker, WorkerSpec } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { BODIES, configOf, errorOf, execute, fixtureUrl, openBench, run, until, valueOf } from './support.ts';

const soon = () => ({ deadline: Date.now() + 20_000 });

function stepwise(bench: Bench, settings: JsonObject, spec: Partial<WorkerSpec> = {}): ConnectorWorker {
  return bench.worker('stepwise', {
    resolveConfig: () => ({ config: configOf('stepwise', settings), settings }),
    ...spec,
  });
}

describe.each(BODIES)('a start, in the body %s', (body) => {
  it('goes only as far as it is asked to', async () => {
    await using bench = await openBench({ body });
    let resolved = 0;
    const worker = stepwise(
      bench,
      {},
      {
        resolveConfig: () => {
          resolved += 1;
          return {
            config: configOf('stepwise'),
            settings: {},
            profile: { name: 'prod', environment: 'prod', settings: {}, secrets: { token: 't0p' } },
          };
        },
      },
    );
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
    const description = await worker.ensure('described', soon());
    expect(description).toMatchObject({
      kind: 'stepwise',
      version: '2.3.4',
      open: true,
      package: { name: '@acme/connector-test', version: '1.2.3' },
    });
    expect(worker.description()).toStrictEqual(description);
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'described' });
    expect(resolved).toBe(0);
    expect(errorOf(await execute(worker, 'steps'))).toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'not_initialized' },
    });
    await worker.ensure('initialized', soon());
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'initialized' });
    expect(resolved).toBe(1);
    await worker.ensure('ready', soon());
    await worker.ensure('described', soon());
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'ready' });
    expect(valueOf(await execute(worker, 'steps'))).toMatchObject({
      steps: ['initialize stepwise prod t0p', 'connect'],
    });
    expect(worker.stats()).toMatchObject({ starts: 1 });
  });

  it('is shared by all who wait for it', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench, {});
    await Promise.all(Array.from({ length: 30 }, (_, n) => worker.ensure(n % 2 === 0 ? 'ready' : 'described', soon())));
    await worker.ensure('ready', soon());
    expect(valueOf(await execute(worker, 'steps'))).toMatchObject({
      steps: ['initialize stepwise without profile ', 'connect'],
    });
    expect(worker.stats()).toMatchObject({ starts: 1 });
  });

  it('says which settings are wrong, and may be tried again with others in the same body', async () => {
    await using bench = await openBench({ body });
    let settings: JsonObject = { wrong: 1 };
    const worker = stepwise(bench, {}, { resolveConfig: () => ({ config: configOf('stepwise', settings), settings }) });
    for (let n = 0; n < 5; n += 1) {
      await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        connector: 'stepwise',
        problems: [{ path: 'settings.wrong', message: 'must not be there' }],
      });
    }
    settings = {};
    await worker.ensure('ready', soon());
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
  });

  it('rejects with what resolving its secrets rejects with', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(
      bench,
      {},
      {
        resolveConfig: () => Promise.reject(new ConfigInvalidError('secretref://env/TOKEN is not set')),
      },
    );
    for (let n = 0; n < 4; n += 1) {
      await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: 'secretref://env/TOKEN is not set',
      });
    }
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'described' });
  });

  it('begins anew where initialize throws', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench, { initialize: 'throw' });
    await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'cannot initialize',
      effect: 'none',
    });
    expect(worker.state()).toMatchObject({ phase: 'backing-off', error: { message: 'cannot initialize' } });
    await expect(worker.ensure('ready', soon())).rejects.toMatchObject({ message: 'cannot initialize' });
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 0 });
  });

  it('is given up where initialize does not end', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench, { initialize: 'hang' }, { startTimeoutMs: 1500 });
    await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
      details: { reason: 'start_timeout', step: 'initialize' },
    });
    expect(worker.state()).toMatchObject({ phase: 'backing-off' });
  });

  it.each([
    [
      false,
      { code: 'TRANSIENT_NETWORK', effect: 'none', details: { reason: 'connect_false' } },
      /"stepwise" could not connect: connect\(\) answered false/,
    ],
    ['throw', { code: 'TRANSIENT_NETWORK', effect: 'none' }, /ENOTFOUND/],
    ['nothing', { code: 'INTERNAL_ERROR', details: { reason: 'bad_connect_answer' } }, /must answer true or false/],
  ])(
    'stays initialized where connecting fails, and connects again the next time: %s',
    async (answer, error, message) => {
      await using bench = await openBench({ body });
      const worker = stepwise(bench, { connect: [answer, answer, true] });
      for (let n = 0; n < 2; n += 1) {
        await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
          ...error,
          connector: 'stepwise',
          message: expect.stringMatching(message),
        });
        expect(worker.state()).toMatchObject({ phase: 'running', level: 'initialized' });
      }
      await worker.ensure('ready', soon());
      expect(valueOf(await execute(worker, 'steps'))).toMatchObject({
        steps: ['initialize stepwise without profile ', 'connect', 'connect', 'connect'],
      });
      expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
    },
  );

  it('replaces the worker where connecting neither answers nor lets go', async () => {
    await using bench = await openBench({ body, graceMs: 200 });
    const worker = stepwise(bench, { connect: ['hang'] }, { startTimeoutMs: 1500 });
    await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
      message: expect.stringContaining('connect of connector "stepwise"'),
    });
    await until('the worker is killed', () => bench.crashes.length === 1);
    expect(worker.state()).toMatchObject({
      phase: 'backing-off',
      error: { details: { reason: 'killed_after_deadline' } },
    });
  });

  it('names the endpoint that could not be connected to', async () => {
    await using bench = await openBench({ body });
    const settings = { connect: [false] };
    const config = { ...configOf('stepwise', settings), host: 'db.example', port: 5432, scheme: 'tcp' };
    const worker = stepwise(bench, settings, { resolveConfig: () => ({ config, settings }) });
    await expect(worker.ensure('ready', soon())).rejects.toMatchObject({
      message: expect.stringContaining('at tcp://db.example:5432'),
    });
  });

  it('answers connect, health and validate as calls', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench, {});
    await worker.ensure('initialized', soon());
    const call = (op: 'connect' | 'health' | 'validate', payload = '{}') =>
      worker.call({ op, action: '', payload, deadline: Date.now() + 20_000 });
    expect(valueOf(await call('connect'))).toBe(true);
    expect(valueOf(await call('health'))).toMatchObject({ status: 'healthy' });
    expect(valueOf(await call('validate', '{"settings":{"wrong":1}}'))).toMatchObject([{ path: 'settings.wrong' }]);
    expect(valueOf(await call('validate', '{"settings":{}}'))).toStrictEqual([]);
  });
});

describe('a start of a thread', () => {
  it('gives the thread no environment and no flags of the host', async () => {
    await using bench = await openBench();
    expect(valueOf(await run(stepwise(bench, {}), 'steps'))).toMatchObject({ environment: [], arguments: [] });
  });
});

describe('inspecting a kind', () => {
  const kind = {
    kind: 'stepwise',
    packageName: '@acme/connector-test',
    packageVersion: '1.2.3',
    startTimeoutMs: 20_000,
    memoryMb: 96,
    isolation: 'thread',
    code: fixtureUrl('stepwise'),
  } as const;

  it('describes it and checks settings, and keeps nothing', async () => {
    await using bench = await openBench();
    const good = await bench.runtime.inspect({ ...kind, check: { settings: {} } });
    expect(good).toMatchObject({ description: { kind: 'stepwise' }, problems: [] });
    const bad = await bench.runtime.inspect({ ...kind, check: { settings: { wrong: true } } });
    expect(bad.problems).toMatchObject([{ path: 'settings.wrong' }]);
    expect(await bench.runtime.inspect(kind)).toMatchObject({ problems: [] });
    expect(bench.states.filter(({ id }) => id === 'stepwise')).toStrictEqual([]);
    expect(bench.crashes).toStrictEqual([]);
  });

  it('rejects where the adapter cannot be loaded', async () => {
    await using bench = await openBench();
    const inspection = bench.runtime.inspect({ ...kind, code: fixtureUrl('import-throws') });
    await expect(inspection).rejects.toMatchObject({ code: 'INTERNAL_ERROR', details: { reason: 'import_failed' } });
  });
});
