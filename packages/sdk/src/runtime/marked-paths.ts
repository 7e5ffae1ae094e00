import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { LocalPathKind } from '../local-path.ts';

/** A text of some settings that their schema marks as a path. */
export interface MarkedPath {
  readonly keys: readonly (string | number)[];
  readonly text: string;
  readonly names: LocalPathKind;
  /** The text of the setting that names its directory. */
  readonly within?: string | undefined;
}

/** Deeper a schema is not followed: it may refer to itself. */
const MAX_DEPTH = 64;
const KINDS: ReadonlySet<unknown> = new Set<LocalPathKind>(['file', 'directory', 'socket', 'uri']);

/** Every path in these settings, wherever in the schema its mark stands: behind alternatives and references too. */
export function markedPaths(schema: JsonSchema, settings: JsonObject): readonly MarkedPath[] {
  const found = new Map<string, MarkedPath>();
  visit({ root: schema, found }, { schema, value: settings, keys: [], parent: {} }, 0);
  return [...found.values()];
}

interface Search {
  readonly root: JsonSchema;
  readonly found: Map<string, MarkedPath>;
}

interface Place {
  readonly schema: JsonValue | undefined;
  readonly value: JsonValue | undefined;
  readonly keys: readonly (string | number)[];
  /** The object that the value stands in. */
  readonly parent: JsonObject;
}

function visit(search: Search, { schema, value, keys, parent }: Place, depth: number): void {
  if (!isJsonObject(schema ?? null) || value === undefined || depth > MAX_DEPTH) return;
  const words = schema as JsonObject;
  const names = words['x-local-path'];
  if (typeof value === 'string' && KINDS.has(names)) {
    const directory = typeof words['x-within'] === 'string' ? parent[words['x-within']] : undefined;
    const within = typeof directory === 'string' ? directory : undefined;
    // A path within a directory that is not given leads nowhere.
    if (words['x-within'] === undefined || within !== undefined)
      search.found.set(JSON.stringify(keys), { keys, text: value, names: names as LocalPathKind, within });
  }
  const here = (sub: JsonValue | undefined): void => visit(search, { schema: sub, value, keys, parent }, depth + 1);
  for (const word of ['allOf', 'anyOf', 'oneOf']) for (const sub of listOf(words[word])) here(sub);
  for (const word of ['if', 'then', 'else', 'not']) here(words[word]);
  if (typeof words['$ref'] === 'string') here(referred(search.root, words['$ref']));
  if (Array.isArray(value)) {
    const first = listOf(words['prefixItems']);
    for (const [index, item] of value.entries())
      visit(
        search,
        { schema: first[index] ?? words['items'], value: item, keys: [...keys, index], parent: {} },
        depth + 1,
      );
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value))
      for (const sub of schemasOf(words, key))
        visit(search, { schema: sub, value: item, keys: [...keys, key], parent: value }, depth + 1);
  }
}

function schemasOf(schema: JsonObject, key: string): readonly (JsonValue | undefined)[] {
  const { properties = null, patternProperties = null } = schema;
  const own = isJsonObject(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const patterned = isJsonObject(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, sub]) => (new RegExp(pattern, 'u').test(key) ? [sub] : []))
    : [];
  return own.length + patterned.length > 0 ? [...own, ...patterned] : [schema['additionalProperties']];
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** What `#/$defs/name` refers to. */
function referred(root: JsonSchema, reference: string): JsonValue | undefined {
  if (!reference.startsWith('#')) return undefined;
  let at: JsonValue | undefined = root;
  for (const step of reference.split('/').slice(1)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isJsonObject(at ?? null) ? (at as JsonObject)[key] : undefined;
  }
  return at;
}
