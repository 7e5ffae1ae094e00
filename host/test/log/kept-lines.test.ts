import { describe, expect, it } from '@jest/globals';
import type { LogEvent } from '@automate/contract';
import { LogTail } from '../../src/log/log-tail.ts';

const say = (tail: LogTail, connector: string, message: string): void =>
  tail.add(JSON.stringify({ level: 'info', time: 'then', connector, msg: message }), 'info', connector);

function tailOf(...connectors: readonly string[]): LogTail {
  const tail = new LogTail();
  for (const connector of connectors) tail.keep(connector);
  return tail;
}

/** What a follower is told of what is kept already. */
async function toldAfter(tail: LogTail, after: number): Promise<readonly LogEvent[]> {
  const told: LogEvent[] = [];
  for await (const event of tail.follow({ connector: 'c', after }, {})) {
    if (event.kind === 'synced') break;
    told.push(event);
  }
  return told;
}

describe('a follower that comes back', () => {
  it.each([
    ['all of it is kept', 999, false, 999],
    // More are kept than are told, until many can go at once.
    ['more is kept than is told', 1_200, true, 1_000],
    ['a part of it was let go, and all that is kept is told', 1_250, true, 1_000],
    ['both', 1_300, true, 1_000],
  ])('hears whether it missed something: %s', async (_what, more, missed, lines) => {
    const tail = tailOf('c');
    say(tail, 'c', 'the first');
    const [first] = tail.read({ connector: 'c' });
    for (let index = 1; index <= more; index += 1) say(tail, 'c', `line ${index}`);
    const told = await toldAfter(tail, first?.seq ?? 0);
    expect(told.filter(({ kind }) => kind === 'missed')).toHaveLength(missed ? 1 : 0);
    expect(told.filter(({ kind }) => kind === 'line').length).toBeLessThanOrEqual(lines);
    expect(told.at(-1)).toMatchObject({ line: { message: `line ${more}` } });
  });

  it('to a host that ends is let go', async () => {
    const tail = tailOf('c');
    tail.close();
    const events: LogEvent[] = [];
    for await (const event of tail.follow({}, {})) events.push(event);
    expect(events.filter(({ kind }) => kind === 'line')).toEqual([]);
  });
});

describe('a connector that is gone', () => {
  it('leaves room for the lines of the others', () => {
    const tail = tailOf('stays');
    // More than all may have together.
    for (let round = 0; round < 200; round += 1) {
      tail.keep(`gone-${round}`);
      for (let index = 0; index < 25; index += 1) say(tail, `gone-${round}`, 'x'.repeat(9_000));
      tail.forget(`gone-${round}`);
    }
    for (let index = 0; index < 20; index += 1) say(tail, 'stays', 'y'.repeat(9_000));
    expect(tail.read({ connector: 'stays' })).toHaveLength(20);
  });

  it('has no lines any more, whatever its worker still says', () => {
    const tail = tailOf('c');
    tail.forget('c');
    say(tail, 'c', 'the last word');
    expect(tail.read({ connector: 'c' })).toEqual([]);
  });
});
