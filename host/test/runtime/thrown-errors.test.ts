import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectorWorker } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { BODIES, errorOf, openBench, run, valueOf } from './support.ts';

describe.each(BODIES)('what an action throws, in the body %s', (body) => {
  let bench: Bench;
  let worker: ConnectorWorker;

  beforeAll(async () => {
    bench = await openBench({ body });
    worker = bench.worker('throwing');
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it.each([
    ['sync_error', 'thrown at once'],
    ['async_error', 'thrown later'],
    ['null', 'threw null'],
    ['undefined', 'threw undefined'],
    ['string', 'threw "just text"'],
    ['symbol', 'threw Symbol(sign)'],
    ['function', "threw () => 'never called'"],
    ['hostile', 'threw a value that cannot be shown'],
    ['bad_normalize', 'breaks normalizeError'],
    ['unreadable', 'threw an error that cannot be read'],
  ])('is a typed error, never a success: %s', async (action, message) => {
    const error = errorOf(await run(worker, action));
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR', blame: 'plugin', connector: 'throwing', message });
  });

  it('keeps all that a connector error says', async () => {
    const error = errorOf(await run(worker, 'connector_error'));
    expect(error).toStrictEqual({
      code: 'RATE_LIMITED',
      name: 'RateLimitedError',
      message: 'slow down',
      retryable: true,
      effect: 'none',
      blame: 'remote',
      retryAfterMs: 1500,
      details: { limit: 7 },
      connector: 'throwing',
    });
  });

  it.each([
    ['unauthenticated', 'UNAUTHENTICATED', 'who are you?'],
    ['permission_denied', 'PERMISSION_DENIED', 'not you'],
  ])("is the connector's fault where it would turn the service's own caller away: %s", async (action, code, said) => {
    expect(errorOf(await run(worker, action))).toStrictEqual({
      code: 'INTERNAL_ERROR',
      name: 'ConnectorInternalError',
      message: `connector "throwing" failed with ${code}, which is no error of a kind: ${said}`,
      retryable: false,
      effect: 'maybe',
      blame: 'plugin',
      details: { reason: 'bad_error', code },
      connector: 'throwing',
    });
  });

  it("can be the adapter's own account of a timeout: its deadline comes before the host's, by little", async () => {
    const deadline = Date.now() + 600_000;
    expect(valueOf(await run(bench.worker('echo', { id: 'clock' }), 'tell_deadline', { deadline }))).toBe(
      deadline - 50,
    );
  });

  it('goes through the adapter, which knows network failures', async () => {
    const error = errorOf(await run(worker, 'refused'));
    expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK', retryable: true, effect: 'none' });
  });

  it('shows no secrets in its details', async () => {
    const error = errorOf(await run(worker, 'secret_details'));
    expect(error.details).toStrictEqual({ authorization: '[secret]', author: 'kept' });
  });

  it('loses only the details that are not JSON', async () => {
    const error = errorOf(await run(worker, 'unencodable_details'));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', message: 'no' });
    expect(error.details).toBeUndefined();
  });

  it("is logged with its stack where it is the plugin's own fault", () => {
    const logged = bench.logs.filter((record) => record.connector === 'throwing' && record.level === 'error');
    expect(logged.map((record) => record.message)).toContain('action "sync_error" failed: thrown at once');
    expect(String(logged[0]?.fields?.['stack'])).toContain('throwing.mjs');
  });

  it('restarts nothing and bothers nobody', () => {
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0, pending: 0 });
    expect(bench.crashes).toStrictEqual([]);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });
});
