import { describe, expect, it } from '@jest/globals';
import type { ConnectorEvent, ConnectorInfo } from '@automate/contract';
import { EventHub } from '../../src/events/event-hub.ts';

const INFO = { id: 'a' } as ConnectorInfo;

async function take(events: AsyncIterable<ConnectorEvent>, count: number): Promise<ConnectorEvent[]> {
  const taken: ConnectorEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

describe('the event hub', () => {
  it('tells what there is, then that this was all, then changes with growing revisions', async () => {
    const hub = new EventHub();
    const events = hub.watch([INFO], {});
    hub.publish({ kind: 'updated', connector: INFO });
    hub.publish({ kind: 'removed', id: 'a' });
    expect(await take(events, 4)).toEqual([
      { kind: 'added', revision: 0, connector: INFO },
      { kind: 'synced', revision: 0 },
      { kind: 'updated', revision: 1, connector: INFO },
      { kind: 'removed', revision: 2, id: 'a' },
    ]);
  });

  it('ends quietly when the signal fires and when the hub closes', async () => {
    const hub = new EventHub();
    const leaving = new AbortController();
    const first = take(hub.watch([], { signal: leaving.signal }), 10);
    const second = take(hub.watch([], {}), 10);
    leaving.abort();
    hub.close();
    expect(await first).toEqual([{ kind: 'synced', revision: 0 }]);
    expect(await second).toEqual([{ kind: 'synced', revision: 0 }]);
    expect(await take(hub.watch([], {}), 10)).toEqual([{ kind: 'synced', revision: 0 }]);
  });

  it('lets a watcher go that does not read, with an error that says why, and keeps serving the others', async () => {
    const hub = new EventHub();
    const sleepy = hub.watch([], {})[Symbol.asyncIterator]();
    for (let index = 0; index < 10_001; index += 1) hub.publish({ kind: 'removed', id: 'x' });
    await expect(sleepy.next()).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await take(hub.watch([], {}), 1)).toMatchObject([{ kind: 'synced', revision: 10_001 }]);
  });
});
