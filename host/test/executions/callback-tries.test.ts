import type { ConnectorService } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CallbackReceiver } from './fixtures/callback-receiver.ts';
import { DataDirectory } from './fixtures/open-executions.ts';

const SECRET = 'a-word-that-two-know-4711';

let receiver: CallbackReceiver;
beforeEach(async () => {
  receiver = await CallbackReceiver.open(SECRET);
});
afterEach(() => receiver[Symbol.asyncDispose]());

const urlOf = (path = '/ends') => `http://127.0.0.1:${receiver.port}${path}`;
const stateOf = (service: Pick<ConnectorService, 'getExecution'>, id: string, state: string) =>
  eventually(
    () => service.getExecution(id),
    ({ callback }) => callback === state,
  );

describe('a try to tell an end', () => {
  const HOUR = 3_600_000;
  const done = async () => ({ result: '"done"', attempts: 1, durationMs: 1, replayed: false });
  const asked = { id: 'c', action: 'a' } as const;

  it('waits for longer the more there were, for an hour at most, and is the last a day after the end', async () => {
    using data = new DataDirectory();
    const warnings: string[] = [];
    const more = { secret: async () => SECRET, warn: (message: string) => void warnings.push(message) };
    receiver.onTold = (_told, response) => response.writeHead(500).end();
    const first = data.open(done, more);
    const ids: string[] = [];
    for (const tries of [6, 30, 2]) {
      const { id } = await first.executions.startExecution({ ...asked, callbackUrl: urlOf(`/ends/${tries}`) });
      ids.push(id);
    }
    await eventually(() => ids.every((id) => warnings.some((each) => each.includes(id))));
    await first.close();
    const [sixth, late, last] = ids.map((id) => `WHERE id = '${id}' RETURNING id`);
    data.sql(`UPDATE executions SET callback_tries = 5, callback_at = 0 ${sixth}`);
    data.sql(`UPDATE executions SET callback_tries = 29, callback_at = 0 ${late}`);
    data.sql(`UPDATE executions SET callback_tries = 3, callback_at = 0, ended_at = ended_at - ${25 * HOUR} ${last}`);
    const before = Date.now();
    await using next = data.open(done, more);
    const rowOf = (id = '') =>
      data.sql(`SELECT callback, callback_tries AS tries, callback_at AS at FROM executions WHERE id = '${id}'`)[0];
    await stateOf(next.executions, ids[2] ?? '', 'failed');
    // It is each of them alone for so long until it is written down what came of it.
    const waitOf = (id = '') =>
      eventually(
        () => Number(rowOf(id)?.['at']) - before,
        (ms) => ms !== 0 && (ms < 29_000 || ms > 31_000),
      );
    const [wait, longest] = [await waitOf(ids[0]), await waitOf(ids[1])];
    expect([rowOf(ids[0]), rowOf(ids[1])]).toMatchObject([
      { callback: 'pending', tries: 6 },
      { callback: 'pending', tries: 30 },
    ]);
    expect(wait).toBeGreaterThanOrEqual(16_000);
    expect(longest).toBeGreaterThanOrEqual(HOUR / 2);
    expect(longest).toBeLessThan(HOUR + 60_000);
    expect(rowOf(ids[2])).toEqual({ callback: 'failed', tries: 4, at: null });
    const saidOf = (id = '') =>
      warnings.filter((each) => each.includes(id)).map((each) => each.slice(each.indexOf('(')));
    expect(saidOf(ids[0]).slice(1)).toEqual([]);
    expect(saidOf(ids[2]).at(-1)).toBe('(try 4): it answered 500; it is given up');
  });

  it('that its host cuts off at its end is made again at once by the next', async () => {
    using data = new DataDirectory();
    const told = new Promise((resolve) => void (receiver.onTold = resolve));
    const first = data.open(done, { secret: async () => SECRET });
    await first.executions.startExecution({ ...asked, callbackUrl: urlOf() });
    await told;
    await first.close();
    const [row] = data.sql('SELECT callback, callback_at AS at FROM executions');
    expect(row?.['callback']).toBe('pending');
    expect(row?.['at']).toBeLessThanOrEqual(Date.now());
  });

  it('is made by what is allowed and known then, and to no address in digits that is denied', async () => {
    using data = new DataDirectory();
    let [secret, isAllowed, isDenied] = [SECRET, true, false];
    const targets: unknown[] = [];
    const warnings: string[] = [];
    await using opened = data.open(done, {
      secret: async () => secret,
      warn: (message) => void warnings.push(message),
      requireAllowed() {
        if (!isAllowed) throw new Error('it is allowed no more');
      },
      refuses: (target) => (targets.push(target), isDenied ? 'it is denied' : undefined),
    });
    const { executions, places } = opened;
    for (const [spoil, why] of [
      [() => (isAllowed = false), 'it is allowed no more'],
      [() => (secret = ''), 'executions.callback_secret is empty'],
      [() => (isDenied = true), 'it is denied'],
    ] as const) {
      places.concurrency = 0;
      const { id } = await executions.startExecution({ ...asked, callbackUrl: urlOf() });
      spoil();
      places.concurrency = 1;
      executions.wake();
      await eventually(() => warnings.some((each) => each.includes(id) && each.includes(why)));
      expect([receiver.told, receiver.refused]).toEqual([[], []]);
      [secret, isAllowed, isDenied] = [SECRET, true, false];
      await stateOf(executions, id, 'delivered');
      receiver.told.length = 0;
    }
    expect(targets.at(-1)).toEqual({ host: '127.0.0.1', address: '127.0.0.1', port: receiver.port });
  });
});
