import type { Json, JsonMap } from '../api/types.ts';

/** How a value is asked for. What has no better way is asked for as JSON. */
export type FieldPlan =
  | { readonly kind: 'text'; readonly long: boolean; readonly secret: boolean; readonly alsoNumber: boolean }
  | { readonly kind: 'number' }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly options: readonly Json[] }
  | { readonly kind: 'lines' }
  | { readonly kind: 'group'; readonly fields: readonly PlannedField[] }
  | { readonly kind: 'json' };

export interface PlannedField {
  readonly key: string;
  /** What it is called; the key, where the schema has no title. */
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  /** What counts where nothing is given, as JSON text; empty where there is none. */
  readonly fallback: string;
  readonly plan: FieldPlan;
}

/** Groups within groups become hard to read; deeper ones are asked for as JSON. */
const DEEPEST_GROUP = 2;

/** The fields of an object's schema, those first that must be given; undefined where the schema is none of an object with known keys. */
export function planFields(schema: JsonMap, root: JsonMap = schema, depth = 0): readonly PlannedField[] | undefined {
  const resolved = resolve(schema, root);
  const properties = asMap(resolved['properties']);
  if (properties === undefined) return undefined;
  const required = asList(resolved['required']);
  const fields = Object.entries(properties).map(([key, each]): PlannedField => {
    const own = resolve(asMap(each) ?? {}, root);
    return {
      key,
      title: textIn(own['title'], key),
      description: textIn(own['description'], ''),
      required: required.includes(key),
      fallback: own['default'] === undefined ? '' : JSON.stringify(own['default']),
      plan: planField(own, root, depth),
    };
  });
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function planField(schema: JsonMap, root: JsonMap, depth: number): FieldPlan {
  if (schema['const'] !== undefined) return { kind: 'choice', options: [schema['const']] };
  if (Array.isArray(schema['enum'])) return { kind: 'choice', options: schema['enum'] as readonly Json[] };
  const branches = asList(schema['anyOf'] ?? schema['oneOf'])
    .map((each) => resolve(asMap(each) ?? {}, root))
    .filter((each) => each['type'] !== 'null');
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) return planField(only, root, depth);
  if (branches.length > 1) return planBranches(branches);
  const types = asList(schema['type']).filter((type) => type !== 'null');
  if (types.length > 1) return planBranches(types.map((type) => ({ type })));
  switch (types[0]) {
    case 'string': {
      const secret = schema['writeOnly'] === true || schema['format'] === 'password';
      return { kind: 'text', long: isLong(schema), secret, alsoNumber: false };
    }
    case 'number':
    case 'integer':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'switch' };
    case 'array': {
      const items = planField(resolve(asMap(schema['items']) ?? {}, root), root, DEEPEST_GROUP);
      return items.kind === 'text' && !items.secret ? { kind: 'lines' } : { kind: 'json' };
    }
    case 'object': {
      const fields = depth < DEEPEST_GROUP ? planFields(schema, root, depth + 1) : undefined;
      return fields === undefined || fields.length === 0 ? { kind: 'json' } : { kind: 'group', fields };
    }
    default:
      return { kind: 'json' };
  }
}

function planBranches(branches: readonly JsonMap[]): FieldPlan {
  if (branches.every((each) => each['const'] !== undefined))
    return { kind: 'choice', options: branches.map((each) => each['const'] ?? null) };
  const types = new Set(branches.map((each) => each['type']));
  const isPlain = [...types].every((type) => type === 'string' || type === 'number' || type === 'integer');
  if (!isPlain) return { kind: 'json' };
  return types.has('string')
    ? { kind: 'text', long: false, secret: false, alsoNumber: types.size > 1 }
    : { kind: 'number' };
}

/** Texts of which people write several lines. */
function isLong(schema: JsonMap): boolean {
  const longest = schema['maxLength'];
  return schema['contentMediaType'] !== undefined || (typeof longest === 'number' && longest > 1_000);
}

/** A schema, followed through its references within the document; a few, as some of them go round in a circle. */
function resolve(schema: JsonMap, root: JsonMap): JsonMap {
  let now = schema;
  for (let steps = 0; steps < 10; steps += 1) {
    const { $ref: reference, ...beside } = now;
    if (typeof reference !== 'string' || !reference.startsWith('#')) return now;
    let target: Json | undefined = root;
    for (const part of reference.split('/').slice(1))
      target = asMap(target)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    now = { ...asMap(target), ...beside };
  }
  return now;
}

function asMap(value: Json | undefined): JsonMap | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMap) : undefined;
}

function asList(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

function textIn(value: Json | undefined, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}
