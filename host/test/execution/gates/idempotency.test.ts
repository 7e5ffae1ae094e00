import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createIdempotency } from '../../../dist/execution/gates/idempotency.js';
import { openSqliteOutcomeStore } from '../../../dist/store/sqlite-outcome-store.js';
import { until } from '../../runtime/support.ts';

it('leaves no key taken by a call whose patience ended while that was written down', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'outcomes-'));
  const store = openSqliteOutcomeStore(directory);
  const slow = Promise.withResolvers<void>();
  const outcomes = {
    begin: async (claim: Parameters<typeof store.begin>[0]) => {
      const begun = await store.begin(claim);
      await slow.promise;
      return begun;
    },
    end: store.end.bind(store),
    find: store.find.bind(store),
    clear: store.clear.bind(store),
    age: store.age.bind(store),
    forget: store.forget.bind(store),
    close: store.close.bind(store),
  };
  const gate = createIdempotency({ outcomes, onFault: () => undefined });
  const call = {
    request: { id: 'x', action: 'a', payload: '{}', idempotencyKey: 'k' },
    principal: undefined,
    target: { limits: { idempotencyTtlMs: 60_000 } },
    attempts: 0,
    deadline: Date.now() + 50,
    signal: undefined,
  };
  await expect(gate.admit(call)).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
  const place = { connector: 'x', principal: 'local', key: 'k' };
  expect(await store.find(place)).toMatchObject({ status: 'running' });
  slow.resolve();
  let found: unknown = 'not asked';
  await until('the key is free', () => {
    void store.find(place).then((outcome) => (found = outcome));
    return found === undefined;
  });
  await store.close();
  rmSync(directory, { recursive: true });
});
