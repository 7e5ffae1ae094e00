import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { ErrorEnvelope } from '@automate/contract';
import { WorkerLostError } from '@automate/contract';
import { CrashLedger } from '../../src/telemetry/crash-ledger.ts';
import type { Finding } from '../../src/telemetry/find-faults.ts';

beforeEach(() => void jest.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void jest.useRealTimers());

const after = (ms: number): void => void jest.setSystemTime(Date.now() + ms);
const died = (message: string): ErrorEnvelope => new WorkerLostError(message).toEnvelope();
const CPU: Finding = { fault: 'cpu', blame: 'plugin', amount: 1, message: 'busy' };
/** Since when the fault holds, of which a minute without being found is the end. */
const sinceOf = (ledger: CrashLedger, version = '1'): number =>
  Date.parse(ledger.since('c', version, [CPU], 60_000)[0]?.since ?? '');

it('crashes are told of each version on its own, the latest first, and of no more than five', () => {
  const ledger = new CrashLedger();
  for (const version of ['1', '2', '1']) {
    ledger.noteCrash('c', died(`of ${version}`), version);
    after(1_000);
  }
  // Since when it dies, not when it died last.
  const since = (ms: number): string => new Date(1_000_000 + ms).toISOString();
  expect(ledger.crashesOf('c')).toMatchObject([
    {
      version: '1',
      amount: 2,
      since: since(0),
      message: `the worker of "c" died 2 times, last at ${since(2_000)}: of 1`,
    },
    { version: '2', amount: 1, since: since(1_000) },
  ]);
  for (let version = 3; version < 20; version += 1) ledger.noteCrash('c', died('again'), String(version));
  expect(ledger.crashesOf('c').map(({ version }) => version)).toEqual(['19', '18', '17', '16', '15']);
});

it('of a connector that is gone nothing is remembered: another of its name begins anew', () => {
  const ledger = new CrashLedger();
  for (const id of ['c', 'c2']) ledger.noteCrash(id, died('x'), '1');
  expect(sinceOf(ledger)).toBe(Date.now());
  after(1_000);
  ledger.forget('c');
  expect([ledger.crashesOf('c').length, ledger.crashesOf('c2').length]).toEqual([0, 1]);
  expect(sinceOf(ledger)).toBe(Date.now());
});

it('a fault holds since it was found first, until it is not found for a while, in each version', () => {
  const ledger = new CrashLedger();
  const first = sinceOf(ledger);
  for (let round = 0; round < 4; round += 1) {
    after(50_000);
    expect(sinceOf(ledger)).toBe(first);
  }
  expect(sinceOf(ledger, '2')).toBe(Date.now());
  after(60_001);
  expect(sinceOf(ledger)).toBe(Date.now());
});
