import { expect, it } from '@jest/globals';
import type { HeldView, HostView, MoveState } from '../../src/cluster/placement-policy.ts';
import { giveAway, nextMove, NO_MOVES, placeNew } from '../../src/cluster/placement-policy.ts';

const GIB = 2 ** 30;
const host = (id: string, load: number, more: Partial<HostView> = {}): HostView => ({
  ...{ id, load, held: load, labels: [], isLeaving: false, set: undefined },
  ...{ memoryLimitBytes: 4 * GIB, memoryFreeBytes: 2 * GIB, ...more },
});
const held = (connector: string, more: Partial<HeldView> = {}): HeldView => ({
  ...{ connector, labels: [], kind: 'marking', memoryBytes: 0, callsPerSecond: 0, inFlight: 0, movedMsAgo: undefined },
  ...more,
});
const many = (count: number, more: Partial<HeldView> = {}): readonly HeldView[] =>
  Array.from({ length: count }, (_, index) => held(`c${index}`, more));

/** What host `a` gives away in so many seconds, where the loads of others stay as they are told but for that. */
function giveFor(seconds: number, hosts: readonly HostView[], own: readonly HeldView[]) {
  let state: MoveState = NO_MOVES;
  let left = own;
  const moves = new Array<string>();
  for (let second = 0; second < seconds; second += 1) {
    const given = (id: string): number => moves.filter((move) => move.endsWith(` ${id}`)).length;
    const now = hosts.map((each) => ({
      ...each,
      load: each.load + (each.id === 'a' ? -moves.length : given(each.id)),
    }));
    const next = nextMove(state, { now: second * 1_000, self: 'a', hosts: now, held: left, round: second });
    ({ state } = next);
    if (next.move === undefined) continue;
    const { connector, to } = next.move;
    moves.push(`${second} ${connector} ${to}`);
    left = left.filter((each) => each.connector !== connector);
  }
  return moves;
}

it('gives what nobody holds to the host that is asked, and to the one with the least where that has clearly more', () => {
  const wanted = { labels: [], kind: 'marking' };
  expect(placeNew({ self: 'a', hosts: [host('a', 4), host('b', 3)] }, wanted)).toBe('a');
  expect(placeNew({ self: 'a', hosts: [host('a', 20), host('b', 7), host('c', 3)] }, wanted)).toBe('c');
  expect(placeNew({ self: 'a', hosts: [host('a', 20), host('b', 3, { isLeaving: true })] }, wanted)).toBe('a');
  const full = host('c', 3, { memoryFreeBytes: 0 });
  expect(placeNew({ self: 'a', hosts: [host('a', 20), host('b', 7), full] }, wanted)).toBe('b');
  expect(placeNew({ self: 'c', hosts: [host('a', 4), host('b', 3), full] }, wanted)).toBe('b');
  expect(placeNew({ self: 'c', hosts: [{ ...full, id: 'b' }, full] }, wanted)).toBe('c');
  expect(placeNew({ self: 'a', hosts: [host('a', 20)] }, { labels: ['gpu'], kind: 'marking' })).toBeUndefined();
  const bare = host('c', 3, { set: { kinds: ['other'], packages: [], digest: 'c' } });
  expect(placeNew({ self: 'a', hosts: [host('a', 20), host('b', 7), bare] }, wanted)).toBe('b');
  // Half of the memory bears half of the connectors.
  const small = host('b', 8, { memoryLimitBytes: 2 * GIB });
  expect(placeNew({ self: 'a', hosts: [host('a', 20), small] }, wanted)).toBe('a');
  // One of an earlier version tells how many it has, and not what they weigh.
  const early = host('b', 0, { held: 60, memoryLimitBytes: 0 });
  expect(placeNew({ self: 'a', hosts: [host('a', 20), early, host('c', 10)] }, wanted)).toBe('a');
});

it('moves what runs only where hosts have clearly and lastingly differed, and until they are even', () => {
  expect(giveFor(9, [host('a', 20), host('b', 0)], many(20))).toEqual([]);
  const moves = giveFor(60, [host('a', 20), host('b', 0)], many(20));
  expect(moves).toHaveLength(10);
  expect(moves[0]).toBe('10 c0 b');
  expect(giveFor(60, [host('a', 11), host('b', 8)], many(11))).toEqual([]);
  expect(giveFor(60, [host('a', 20), host('b', 0, { memoryFreeBytes: 0 })], many(20))).toEqual([]);
  expect(giveFor(60, [host('a', 20), host('b', 0, { isLeaving: true })], many(20))).toEqual([]);
  // Of one that has no room nobody is to take less than what is clear.
  const full = host('f', 0, { memoryFreeBytes: 0 });
  expect(giveFor(60, [host('a', 11), host('b', 8), host('c', 20), full], many(11))).toEqual([]);
  expect(giveFor(60, [host('a', 20), host('b', 0)], many(20, { labels: ['gpu'] }))).toEqual([]);
  expect(giveFor(60, [host('a', 20), host('b', 0)], many(20, { movedMsAgo: 60_000 }))).toEqual([]);
});

it('moves the connector that evens out most, and none that would leave the taker with more', () => {
  const own = [held('huge', { callsPerSecond: 150 }), held('large', { callsPerSecond: 50 }), ...many(4)];
  const moves = giveFor(12, [host('a', 26), host('b', 10)], own);
  expect(moves[0]).toBe('10 large b');
  expect(giveFor(30, [host('a', 16), host('b', 10)], [own[0]!])).toEqual([]);
  const [busy, idle] = [held('busy', { inFlight: 3 }), held('idle')];
  expect(giveFor(12, [host('a', 20), host('b', 8)], [busy, idle])[0]).toBe('10 idle b');
  const big = [held('big', { memoryBytes: GIB })];
  const little = host('b', 10, { memoryFreeBytes: GIB / 2 });
  expect(giveFor(12, [host('a', 60), little], big)).toEqual([]);
  expect(giveFor(12, [host('a', 60), host('b', 10)], big)).toEqual(['10 big b']);
});

it('knows for a while what it gave, which the taker does not tell of yet', () => {
  let state: MoveState = { since: 0, isMoving: true, given: [] };
  let left = many(10);
  for (let second = 0; second < 4; second += 1) {
    const hosts = [host('a', left.length), host('b', 4)];
    const next = nextMove(state, { now: 60_000 + second * 500, self: 'a', hosts, held: left, round: second });
    ({ state } = next);
    left = left.filter(({ connector }) => connector !== next.move?.connector);
  }
  expect(left).toHaveLength(7);
});

it('gives nothing to one that has hardly less, in whose turn it is', () => {
  const hosts = [host('a', 95), host('b', 85), host('c', 88)];
  const engaged: MoveState = { since: 0, isMoving: true, given: [] };
  const takers = [0, 1].map(
    (round) => nextMove(engaged, { now: 60_000, self: 'a', hosts, held: many(95), round }).move?.to,
  );
  expect(takers).toEqual(['b', undefined]);
});

it('has hosts take turns, so that several do not fill the same one', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const hosts = [...ids.map((id) => host(id, 10)), host('e', 0)];
  const engaged: MoveState = { since: 0, isMoving: true, given: [] };
  for (let round = 0; round < 8; round += 1) {
    const movers = ids.filter(
      (self) => nextMove(engaged, { now: 60_000, self, hosts, held: many(10), round }).move !== undefined,
    );
    expect(movers).toEqual([ids[round % 4]]);
  }
});

it('spreads what a host holds that ends, and keeps what no other one may run', () => {
  const moves = giveAway({
    hosts: [host('b', 1), host('c', 3), host('d', 0, { isLeaving: true })],
    held: [...many(10), held('bound', { labels: ['gpu'] })],
  });
  const count = (to: string): number => moves.filter((move) => move.to === to).length;
  expect([moves.length, count('b'), count('c')]).toEqual([10, 6, 4]);
});
