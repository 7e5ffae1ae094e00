import type { PathStep } from './problem-path.ts';
import { formatPath } from './problem-path.ts';

/** How large a value may be that is written as JSON. */
export interface JsonLimits {
  /** Bytes of text. */
  readonly bytes: number;
  /** Objects and arrays within each other. */
  readonly depth: number;
}

/** Why a value cannot be written as JSON. */
export interface JsonRefusal {
  readonly fault: 'too_large' | 'too_deep' | 'circular' | 'not_json';
  /** What of the value, from the root: `rows[0].id`. Empty for all of it. */
  readonly path: string;
  /** What it is, as in "the payload …": `holds a bigint`. */
  readonly what: string;
  /** What the value's own code threw. */
  readonly cause?: unknown;
}

interface Walk {
  readonly limits: JsonLimits;
  readonly ancestors: object[];
  /** Where the walk is, down to the length of `ancestors`. */
  readonly steps: PathStep[];
  /** Length of the text so far, never more than it will be. */
  bytes: number;
  refusal: JsonRefusal | undefined;
}

/**
 * Why `JSON.stringify` would fail on a value, give more than the limits, or drop or twist part of it without a word;
 * undefined where it will do. JSON's own rules hold: `undefined` members go, `undefined` in a list becomes null, a Date
 * becomes text. The value is walked without being encoded, so that a monstrous one costs neither the time nor the memory
 * of that; its text may still turn out longer than the limit.
 */
export function measureJson(value: unknown, limits: JsonLimits): JsonRefusal | undefined {
  if (isPlain(value, limits)) return undefined;
  const walk: Walk = { limits, ancestors: [], steps: [], bytes: 0, refusal: undefined };
  try {
    visit(value, walk);
    return undefined;
  } catch (cause) {
    const what = 'cannot be read: a getter, proxy or toJSON in it throws';
    return walk.refusal ?? { fault: 'not_json', path: pathOf(walk), what, cause };
  }
}

/** Most bytes that the quick look takes; cyclic and very large values are left to the walk, which finds their faults. */
const PLAIN_BYTES = 4 * 1024 * 1024;

/**
 * Whether a value is plain and within the limits. It costs half of the walk, as it keeps no path. It may take a value for longer
 * than it is, never for shorter: whatever it does not accept is walked.
 */
function isPlain(value: unknown, { bytes, depth }: JsonLimits): boolean {
  try {
    return bytesLeft(value, Math.min(bytes, PLAIN_BYTES), depth) >= 0;
  } catch {
    return false;
  }
}

/** How many of so many bytes are left after the value; below 0 where it is too long or not plain. */
function bytesLeft(value: unknown, left: number, depth: number): number {
  switch (typeof value) {
    case 'string':
      return left - value.length - 2;
    case 'number':
      return Number.isFinite(value) ? left - 1 : -1;
    case 'boolean':
      return left - 4;
    case 'object':
      return value === null ? left - 4 : bytesLeftByMembers(value, left, depth);
    case 'undefined':
      return left;
    default:
      return -1;
  }
}

function bytesLeftByMembers(value: object, bytes: number, depth: number): number {
  if (depth <= 0 || typeof (value as { readonly toJSON?: unknown }).toJSON === 'function') return -1;
  let left = bytes - 2;
  if (Array.isArray(value)) {
    left -= value.length;
    for (let index = 0; index < value.length && left >= 0; index += 1) left = bytesLeft(value[index], left, depth - 1);
    return left;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return -1;
  for (const name in value) {
    left = bytesLeft((value as Record<string, unknown>)[name], left - name.length - 3, depth - 1);
    if (left < 0) break;
  }
  return left;
}

function visit(value: unknown, walk: Walk): void {
  switch (typeof value) {
    case 'string':
      walk.bytes += value.length + 2;
      break;
    case 'number':
      if (!Number.isFinite(value)) refuseValue(walk, 'not_json', `holds ${value}, which JSON has no word for`);
      walk.bytes += 1;
      break;
    case 'boolean':
      walk.bytes += 4;
      break;
    case 'object':
      if (value === null) walk.bytes += 4;
      else visitObject(value, walk);
      break;
    case 'undefined':
      break;
    default:
      refuseValue(walk, 'not_json', `holds a ${typeof value}`);
  }
  if (walk.bytes > walk.limits.bytes)
    refuseValue(walk, 'too_large', `is longer than ${walk.limits.bytes} bytes of JSON`);
}

function visitObject(value: object, walk: Walk): void {
  const { toJSON } = value as { readonly toJSON?: unknown };
  // As `JSON.stringify` does, `toJSON` is called once and not on what it gives.
  const shown: unknown =
    typeof toJSON === 'function'
      ? Reflect.apply(toJSON, value, [String(walk.steps[walk.ancestors.length - 1] ?? '')])
      : value;
  if (shown === null && value instanceof Date) refuseValue(walk, 'not_json', 'holds a Date that is no time');
  if (typeof shown === 'object' && shown !== null) visitMembers(shown, walk);
  else visit(shown, walk);
}

function visitMembers(value: object, walk: Walk): void {
  const { ancestors, steps, limits } = walk;
  if (ancestors.includes(value)) refuseValue(walk, 'circular', 'refers to itself');
  if (ancestors.length >= limits.depth)
    refuseValue(walk, 'too_deep', `is nested more than ${limits.depth} levels deep`);
  const depth = ancestors.length;
  ancestors.push(value);
  walk.bytes += 2;
  if (Array.isArray(value)) {
    walk.bytes += Math.max(0, value.length - 1);
    for (let index = 0; index < value.length; index += 1) {
      steps[depth] = index;
      visit(value[index], walk);
    }
  } else {
    let empty = true;
    for (const name in value) {
      if (!Object.hasOwn(value, name)) continue;
      empty = false;
      const member = (value as Record<string, unknown>)[name];
      if (member === undefined) continue;
      steps[depth] = name;
      walk.bytes += name.length + 3;
      visit(member, walk);
    }
    const kind = empty ? Object.prototype.toString.call(value).slice('[object '.length, -1) : 'Object';
    if (!PLAIN.test(kind)) {
      ancestors.pop();
      refuseValue(walk, 'not_json', `holds a ${kind}, of which JSON shows nothing`);
    }
  }
  ancestors.pop();
}

/** Classes whose objects are really empty where they have no members. A Map, a Headers or an Error holds what JSON would drop. */
const PLAIN = /^(Object|Arguments|Module|Boolean|Number|String|\w+Array)$/;

function pathOf({ ancestors, steps }: Walk): string {
  return formatPath(steps.slice(0, ancestors.length));
}

function refuseValue(walk: Walk, fault: JsonRefusal['fault'], what: string): never {
  walk.refusal = { fault, path: pathOf(walk), what };
  throw new Error(what);
}
