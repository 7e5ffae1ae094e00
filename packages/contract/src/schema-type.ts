import type { JsonObject } from './json.ts';
import { isJsonObject } from './json.ts';

/** Deeper than anyone reads; also what a schema that contains itself comes to. */
const MAX_DEPTH = 12;

/**
 * A JSON Schema (draft 2020-12) as a TypeScript type. What types cannot say (patterns, bounds) is left to the service; an object
 * that does not say whether it takes other keys takes none, so that a misspelt one is found. A schema that contains itself is
 * `unknown` where it does, unless its references have names.
 *
 * Written here and not taken from a library: the one that is well kept brings a formatter of source texts and a utility library of
 * several megabytes to every host, for a dozen cases.
 *
 * @param options.indent of the line that it stands in. Default: none
 * @param options.names of types that stand in the place of what is referred to, by `$ref`. Default: it is written out each time
 */
export function schemaType(
  schema: unknown,
  options: { readonly indent?: string; readonly names?: ReadonlyMap<string, string> } = {},
): string {
  const { indent = '', names = new Map() } = options;
  return typeOf(schema, { root: schema, indent, names, depth: 0 });
}

interface Place {
  /** Where `$ref` begins. */
  readonly root: unknown;
  readonly indent: string;
  readonly names: ReadonlyMap<string, string>;
  readonly depth: number;
}

function typeOf(schema: unknown, place: Place): string {
  if (schema === false) return 'never';
  if (!isJsonObject(schema) || place.depth > MAX_DEPTH) return 'unknown';
  const below: Place = { ...place, depth: place.depth + 1 };
  const { $ref, enum: words, const: only, anyOf, oneOf, allOf, type } = schema;
  if (typeof $ref === 'string') return place.names.get($ref) ?? typeOf(resolveRef(place.root, $ref), below);
  if ('const' in schema) return literal(only);
  if (Array.isArray(words)) return union(words.map(literal));
  const parts: string[] = [];
  for (const alternatives of [anyOf, oneOf])
    if (Array.isArray(alternatives)) parts.push(union(alternatives.map((each) => typeOf(each, below))));
  if (Array.isArray(allOf)) parts.push(...allOf.map((each) => typeOf(each, below)));
  if (Array.isArray(type)) parts.push(union(type.map((each) => plainType(each, schema, below))));
  else if (type !== undefined || isJsonObject(schema['properties'])) parts.push(plainType(type, schema, below));
  const known = parts.filter((part) => part !== 'unknown');
  if (known.length === 0) return 'unknown';
  return known.length === 1 ? (known[0] ?? 'unknown') : known.map((part) => `(${part})`).join(' & ');
}

function plainType(type: unknown, schema: JsonObject, place: Place): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return arrayType(schema, place);
    case 'object':
    case undefined:
      return objectType(schema, place);
    default:
      return 'unknown';
  }
}

function arrayType({ prefixItems, items }: JsonObject, place: Place): string {
  if (!Array.isArray(prefixItems)) return `readonly (${typeOf(items, place)})[]`;
  const rest = items === false || items === undefined ? [] : [`...(${typeOf(items, place)})[]`];
  return `readonly [${[...prefixItems.map((each) => typeOf(each, place)), ...rest].join(', ')}]`;
}

function objectType(schema: JsonObject, place: Place): string {
  const { properties, required, additionalProperties: others, patternProperties } = schema;
  const fields = isJsonObject(properties) ? Object.entries(properties) : [];
  const open = isJsonObject(patternProperties) || (others !== undefined && others !== false);
  if (fields.length === 0)
    return open && isJsonObject(others)
      ? `{ readonly [key: string]: ${typeOf(others, place)} }`
      : open || others === undefined
        ? '{ readonly [key: string]: unknown }'
        : '{ readonly [key: string]: never }';
  const indent = `${place.indent}  `;
  const inside: Place = { ...place, indent };
  const needed = new Set(Array.isArray(required) ? required : []);
  const lines = fields.flatMap(([name, field]) => [
    ...comment(isJsonObject(field) ? field['description'] : undefined, indent),
    `${indent}readonly ${JSON.stringify(name)}${needed.has(name) ? '' : '?'}: ${typeOf(field, inside)};`,
  ]);
  if (open) lines.push(`${indent}readonly [key: string]: unknown;`);
  return `{\n${lines.join('\n')}\n${place.indent}}`;
}

/** A description as a comment, which it cannot end. */
export function comment(text: unknown, indent: string): readonly string[] {
  if (typeof text !== 'string' || text.trim() === '') return [];
  const lines = text
    .trim()
    .replaceAll('*/', '*\\/')
    .split(/\r\n|[\n\r\u2028\u2029]/);
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
}

function union(types: readonly string[]): string {
  const different = [...new Set(types)];
  if (different.includes('unknown') || different.length === 0) return 'unknown';
  return different.join(' | ');
}

function literal(value: unknown): string {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value) ? JSON.stringify(value) : 'unknown';
}

/** `#/$defs/Name` within the schema; undefined for what is elsewhere. */
function resolveRef(root: unknown, ref: string): unknown {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let here: unknown = root;
  for (const step of ref.slice(2).split('/')) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    here = isJsonObject(here) || Array.isArray(here) ? (here as Record<string, unknown>)[key] : undefined;
  }
  return here;
}
