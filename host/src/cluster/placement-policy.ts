import type { LivingHost, PluginSet } from '../store/placement-store.ts';
import type { Wanted } from './host-fit.ts';
import { hasKind, hasLabels } from './host-fit.ts';

/** A host that may run connectors, as the one that decides knows it. */
export type HostView = Pick<
  LivingHost,
  'id' | 'labels' | 'held' | 'load' | 'memoryLimitBytes' | 'memoryFreeBytes' | 'isLeaving'
> & {
  /** Undefined where it is not known what it can run. */
  readonly set: PluginSet | undefined;
};

/** What a connector costs the host that holds it. */
export interface ConnectorLoad {
  readonly memoryBytes: number;
  readonly callsPerSecond: number;
}

/** A connector that the host which decides holds. */
export interface HeldView extends ConnectorLoad, Wanted {
  readonly connector: string;
  /** Calls under way. */
  readonly inFlight: number;
  /** Since it was last moved to even out the load, in milliseconds; undefined: never. */
  readonly movedMsAgo: number | undefined;
}

export interface Move {
  readonly connector: string;
  /** The id of the host that is to take it. */
  readonly to: string;
}

/** What the host that decides remembers from one decision to the next. */
export interface MoveState {
  /** Since when it has clearly had more than another host, by its clock; undefined: it has not. */
  readonly since: number | undefined;
  readonly isMoving: boolean;
  /** What it gave away that may not be in the others' loads yet. */
  readonly given: readonly { readonly to: string; readonly weight: number; readonly at: number }[];
}

export const NO_MOVES: MoveState = { since: undefined, isMoving: false, given: [] };

export interface MoveView {
  /** Milliseconds, of the clock of the host that decides. */
  readonly now: number;
  /** The id of the host that decides. */
  readonly self: string;
  /** Those that live, itself among them. */
  readonly hosts: readonly HostView[];
  readonly held: readonly HeldView[];
  /** Grows by one each second, at all hosts at about the same time: by it they take turns. */
  readonly round: number;
}

/** So much memory, and so many calls a second, weigh as much as being there. */
const MEMORY_UNIT = 64 * 2 ** 20;
const CALLS_UNIT = 10;

/** A host is asked to take another connector while it has less than this share of the mean, and some. */
const CLEARLY_MORE = 1.25;
const AND_SOME = 2;

/** By so much of the mean, at least by so much, hosts must differ for that to be clear, and for it to be evened out further. */
const CLEAR = { share: 0.5, least: 4 };
const ENOUGH = { share: 0.1, least: 2 };
/** How long that must last, in milliseconds: hosts come and go with each upgrade. */
const LASTING_MS = 10_000;
/** How long a connector stays where it was moved, in milliseconds. */
const SETTLED_MS = 10 * 60_000;
/** How long it may take until the load that a host tells has in it what it was given, in milliseconds. */
const LEARNT_MS = 4_000;
/** Of its memory a host must have free what is so much, to be given more. */
const FREE_SHARE = 0.1;

/** 1 for being there, and more for its memory and calls. */
export function weightOf({ memoryBytes, callsPerSecond }: ConnectorLoad): number {
  return 1 + memoryBytes / MEMORY_UNIT + callsPerSecond / CALLS_UNIT;
}

/** Whether a host may run it, as far as is known. */
export function fits(host: Pick<HostView, 'labels' | 'set'>, { labels, kind }: Wanted): boolean {
  return hasLabels(host, labels) && hasKind(host.set, kind);
}

/**
 * Which host is to take a connector that nobody holds: the one that is asked for it, unless that may not, has no room in its memory where
 * another one has, or clearly has more than its share; then the one with the least for its memory. Undefined where none may.
 */
export function placeNew({ self, hosts }: Pick<MoveView, 'self' | 'hosts'>, wanted: Wanted): string | undefined {
  const rated = rate(hosts.filter((host) => !host.isLeaving && fits(host, wanted)));
  const own = rated.find(({ id }) => id === self);
  const isFull = own?.hasRoom === false && rated.some(({ hasRoom }) => hasRoom);
  if (own !== undefined && !isFull && own.load < CLEARLY_MORE * meanOf(rated) + AND_SOME) return self;
  const [lightest] = rated.toSorted((a, b) => Number(b.hasRoom) - Number(a.hasRoom) || byLoad(a, b));
  return lightest?.id;
}

/**
 * What a host is to give to another one to even out what clearly and lastingly differs: one connector at most. Each host decides for
 * itself, by what all of them see within about a second; the turns that they take keep several from giving to the same one at once.
 */
export function nextMove(
  before: MoveState,
  view: MoveView,
): { readonly state: MoveState; readonly move: Move | undefined } {
  const { now, self, held, round } = view;
  const given = before.given.filter(({ at }) => now - at < LEARNT_MS);
  const rest = { state: { ...NO_MOVES, given }, move: undefined };
  const rated = rate(
    view.hosts.filter(({ isLeaving }) => !isLeaving),
    given,
  );
  const own = rated.find(({ id }) => id === self);
  if (own === undefined) return rest;
  const mean = meanOf(rated);
  const enough = Math.max(ENOUGH.least, ENOUGH.share * mean);
  const settled = held.filter(({ movedMsAgo = Infinity }) => movedMsAgo >= SETTLED_MS);
  const lighter = rated.filter((host) => host.hasRoom && own.load - host.load >= enough).toSorted(byLoad);
  const nearest = lighter.find((host) => choose(settled, own, host) !== undefined);
  // What it gave counts twice where the taker tells of it already.
  if (nearest === undefined) return given.length > 0 ? { state: { ...before, given }, move: undefined } : rest;
  const isClear = own.load - nearest.load >= Math.max(CLEAR.least, CLEAR.share * mean);
  const since = isClear || before.isMoving ? (before.since ?? now) : undefined;
  const isMoving = since !== undefined && now - since >= LASTING_MS;
  const state = { since, isMoving, given };
  if (!isMoving) return { state, move: undefined };
  // One of those that have more, for each of those that have less.
  const inOrder = rated.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const least = Math.min(...rated.map(({ load }) => load));
  const givers = inOrder.filter(({ load }) => load - least >= enough);
  const takers = inOrder.filter(({ load, hasRoom }) => hasRoom && load < mean);
  const stride = Math.ceil(givers.length / takers.length);
  const place = givers.findIndex(({ id }) => id === self);
  const [turn, step] = [Math.floor(round / stride), round % stride];
  const taker = place % stride === step ? takers[(Math.floor(place / stride) + turn) % takers.length] : undefined;
  const chosen = taker === undefined || !lighter.includes(taker) ? undefined : choose(settled, own, taker);
  if (taker === undefined || chosen === undefined) return { state, move: undefined };
  const gift = { to: taker.id, weight: weightOf(chosen), at: now };
  return {
    state: { ...state, given: [...given, gift] },
    move: { connector: chosen.connector, to: taker.id },
  };
}

/** Which of other hosts is to take what one holds that leaves: of those that may run it the one that has the least by then. What none may run stays. */
export function giveAway({ hosts, held }: Pick<MoveView, 'hosts' | 'held'>): readonly Move[] {
  const others = rate(hosts.filter(({ isLeaving }) => !isLeaving));
  const loads = new Map(others.map(({ id, load }) => [id, load]));
  const loadOf = ({ id }: Rated): number => loads.get(id) ?? 0;
  return held
    .toSorted((a, b) => weightOf(b) - weightOf(a))
    .flatMap((each) => {
      const [taker] = others
        .filter((host) => fits(host, each))
        .toSorted((a, b) => Number(b.hasRoom) - Number(a.hasRoom) || loadOf(a) - loadOf(b));
      if (taker === undefined) return [];
      loads.set(taker.id, loadOf(taker) + weightOf(each) / taker.capacity);
      return [{ connector: each.connector, to: taker.id }];
    });
}

interface Rated extends HostView {
  /** What it may have of memory, against the mean of all. */
  readonly capacity: number;
  /** For its capacity. */
  readonly load: number;
  /** Whether its memory bears more. */
  readonly hasRoom: boolean;
}

function rate(hosts: readonly HostView[], given: MoveState['given'] = []): readonly Rated[] {
  const known = hosts.filter(({ memoryLimitBytes }) => memoryLimitBytes > 0);
  const mean = known.reduce((sum, { memoryLimitBytes }) => sum + memoryLimitBytes, 0) / known.length;
  return hosts.map((host) => {
    const { memoryLimitBytes, memoryFreeBytes } = host;
    // One of an earlier version says nothing of that, nor of its load.
    const isKnown = memoryLimitBytes > 0;
    const capacity = isKnown ? memoryLimitBytes / mean : 1;
    const coming = given.reduce((sum, { to, weight }) => sum + (to === host.id ? weight : 0), 0);
    const hasRoom = isKnown && memoryFreeBytes >= FREE_SHARE * memoryLimitBytes;
    return { ...host, capacity, load: ((isKnown ? host.load : host.held) + coming) / capacity, hasRoom };
  });
}

function meanOf(rated: readonly Rated[]): number {
  const capacity = rated.reduce((sum, each) => sum + each.capacity, 0);
  return rated.reduce((sum, each) => sum + each.load * each.capacity, 0) / capacity;
}

function byLoad(a: Rated, b: Rated): number {
  return a.load - b.load || (a.id < b.id ? -1 : 1);
}

/** What of these evens out most between two hosts, so that few are moved; none that would leave the taker with more than the giver. */
function choose(held: readonly HeldView[], giver: Rated, taker: Rated): HeldView | undefined {
  const bearable = held.filter((each) => {
    const weight = weightOf(each);
    return (
      fits(taker, each) &&
      weight / giver.capacity + weight / taker.capacity <= giver.load - taker.load &&
      each.memoryBytes <= taker.memoryFreeBytes
    );
  });
  const steps = (each: HeldView): number => Math.round(weightOf(each));
  const [best] = bearable.toSorted(
    (a, b) => steps(b) - steps(a) || a.inFlight - b.inFlight || (a.connector < b.connector ? -1 : 1),
  );
  return best;
}
