import { expect, it } from '@jest/globals';
import { RecentCalls } from '../../src/execution/recent-calls.ts';

const END = { code: 'OK', blame: 'none', attempts: 1, durationMs: 1.23456 } as const;
const made = (id: string, action: string) => ({
  request: { id, action, payload: '{}' },
  options: {},
  traceparent: undefined,
});

it('the last hundred calls of a connector are kept, the newest first, however many there were', () => {
  const calls = new RecentCalls(() => true);
  for (let index = 0; index < 250; index += 1) calls.note(made('c', `a${index}`), END);
  const actions = calls.list('c').map(({ action }) => action);
  expect(actions).toEqual(Array.from({ length: 100 }, (_none, index) => `a${249 - index}`));
  expect(calls.list('c', 2)).toMatchObject([{ action: 'a249', durationMs: 1.235 }, { action: 'a248' }]);
  calls.forget('c');
  expect(calls.list('c')).toEqual([]);
});

it('callers cannot have anything kept of connectors that there are not, nor of long names', () => {
  const calls = new RecentCalls((id) => id === 'c');
  calls.note(made('nobody', 'a'), END);
  expect(calls.list('nobody')).toEqual([]);
  calls.note(made('c', 'x'.repeat(100_000)), END);
  expect(calls.list('c')[0]?.action.length).toBeLessThan(300);
});
