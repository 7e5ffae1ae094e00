import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { LocalPathKind } from '../local-path.ts';
import { branchesOf, schemasBelow } from './schema-places.ts';

/** A text of some settings that their schema marks as a path. */
export interface MarkedPath {
  readonly keys: readonly (string | number)[];
  readonly text: string;
  readonly names: LocalPathKind;
  /** The parameters of a `uri` that are paths of sockets. */
  readonly sockets: readonly string[];
  /** The text of the setting that names its directory. */
  readonly within?: string | undefined;
}

const KINDS: ReadonlySet<unknown> = new Set<LocalPathKind>(['file', 'directory', 'socket', 'uri', 'program']);

/** Every path in these settings, wherever in the schema its mark stands: behind alternatives and references too. */
export function markedPaths(root: JsonSchema, settings: JsonObject): readonly MarkedPath[] {
  return within({ schemas: [root], value: settings, keys: [], parent: {} }, root);
}

interface Place {
  readonly schemas: readonly JsonSchema[];
  readonly value: JsonValue | undefined;
  readonly keys: readonly (string | number)[];
  /** The object that the value stands in. */
  readonly parent: JsonObject;
}

function within({ schemas: given, value, keys, parent }: Place, root: JsonSchema): readonly MarkedPath[] {
  const schemas = branchesOf(given, root);
  if (typeof value === 'string') {
    // Where several marks speak of one text, the last one counts.
    return schemas.flatMap((schema) => markOf(schema, { text: value, keys, parent }) ?? []).slice(-1);
  }
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      within({ schemas: schemasBelow(schemas, index), value: item, keys: [...keys, index], parent: {} }, root),
    );
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    within({ schemas: schemasBelow(schemas, key), value: item, keys: [...keys, key], parent: value }, root),
  );
}

function markOf(
  schema: JsonSchema,
  { text, keys, parent }: { readonly text: string } & Pick<Place, 'keys' | 'parent'>,
): MarkedPath | undefined {
  const names = schema['x-local-path'];
  if (!KINDS.has(names)) return undefined;
  const directory = typeof schema['x-within'] === 'string' ? parent[schema['x-within']] : undefined;
  const place = typeof directory === 'string' ? directory : undefined;
  // A path within a directory that is not given leads nowhere.
  if (schema['x-within'] !== undefined && place === undefined) return undefined;
  const marked = schema['x-sockets'];
  const sockets = Array.isArray(marked) ? marked.filter((name) => typeof name === 'string') : [];
  return { keys, text, names: names as LocalPathKind, sockets, within: place };
}
