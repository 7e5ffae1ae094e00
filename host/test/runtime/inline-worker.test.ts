import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '@automate/contract';
import { InvalidInputError } from '@automate/contract';
import type { CallContext } from '@automate/sdk';
import { ConnectorAdapter } from '@automate/sdk';
import type { ConnectorWorker, WorkerLogRecord, WorkerSpec } from '../../dist/runtime/runtime.js';
import { createInlineWorker, inspectInline } from '../../dist/runtime/inline-worker.js';
import { createScrubber } from '../../dist/secrets/scrubber.js';
import { configOf, errorOf, execute, run, specOf, valueOf } from './support.ts';

const secrets = createScrubber();

class LocalAdapter extends ConnectorAdapter {
  readonly name = 'local';
  readonly version = '1.0.0';
  closed = 0;
  #answers: boolean[] = [];

  override initialize(): void {
    if (this.context.settings['initialize'] === 'throw') throw new Error('cannot initialize');
    this.#answers = [...((this.context.settings['connect'] as boolean[] | undefined) ?? [])];
  }
  async connect(): Promise<boolean> {
    return this.#answers.shift() ?? true;
  }
  override async execute(action: string, payload: JsonObject, context: CallContext): Promise<JsonValue> {
    context.logger.info('called', { action });
    if (action === 'throw') throw new InvalidInputError('not like this');
    // oxlint-disable-next-line typescript/only-throw-error -- what is tested
    if (action === 'nothing') throw null;
    if (action === 'hang')
      await new Promise((_resolve, reject) =>
        context.signal.addEventListener('abort', () => reject(context.signal.reason as Error)),
      );
    if (action === 'function') return { run: (() => 1) as unknown as JsonValue };
    return { action, payload };
  }
  override close(): void {
    this.closed += 1;
  }
}

function local(
  settings: JsonObject = {},
  adapterClass: new () => unknown = LocalAdapter,
): { readonly worker: ConnectorWorker; readonly logs: WorkerLogRecord[]; readonly phases: string[] } {
  const logs: WorkerLogRecord[] = [];
  const phases: string[] = [];
  const spec: WorkerSpec = {
    ...specOf('local'),
    resolveConfig: () => ({ config: configOf('local', settings), settings }),
  };
  const events = {
    onLog: (record: WorkerLogRecord) => void logs.push(record),
    onRecord: (record: WorkerLogRecord) => Promise.resolve<'written'>((logs.push(record), 'written')),
    onState: (_id: string, state: { readonly phase: string }) => void phases.push(state.phase),
    onCrash: () => {},
  };
  return { worker: createInlineWorker({ spec, adapterClass, events, secrets }), logs, phases };
}

describe('an adapter class that runs in process', () => {
  it('answers as a worker does', async () => {
    const { worker, logs } = local();
    expect(await run(worker, 'echo', { payload: '{"a":1}' })).toStrictEqual({
      ok: true,
      value: '{"action":"echo","payload":{"a":1}}',
    });
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'ready' });
    expect(worker.description()).toMatchObject({ kind: 'local', open: true });
    expect(
      valueOf(await worker.call({ op: 'health', action: '', payload: '{}', deadline: Date.now() + 5000 })),
    ).toMatchObject({ status: 'healthy' });
    expect(logs).toContainEqual({
      connector: 'local',
      level: 'info',
      message: 'called',
      fields: { action: 'echo' },
      source: 'logger',
    });
  });

  it('fails as a worker does', async () => {
    const { worker } = local();
    expect(errorOf(await execute(worker, 'echo'))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(errorOf(await run(worker, 'throw'))).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'not like this',
      connector: 'local',
    });
    expect(errorOf(await execute(worker, 'nothing'))).toMatchObject({ code: 'INTERNAL_ERROR', message: 'threw null' });
    expect(errorOf(await execute(worker, 'function'))).toMatchObject({
      code: 'INTERNAL_ERROR',
      details: { reason: 'result_not_json' },
    });
    expect(errorOf(await execute(worker, 'echo', { payload: '{"a":}' }))).toMatchObject({
      code: 'INVALID_INPUT',
      details: { position: 5 },
    });
  });

  it('keeps deadlines and lets callers leave', async () => {
    const { worker } = local();
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    expect(errorOf(await execute(worker, 'hang', { deadline: Date.now() + 100 }))).toMatchObject({
      code: 'TIMEOUT',
      effect: 'maybe',
    });
    const leaving = new AbortController();
    const call = execute(worker, 'hang', { signal: leaving.signal });
    leaving.abort();
    expect(errorOf(await call)).toMatchObject({ code: 'CANCELLED' });
    expect(errorOf(await execute(worker, 'echo', { deadline: Date.now() - 1 }))).toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
    });
    expect(worker.stats().pending).toBe(0);
  });

  it('starts, connects, stops and closes as a worker does', async () => {
    const { worker, phases } = local({ connect: [false] });
    await expect(worker.ensure('ready', { deadline: Date.now() + 5000 })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
    });
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'initialized' });
    await worker.ensure('ready', { deadline: Date.now() + 5000 });
    await worker.stop();
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
    await worker.ensure('initialized', { deadline: Date.now() + 5000 });
    expect(valueOf(await execute(worker, 'echo'))).toMatchObject({ action: 'echo' });
    await worker.close();
    await worker.close();
    await expect(worker.ensure('described', { deadline: Date.now() + 5000 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(phases.filter((phase) => phase !== 'running')).toStrictEqual([
      'starting',
      'stopping',
      'idle',
      'starting',
      'stopping',
      'idle',
      'closed',
    ]);
    expect(worker.stats().starts).toBe(2);
  });

  it('begins anew where initialize throws', async () => {
    const { worker } = local({ initialize: 'throw' });
    await expect(worker.ensure('ready', { deadline: Date.now() + 5000 })).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'cannot initialize',
      effect: 'none',
    });
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
  });

  it('must be an adapter class', async () => {
    const { worker } = local({}, class Plain {});
    await expect(worker.ensure('described', { deadline: Date.now() + 5000 })).rejects.toMatchObject({
      details: { reason: 'no_adapter' },
    });
  });

  it('can be inspected', async () => {
    const { id: _id, resolveConfig: _resolve, ...spec } = specOf('local');
    expect(
      await inspectInline({ spec: { ...spec, check: { settings: {} } }, adapterClass: LocalAdapter, secrets }),
    ).toMatchObject({ description: { kind: 'local' }, problems: [] });
    await expect(inspectInline({ spec, adapterClass: class Plain {}, secrets })).rejects.toMatchObject({
      details: { reason: 'no_adapter' },
    });
  });
});
