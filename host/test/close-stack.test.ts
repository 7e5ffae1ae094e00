import { describe, expect, it } from '@jest/globals';
import { CloseStack } from '../src/close-stack.ts';

describe('what was opened', () => {
  it('closes in reverse order, each after the one before it has ended', async () => {
    const log: string[] = [];
    const stack = new CloseStack();
    const gate = Promise.withResolvers<void>();
    stack.push({ name: 'store', close: () => void log.push('store') });
    stack.push({
      name: 'connectors',
      close: async () => {
        log.push('connectors…');
        await gate.promise;
        log.push('connectors');
      },
    });
    stack.push({ name: 'doors', close: () => void log.push('doors') });
    const closing = stack.close();
    await new Promise(setImmediate);
    expect(log).toStrictEqual(['doors', 'connectors…']);
    gate.resolve();
    await closing;
    expect(log).toStrictEqual(['doors', 'connectors…', 'connectors', 'store']);
  });

  it('closes once, however often it is asked to', async () => {
    let closed = 0;
    const stack = new CloseStack();
    stack.push({ name: 'store', close: () => void (closed += 1) });
    const first = stack.close();
    expect(stack.close()).toBe(first);
    await first;
    expect(closed).toBe(1);
  });

  it('closes also where another failed to, and tells of every failure by name', async () => {
    let closed = 0;
    const stack = new CloseStack();
    const fail = (message: string) => () => {
      throw new Error(message);
    };
    stack.push({ name: 'log', close: fail('disk full') });
    stack.push({ name: 'store', close: () => void (closed += 1) });
    stack.push({ name: 'doors', close: async () => fail('still busy')() });
    await expect(stack.close()).rejects.toMatchObject({
      message: 'the host did not close cleanly',
      errors: [
        { message: 'closing doors', cause: { message: 'still busy' } },
        { message: 'closing log', cause: { message: 'disk full' } },
      ],
    });
    expect(closed).toBe(1);
  });

  it('takes nothing more once it closes', async () => {
    const stack = new CloseStack();
    const closing = stack.close();
    expect(() => stack.push({ name: 'a door', close: () => undefined })).toThrow(
      'cannot open a door: the host is closing',
    );
    await expect(closing).resolves.toBeUndefined();
  });
});
