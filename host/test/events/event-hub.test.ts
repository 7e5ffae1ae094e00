import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

  it('wakes who waits for each change, and ends quietly when the signal fires', async () => {
    const hub = new EventHub();
    const leaving = new AbortController();
    const events = hub.watch([], { signal: leaving.signal, timeoutMs: 60_000 })[Symbol.asyncIterator]();
    await events.next();
    for (const id of ['a', 'b']) {
      const next = events.next();
      hub.publish({ kind: 'removed', id });
      expect(await next).toMatchObject({ done: false, value: { kind: 'removed', id } });
    }
    const last = events.next();
    leaving.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('ends quietly when the hub closes, with what came until then and nothing after', async () => {
    const hub = new EventHub();
    const reading = take(hub.watch([], {}), 10);
    const waiting = hub.watch([], {})[Symbol.asyncIterator]();
    await waiting.next();
    const last = waiting.next();
    hub.close();
    hub.publish({ kind: 'removed', id: 'a' });
    expect(await reading).toEqual([{ kind: 'synced', revision: 0 }]);
    expect(await last).toEqual({ done: true, value: undefined });
    expect(await take(hub.watch([], {}), 10)).toEqual([{ kind: 'synced', revision: 1 }]);
  });

  it('lets a watcher go that does not read, with an error that says why, and keeps serving the others', async () => {
    const hub = new EventHub();
    const sleepy = hub.watch([], {})[Symbol.asyncIterator]();
    for (let index = 0; index < 10_001; index += 1) hub.publish({ kind: 'removed', id: 'x' });
    // One that is just within its bounds, `synced` among them.
    const slow = hub.watch([], {});
    for (let index = 1; index < 10_000; index += 1) hub.publish({ kind: 'removed', id: 'x' });
    hub.close();
    await expect(sleepy.next()).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await take(slow, 20_000)).toHaveLength(10_000);
    expect(await take(hub.watch([], {}), 1)).toMatchObject([{ kind: 'synced', revision: 20_000 }]);
  });

  it('ends with an error when the time is over that its caller gave it, after what was still unread', async () => {
    const hub = new EventHub();
    const events = hub.watch([INFO], { timeoutMs: 20 })[Symbol.asyncIterator]();
    expect(await events.next()).toMatchObject({ value: { kind: 'added' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    hub.publish({ kind: 'removed', id: 'a' });
    expect(await events.next()).toMatchObject({ value: { kind: 'synced' } });
    await expect(events.next()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('keeps nothing of a watcher that has left, however it left', async () => {
    const hub = new EventHub();
    const leaving = new AbortController();
    const left = await (async () => {
      const connector = { id: 'kept' } as ConnectorInfo;
      const events = hub.watch([connector], { signal: leaving.signal })[Symbol.asyncIterator]();
      await events.next();
      hub.publish({ kind: 'updated', connector });
      await events.return?.();
      return new WeakRef(connector);
    })();
    expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0);
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    for (let tries = 0; tries < 100 && left.deref() !== undefined; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collectGarbage();
    }
    expect(left.deref()).toBeUndefined();
    // The hub was there all the time.
    expect(await take(hub.watch([], {}), 1)).toMatchObject([{ kind: 'synced', revision: 1 }]);
  });

  it('keeps a program that only watches, and lets it end with the watch', async () => {
    const program = `
      import { EventHub } from ${JSON.stringify(new URL('../../dist/events/event-hub.js', import.meta.url))};
      const hub = new EventHub();
      setTimeout(() => hub.publish({ kind: 'removed', id: 'a' }), 200).unref();
      setTimeout(() => hub.close(), 400).unref();
      for await (const { kind } of hub.watch([], {})) console.log(kind);
      console.log('ended');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 60_000,
    });
    expect(stdout).toBe('synced\nremoved\nended\n');
  });
});
