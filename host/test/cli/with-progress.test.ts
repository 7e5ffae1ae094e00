import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { withProgress } from '../../src/cli/with-progress.ts';

class Screen extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

const slow = async (): Promise<string> => {
  await jest.advanceTimersByTimeAsync(1_200);
  return 'done';
};

describe('work that takes longer than a second', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('says on a terminal what it is and for how long, and wipes that off at the end', async () => {
    const screen = new Screen(true);
    await expect(withProgress({ doing: 'listing plugins', stream: screen, work: slow })).resolves.toBe('done');
    expect(screen.text).toBe('\rlisting plugins … 1 s\r\u001b[K');
  });

  it('wipes it off when the work fails, too', async () => {
    const screen = new Screen(true);
    const work = async (): Promise<never> => {
      await slow();
      throw new Error('no');
    };
    await expect(withProgress({ doing: 'working', stream: screen, work })).rejects.toThrow('no');
    expect(screen.text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is silent where programs read, and where the work is quick', async () => {
    const [pipe, screen] = [new Screen(false), new Screen(true)];
    await withProgress({ doing: 'working', stream: pipe, work: slow });
    await withProgress({ doing: 'working', stream: screen, work: async () => 1 });
    expect([pipe.text, screen.text]).toEqual(['', '']);
  });
});
