import { expect, it } from '@jest/globals';
import type { ConnectorEvent, ConnectorInfo } from '../src/api/types.ts';
import { createEventBatch } from '../src/state/event-batch.ts';

const connector = (id: string, status = 'healthy') => ({ id, status }) as unknown as ConnectorInfo;
const added = (id: string): ConnectorEvent => ({ kind: 'added', revision: 1, connector: connector(id) });
const synced: ConnectorEvent = { kind: 'synced', revision: 1 };

function follow() {
  let now: ReadonlyMap<string, ConnectorInfo> = new Map();
  let changes = 0;
  const open = () =>
    createEventBatch((change) => {
      now = change(now);
      changes += 1;
    });
  return { open, ids: () => [...now.keys()], find: (id: string) => now.get(id), changes: () => changes };
}

it('shows what there is in one go, once it is all there', () => {
  const shown = follow();
  const batch = shown.open();
  batch.add(added('a'));
  batch.add(added('b'));
  expect(shown.ids()).toEqual([]);
  batch.add(synced);
  expect([shown.ids(), shown.changes()]).toEqual([['a', 'b'], 1]);
});

it('applies what comes together as one change, the last word of each counting', () => {
  const shown = follow();
  const batch = shown.open();
  batch.add(added('a'));
  batch.add(synced);
  batch.add({ kind: 'status', revision: 2, connector: connector('a', 'unhealthy') });
  batch.add(added('b'));
  batch.add({ kind: 'status', revision: 3, connector: connector('a', 'unknown') });
  batch.add({ kind: 'removed', revision: 4, id: 'b' });
  batch.end();
  expect([shown.ids(), shown.find('a')?.status, shown.changes()]).toEqual([['a'], 'unknown', 2]);
});

it('forgets after a new beginning what is gone, and shows nothing of one that broke off early', () => {
  const shown = follow();
  const first = shown.open();
  for (const event of [added('a'), added('b'), synced]) first.add(event);
  first.end();
  const broken = shown.open();
  broken.add(added('a'));
  broken.end();
  expect(shown.ids()).toEqual(['a', 'b']);
  const second = shown.open();
  for (const event of [added('b'), synced]) second.add(event);
  expect(shown.ids()).toEqual(['b']);
});
