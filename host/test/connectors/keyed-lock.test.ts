import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { KeyedLock } from '../../src/connectors/keyed-lock.ts';

describe('work on one key', () => {
  it('comes one after the other, in the order in which it was asked for, however it ends', async () => {
    const lock = new KeyedLock();
    const heard: string[] = [];
    const gates = new Map<string, PromiseWithResolvers<void>>();
    const run = (name: string): Promise<void> => {
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      return lock.run('key', async () => {
        heard.push(`${name} begins`);
        await gate.promise;
        heard.push(`${name} ends`);
      });
    };
    const first = run('first');
    const second = run('second');
    gates.get('first')?.reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    // The second is at it when the third comes.
    const third = run('third');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).toEqual(['first begins', 'second begins']);
    for (const name of ['second', 'third']) gates.get(name)?.resolve();
    await Promise.all([second, third]);
    expect(heard).toEqual(['first begins', 'second begins', 'second ends', 'third begins', 'third ends']);
  });

  it('does not wait for work on another', async () => {
    const lock = new KeyedLock();
    void lock.run('hanging', () => new Promise(() => undefined));
    await expect(lock.run('key', async () => 'done')).resolves.toBe('done');
  });

  it('leaves nothing behind', async () => {
    const lock = new KeyedLock();
    const result = new WeakRef(await lock.run('key', async () => ({ kept: true })));
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    for (let tries = 0; tries < 100 && result.deref() !== undefined; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collectGarbage();
    }
    expect(result.deref()).toBeUndefined();
    await expect(lock.run('key', async () => 'done')).resolves.toBe('done');
  });
});
