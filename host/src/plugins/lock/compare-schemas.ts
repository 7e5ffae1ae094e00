import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '@automate/contract';

/** Who writes the values: callers and operators (`given`), or the connector (`answered`). */
export type Direction = 'given' | 'answered';

/** One thing that differs between two JSON Schemas. */
export interface SchemaChange {
  /** Whether what was valid is valid no more, or what was promised is promised no more. */
  readonly breaking: boolean;
  /** Where in the value, `orders[].city`; empty for the whole. */
  readonly path: string;
  /** What happened there: `is required now`. */
  readonly what: string;
}

/** Deeper, schemas are only told apart. */
const MOST_DEPTH = 20;

/** What of a schema changed for those who write or read its values. What is not understood counts as a change that breaks nothing. */
export function compareSchemas(before: unknown, after: unknown, direction: Direction): readonly SchemaChange[] {
  return compareAt('', before, after, { direction, depth: 0 });
}

interface Place {
  readonly direction: Direction;
  readonly depth: number;
}

function compareAt(path: string, before: unknown, after: unknown, place: Place): readonly SchemaChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isJsonObject(before) || !isJsonObject(after) || place.depth > MOST_DEPTH)
    return [{ breaking: false, path, what: 'has another schema' }];
  const changes = [
    ...compareTypes(path, before, after, place),
    ...compareChoices(path, before, after, place),
    ...compareBounds(path, before, after, place),
    ...compareProperties(path, before, after, place),
    ...('items' in before || 'items' in after
      ? compareAt(`${path}[]`, before['items'] ?? {}, after['items'] ?? {}, below(place))
      : []),
  ];
  const isTold = changes.length > 0 || isDeepStrictEqual(withoutWords(before), withoutWords(after));
  return isTold ? changes : [{ breaking: false, path, what: 'has another schema' }];
}

function compareTypes(path: string, before: Schema, after: Schema, { direction }: Place): readonly SchemaChange[] {
  const [old, now] = [typesOf(before), typesOf(after)];
  if (old === undefined && now === undefined) return [];
  const isLost = (from: ReadonlySet<string> | undefined, to: ReadonlySet<string> | undefined): boolean =>
    to !== undefined &&
    (from === undefined || [...from].some((type) => !to.has(type) && !(type === 'integer' && to.has('number'))));
  const name = (types: ReadonlySet<string> | undefined): string => [...(types ?? ['anything'])].join(' or ');
  if (!isLost(old, now) && !isLost(now, old)) return [];
  const breaking = direction === 'given' ? isLost(old, now) : isLost(now, old);
  return [{ breaking, path, what: `was ${name(old)} and is ${name(now)}` }];
}

function compareChoices(path: string, before: Schema, after: Schema, { direction }: Place): readonly SchemaChange[] {
  const [old, now] = [choicesOf(before), choicesOf(after)];
  const words = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(', ');
  if (old === undefined && now === undefined) return [];
  if (old === undefined) return [{ breaking: direction === 'given', path, what: `takes only ${words(now ?? [])} now` }];
  if (now === undefined) return [{ breaking: direction === 'answered', path, what: 'takes any value now' }];
  const isIn = (values: readonly unknown[], value: unknown): boolean =>
    values.some((each) => isDeepStrictEqual(each, value));
  const gone = old.filter((value) => !isIn(now, value));
  const added = now.filter((value) => !isIn(old, value));
  return [
    ...(gone.length === 0 ? [] : [{ breaking: direction === 'given', path, what: `has no ${words(gone)} any more` }]),
    ...(added.length === 0 ? [] : [{ breaking: direction === 'answered', path, what: `may be ${words(added)} now` }]),
  ];
}

/** Keys whose larger values admit less, and those whose smaller ones do. */
const LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

function compareBounds(path: string, before: Schema, after: Schema, { direction }: Place): readonly SchemaChange[] {
  const keys = [...LEAST, ...MOST, 'pattern', 'format', 'multipleOf'] as const;
  return keys.flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    if (isDeepStrictEqual(old, now)) return [];
    const isLeast = (LEAST as readonly string[]).includes(key);
    const isMost = (MOST as readonly string[]).includes(key);
    const wider =
      now === undefined ||
      (typeof old === 'number' && typeof now === 'number' && ((isLeast && now < old) || (isMost && now > old)));
    const narrower = old === undefined || !wider;
    const breaking = direction === 'given' ? narrower && now !== undefined : wider;
    const show = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
    return [{ breaking, path, what: `had ${key} ${show(old)} and has ${show(now)}` }];
  });
}

function compareProperties(path: string, before: Schema, after: Schema, place: Place): readonly SchemaChange[] {
  const { direction } = place;
  const [old, now] = [propertiesOf(before), propertiesOf(after)];
  const [required, requires] = [requiredOf(before), requiredOf(after)];
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const changes: SchemaChange[] = [];
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const [was, is] = [Object.hasOwn(old, name), Object.hasOwn(now, name)];
    const isClosed = after['additionalProperties'] === false;
    if (was && !is) changes.push({ breaking: direction === 'answered' || isClosed, path: at(name), what: 'is gone' });
    else if (!was && is && !requires.has(name)) changes.push({ breaking: false, path: at(name), what: 'is new' });
    else if (was && is) changes.push(...compareAt(at(name), old[name], now[name], below(place)));
    if (is && requires.has(name) && !required.has(name))
      changes.push({ breaking: direction === 'given', path: at(name), what: 'is required now' });
    if (is && required.has(name) && !requires.has(name))
      changes.push({ breaking: direction === 'answered', path: at(name), what: 'may be absent now' });
  }
  const closes = before['additionalProperties'] !== false && after['additionalProperties'] === false;
  if (closes) changes.push({ breaking: direction === 'given', path, what: 'takes no other properties now' });
  return changes;
}

type Schema = Readonly<Record<string, unknown>>;

function below(place: Place): Place {
  return { ...place, depth: place.depth + 1 };
}

function typesOf({ type }: Schema): ReadonlySet<string> | undefined {
  if (typeof type === 'string') return new Set([type]);
  return Array.isArray(type) ? new Set(type.map(String)) : undefined;
}

function choicesOf(schema: Schema): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined;
}

function propertiesOf({ properties }: Schema): Schema {
  return isJsonObject(properties) ? properties : {};
}

function requiredOf({ required }: Schema): ReadonlySet<unknown> {
  return new Set(Array.isArray(required) ? required : []);
}

/** What only people read. */
function withoutWords({ description: _description, title: _title, examples: _examples, ...schema }: Schema): Schema {
  return schema;
}
