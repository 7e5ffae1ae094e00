import { afterEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '@automate/sdk';
import { createRecordingLogger, openAdapter, startConnector } from '@automate/testing';
import LoggingAdapter from '../src/logging-adapter.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const connector of running.splice(0)) await connector.close();
});

async function start(settings = {}) {
  const connector = await startConnector(LoggingAdapter, { settings });
  running.push(connector);
  return connector;
}

/** Logs once through a host that does so with records. */
async function logWith(write: Logger['write'], timeoutMs = 10_000) {
  const logger = { ...createRecordingLogger(), write };
  const opened = await openAdapter(LoggingAdapter, { logger });
  running.push(opened);
  return opened.adapter.execute('log', { message: 'hello' }, opened.call('log', { timeoutMs }));
}

describe('logging', () => {
  it('writes a record with its level and fields to the log', async () => {
    const connector = await start();
    const result = await connector.call('log', { message: 'order shipped', level: 'warn', fields: { order: 7 } });
    expect(connector.records).toStrictEqual([{ level: 'warn', message: 'order shipped', fields: { order: 7 } }]);
    expect(result).toStrictEqual({ logged: true, level: 'warn', message: 'order shipped', fields: { order: 7 } });
  });

  it('writes at level info unless told otherwise', async () => {
    const connector = await start();
    await expect(connector.call('log', { message: 'hello' })).resolves.toStrictEqual({
      logged: true,
      level: 'info',
      message: 'hello',
    });
    expect(connector.records).toMatchObject([{ level: 'info', message: 'hello' }]);
  });

  it('leaves out what lies below the configured level, and says so', async () => {
    const connector = await start({ level: 'warn' });
    await expect(connector.call('log', { message: 'detail', level: 'debug' })).resolves.toMatchObject({
      logged: false,
    });
    await expect(connector.call('log', { message: 'trouble', level: 'error' })).resolves.toMatchObject({
      logged: true,
    });
    expect(connector.records.map(({ message }) => message)).toStrictEqual(['trouble']);
  });

  it.each([
    ['below_level', { logged: false, reason: 'below_level' }],
    ['failed', { logged: false, reason: 'failed' }],
  ] as const)('says that a record was not written: %s', async (receipt, expected) => {
    await expect(logWith(() => Promise.resolve(receipt))).resolves.toStrictEqual({
      ...expected,
      level: 'info',
      message: 'hello',
    });
  });

  it('refuses a record without effect that the log has no room for, and does not know of one that it takes too long for', async () => {
    await expect(logWith(() => Promise.resolve('too_large'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'record_too_large' },
    });
    await expect(logWith(() => Promise.resolve('too_many'))).rejects.toMatchObject({
      code: 'OVERLOADED',
      effect: 'none',
      retryable: true,
    });
    const never = logWith(() => new Promise(() => undefined), 50);
    await expect(never).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'maybe' });
  });

  it.each([
    ['a level that does not exist', { message: 'x', level: 'loud' }, 'level'],
    ['a missing message', { level: 'info' }, 'message'],
    ['an empty message', { message: '' }, 'message'],
    ['fields that are no object', { message: 'x', fields: 'no' }, 'fields'],
  ])('refuses %s', async (_title, payload, path) => {
    const connector = await start();
    await expect(connector.call('log', payload)).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path }] });
    expect(connector.records).toStrictEqual([]);
  });

  it('names the actions it has when asked for another', async () => {
    const connector = await start();
    await expect(connector.call('shout', {})).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      name: 'UnknownActionError',
    });
  });

  it('is well as long as it runs', async () => {
    const connector = await start();
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('refuses settings that it does not know', async () => {
    const adapter = new LoggingAdapter();
    await expect(adapter.validateConfig({ level: 'loud' })).resolves.toMatchObject({
      ok: false,
      errors: [{ path: 'level' }],
    });
    await expect(adapter.validateConfig({ colour: 'red' })).resolves.toMatchObject({ ok: false });
    await expect(adapter.validateConfig({ level: 'debug' })).resolves.toStrictEqual({ ok: true, errors: [] });
  });
});
