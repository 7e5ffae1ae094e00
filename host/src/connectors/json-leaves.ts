import type { JsonValue, JsonObject } from '@automate/contract';

export type LeafPath = readonly (string | number)[];

/** What is neither a list nor a map, with the way to it. */
export interface Leaf {
  readonly path: LeafPath;
  readonly value: JsonValue;
}

export function leavesOf(value: JsonValue, path: LeafPath = []): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  const entries: readonly (readonly [string | number, JsonValue])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([step, item]) => leavesOf(item, [...path, step]));
}

/** The leaf at a path; undefined where there is none. */
export function leafAt(value: JsonValue | undefined, path: LeafPath): JsonValue | undefined {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, JsonValue>>)[step];
  }
  return at;
}

/** A copy with other leaves at some paths. */
export function withLeaves<Whole extends JsonObject>(whole: Whole, leaves: readonly Leaf[]): Whole {
  if (leaves.length === 0) return whole;
  const copy = structuredClone<Whole>(whole);
  for (const { path, value } of leaves) {
    const last = path.at(-1) ?? '';
    const holder = leafAt(copy, path.slice(0, -1)) as Record<string | number, JsonValue>;
    holder[last] = value;
  }
  return copy;
}
