import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LaterStore } from '../fixtures/later-store.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const FILE = 'connectors:\n  - { id: calm, kind: echo }\n';
const GREETS = 'connectors:\n  - { id: calm, kind: echo }\n  - { id: one, kind: echo, settings: { greeting: file } }\n';

class SlowHost implements AsyncDisposable {
  readonly it: SandboxHost;
  readonly store: LaterStore;

  private constructor(it: SandboxHost, store: LaterStore) {
    this.it = it;
    this.store = store;
  }

  static async open(): Promise<SlowHost> {
    let store: LaterStore | undefined;
    const it = await SandboxHost.open({
      kinds: ['echo'],
      yaml: FILE,
      // A restart opens the next one.
      openStore: (directory) => (store = new LaterStore(directory)),
    });
    return new SlowHost(it, store!);
  }

  async greeting(it = this.it): Promise<unknown> {
    const { result } = await it.service.execute({ id: 'one', action: 'say', payload: { text: 'x' } });
    return (result as { readonly greeting?: unknown }).greeting;
  }

  async ids(it = this.it): Promise<readonly string[]> {
    return (await it.service.list()).map(({ id }) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.it[Symbol.asyncDispose]();
  }
}

const ONE = { id: 'one', kind: 'echo', settings: { greeting: 'api' } };

describe('while a registration is being written', () => {
  it('calls, health and lists go on, and nobody sees the connector yet', async () => {
    await using slow = await SlowHost.open();
    const { service } = slow.it;
    const hold = slow.store.hold();
    const registered = service.register(ONE);
    await hold.begun;
    await expect(service.execute({ id: 'calm', action: 'count', payload: {} })).resolves.toMatchObject({
      result: { count: 1 },
    });
    await expect(service.healthCheck('calm')).resolves.toMatchObject({ healthy: true });
    await expect(slow.ids()).resolves.toEqual(['calm']);
    hold.release();
    await expect(registered).resolves.toMatchObject({ id: 'one' });
    await expect(slow.greeting()).resolves.toBe('api');
  });

  it('another of the same id waits, and is refused', async () => {
    await using slow = await SlowHost.open();
    const hold = slow.store.hold();
    const outcomes = Promise.allSettled([
      slow.it.service.register(ONE),
      slow.it.service.register({ ...ONE, settings: { greeting: 'second' } }),
    ]);
    await hold.begun;
    hold.release();
    const [first, second] = await outcomes;
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ALREADY_EXISTS' } });
    await expect(slow.greeting()).resolves.toBe('api');
    await using next = await slow.it.restart();
    await expect(slow.greeting(next)).resolves.toBe('api');
  });

  it('a removal comes after it, in the store as well', async () => {
    await using slow = await SlowHost.open();
    const hold = slow.store.hold();
    const registered = slow.it.service.register(ONE);
    await hold.begun;
    const removed = slow.it.service.remove('one');
    hold.release();
    await expect(registered).resolves.toMatchObject({ id: 'one' });
    await expect(removed).resolves.toMatchObject({ id: 'one' });
    await expect(slow.ids()).resolves.toEqual(['calm']);
    await using next = await slow.it.restart();
    await expect(slow.ids(next)).resolves.toEqual(['calm']);
  });

  it('a file that brings the same id comes after it and wins, as at the next start', async () => {
    await using slow = await SlowHost.open();
    const hold = slow.store.hold();
    const registered = slow.it.service.register(ONE);
    await hold.begun;
    await slow.it.writeConfig(GREETS);
    const reloaded = slow.it.host.reload();
    // Time enough for the reload to pass by, if it did not wait.
    for (let turns = 0; turns < 100; turns += 1) await delay(1);
    hold.release();
    await registered;
    await expect(reloaded).resolves.toMatchObject({ ok: true, updated: ['one'] });
    await expect(slow.greeting()).resolves.toBe('file');
    await using next = await slow.it.restart();
    await expect(slow.greeting(next)).resolves.toBe('file');
  });

  it('the end of the host waits for it and keeps it; what stands behind it is refused', async () => {
    await using slow = await SlowHost.open();
    await slow.it.service.register({ id: 'old', kind: 'echo' });
    const hold = slow.store.hold();
    const registered = slow.it.service.register(ONE);
    await hold.begun;
    const behind = slow.it.service.remove('old').catch((error: unknown) => error);
    let closed = false;
    const closing = slow.it.host.close().then(() => (closed = true));
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(closed).toBe(false);
    hold.release();
    await expect(registered).resolves.toMatchObject({ id: 'one' });
    await expect(behind).resolves.toMatchObject({ code: 'UNAVAILABLE' });
    await closing;
    await using next = await slow.it.restart();
    await expect(slow.ids(next)).resolves.toEqual(['calm', 'old', 'one']);
  });
});

describe('a write that fails', () => {
  it('is the answer, leaves everything as it was, and holds up nothing', async () => {
    await using slow = await SlowHost.open();
    const hold = slow.store.hold();
    const registered = slow.it.service.register(ONE).catch((error: unknown) => error);
    await hold.begun;
    hold.fail(new Error('the disk is full'));
    await expect(registered).resolves.toBeInstanceOf(Error);
    await expect(slow.ids()).resolves.toEqual(['calm']);
    slow.store.hold().release();
    await expect(slow.it.service.register(ONE)).resolves.toMatchObject({ id: 'one' });
  });
});
