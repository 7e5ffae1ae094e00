import { isJsonObject } from '../json.ts';
import type { JsonValue } from '../json.ts';
import type { PathStep } from '../problem-path.ts';
import { formatPath } from '../problem-path.ts';
import { HIDDEN_KEY, isName } from './describe-received.ts';
import type { Finding } from './finding.ts';

/** What a check makes of what is left of a value. */
export interface Rest<T> {
  readonly value: T;
  /** Paths of what was left out. */
  readonly lost: readonly string[];
}

/** What is left out may uncover something else: a field that needed it. */
const MAX_ROUNDS = 4;

/**
 * What a check makes of a value without what is wrong with it, so that the rest can be looked at: each fault is left out, and where
 * something is missing, what it is missing from. Undefined where nothing is left that the check takes.
 */
export function takeRest<T>(
  value: unknown,
  check: (value: JsonValue, findings: Finding[]) => T | undefined,
): Rest<T> | undefined {
  const lost: string[] = [];
  let rest = value as JsonValue;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const findings: Finding[] = [];
    const taken = check(rest, findings);
    if (findings.length === 0) return taken === undefined ? undefined : { value: taken, lost };
    for (const { path } of findings) {
      const place = placeOf(rest, path);
      if (place.length === 0) return undefined;
      rest = without(rest, place, []);
      lost.push(formatPath(path));
    }
    // Items of lists keep their places until all of a round are known.
    rest = compact(rest);
  }
  return undefined;
}

/** The path as far as there is something. */
function placeOf(value: JsonValue, path: readonly PathStep[]): readonly PathStep[] {
  let at: JsonValue | undefined = value;
  const place: PathStep[] = [];
  for (const step of path) {
    if (step === HIDDEN_KEY) return [...place, step];
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) break;
    place.push(step);
    at = (at as Record<PathStep, JsonValue>)[step];
  }
  return place;
}

/** Stands for an item of a list that is left out. */
const GONE: unique symbol = Symbol('gone');

function without(value: JsonValue, [step, ...deeper]: readonly PathStep[], above: readonly PathStep[]): JsonValue {
  if (step === undefined) return value;
  const below = (item: JsonValue): JsonValue => without(item, deeper, [...above, step]);
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    items[Number(step)] = deeper.length === 0 ? GONE : below(value[Number(step)] as JsonValue);
    return items as JsonValue;
  }
  if (!isJsonObject(value)) return value;
  if (step === HIDDEN_KEY) return Object.fromEntries(Object.entries(value).filter(([key]) => isName(key, above)));
  const { [step]: own, ...others } = value;
  return deeper.length === 0 || own === undefined ? others : { ...others, [step]: below(own) };
}

function compact(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.filter((item) => (item as unknown) !== GONE).map(compact);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, compact(item)]));
}
