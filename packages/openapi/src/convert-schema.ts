import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { lookUp } from './references.ts';
import { cutToLength } from './shorten-schema.ts';
import { LISTS, MAPS, SINGLES } from './subschemas.ts';

/** Which side of an operation: what goes in must not need what only the service writes, and the other way round. */
export type SchemaSide = 'input' | 'output';

/** Turns the schemas of one side of one operation into JSON Schema 2020-12, with what they refer to. */
export interface SchemaConverter {
  convert(schema: JsonValue | undefined): JsonSchema;
  /** The schema with all that it refers to below `$defs`. What would not fit into so many characters is left open, the farthest first. */
  complete(schema: JsonSchema, maxLength: number): JsonSchema;
}

/** Schemas of one operation that are looked at: a document may say a million in a few lines. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 60;
const MAX_TEXT = 400;
/** No schema that says anything is shorter. */
const SHORTEST = 16;

const TYPES: ReadonlySet<unknown> = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);
const NUMBERS = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minContains',
  'maxContains',
];
const BOUNDS = [
  ['minimum', 'exclusiveMinimum'],
  ['maximum', 'exclusiveMaximum'],
] as const;

/**
 * The words of OpenAPI 3.0 that JSON Schema has not (`nullable`, boolean bounds) become its own, those that only tools know are
 * dropped, and so is what no validator could read. `oneOf` becomes `anyOf`: alternatives overlap in many a published
 * document, and then nothing would fit.
 */
export function createSchemaConverter(root: JsonObject, side: SchemaSide): SchemaConverter {
  /** Names below `$defs`, by reference. */
  const names = new Map<string, string>();
  const taken = new Set<string>();
  let nodes = 0;

  const nameOfReference = (reference: string): string => {
    const known = names.get(reference);
    if (known !== undefined) return known;
    const last = reference.split('/').at(-1) ?? '';
    const plain = last.replaceAll(/[^A-Za-z0-9_]+/g, '_') || 'schema';
    let name = plain;
    for (let count = 2; taken.has(name); count += 1) name = `${plain}_${count}`;
    taken.add(name);
    names.set(reference, name);
    return name;
  };

  const read = (given: JsonValue | undefined, depth: number): JsonSchema | boolean => {
    nodes += 1;
    if (typeof given === 'boolean') return given;
    if (!isJsonObject(given) || nodes > MAX_NODES || depth > MAX_DEPTH) return {};
    const reference = given['$ref'];
    const own = readOwn(given, depth);
    if (typeof reference !== 'string') return orNull(given, own);
    lookUp(root, reference);
    return orNull(given, { ...own, $ref: `#/$defs/${nameOfReference(reference)}` });
  };

  const readOwn = (given: JsonObject, depth: number): JsonSchema => {
    const made: Record<string, JsonValue> = { ...plainWords(given) };
    for (const word of SINGLES)
      if (isJsonObject(given[word]) || typeof given[word] === 'boolean') made[word] = read(given[word], depth + 1);
    for (const word of MAPS) {
      const schemas = given[word];
      if (word !== '$defs' && isJsonObject(schemas)) made[word] = readAll(schemas, depth);
    }
    const lists = LISTS.flatMap((word) => {
      const list = given[word];
      return Array.isArray(list) && list.length > 0 ? [[word, list.map((each) => read(each, depth + 1))] as const] : [];
    });
    for (const [word, list] of lists) {
      const name = word === 'oneOf' ? 'anyOf' : word;
      if (made[name] === undefined) made[name] = list;
      else made['allOf'] = [...((made['allOf'] as JsonValue[] | undefined) ?? []), { [name]: list }];
    }
    // Until 2020-12 a list of items spoke of places.
    if (Array.isArray(given['items'])) made['prefixItems'] = given['items'].map((each) => read(each, depth + 1));
    const required = requiredOf(given);
    if (required.length > 0) made['required'] = [...required];
    return made;
  };

  const readAll = (schemas: JsonObject, depth: number): JsonObject =>
    Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, read(schema, depth + 1)]));

  const requiredOf = ({ required, properties }: JsonObject): readonly string[] => {
    if (!Array.isArray(required)) return [];
    const unwritten = side === 'input' ? 'readOnly' : 'writeOnly';
    const members = isJsonObject(properties) ? properties : {};
    const wanted = required.filter((name) => typeof name === 'string');
    return [...new Set(wanted)].filter((name) => !isMarked(root, members[name], unwritten));
  };

  return {
    convert(schema) {
      const made = read(schema, 0);
      return typeof made === 'boolean' ? (made ? {} : { not: {} }) : made;
    },
    complete(schema, maxLength) {
      const definitions: Record<string, JsonValue> = {};
      let left = maxLength - JSON.stringify(schema).length;
      let isCut = left < 0 || nodes > MAX_NODES;
      // Grows on the way, the nearer ones first. Each reference has one name, so that circles end.
      for (const [reference, name] of names) {
        const known = names.size;
        const made = left < SHORTEST || nodes > MAX_NODES ? undefined : read(lookUp(root, reference), 0);
        const length = made === undefined ? Infinity : JSON.stringify(made).length;
        if (made !== undefined && length <= left) {
          definitions[name] = made;
          left -= length + name.length;
          continue;
        }
        isCut = true;
        definitions[name] = {};
        for (const added of [...names.keys()].slice(known)) names.delete(added);
      }
      const whole = Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions };
      return isCut ? cutToLength(whole, maxLength) : whole;
    },
  };
}

function plainWords(given: JsonObject): Record<string, JsonValue> {
  const made: Record<string, JsonValue> = {};
  const { type, format, pattern, title, description } = given;
  const types = (Array.isArray(type) ? type : [type]).filter((each) => TYPES.has(each)) as JsonValue[];
  if (types.length > 0) made['type'] = types.length === 1 ? (types[0] as JsonValue) : types;
  if (typeof title === 'string' && title !== '') made['title'] = clip(title);
  if (typeof description === 'string' && description.trim() !== '') made['description'] = clip(description.trim());
  if (format === 'byte') made['contentEncoding'] = 'base64';
  else if (typeof format === 'string' && format !== '' && format !== 'binary') made['format'] = format;
  if (typeof pattern === 'string' && isPattern(pattern)) made['pattern'] = pattern;
  for (const word of ['contentEncoding', 'contentMediaType'])
    if (typeof given[word] === 'string') made[word] = given[word];
  if (Array.isArray(given['enum']) && given['enum'].length > 0) made['enum'] = [...given['enum']];
  for (const word of ['const', 'default']) if (given[word] !== undefined) made[word] = given[word];
  for (const word of NUMBERS) {
    const value = given[word];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) made[word] = value;
  }
  if (typeof given['multipleOf'] === 'number' && given['multipleOf'] > 0) made['multipleOf'] = given['multipleOf'];
  for (const [bound, exclusive] of BOUNDS) {
    const [value, strict] = [given[bound], given[exclusive]];
    if (typeof strict === 'number') made[exclusive] = strict;
    if (typeof value === 'number') made[strict === true ? exclusive : bound] = value;
  }
  if (given['uniqueItems'] === true) made['uniqueItems'] = true;
  if (given['deprecated'] === true) made['deprecated'] = true;
  return made;
}

/** The schema, or null, where OpenAPI 3.0 says `nullable`. */
function orNull(given: JsonObject, schema: JsonSchema): JsonSchema {
  if (given['nullable'] !== true && given['x-nullable'] !== true) return schema;
  const { type, enum: values, ...rest } = schema;
  if (schema['$ref'] !== undefined || schema['allOf'] !== undefined || schema['anyOf'] !== undefined) {
    const { title, description, ...inner } = schema;
    return { ...texts(title, description), anyOf: [inner, { type: 'null' }] };
  }
  if (type === undefined && values === undefined) return schema;
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
  return {
    ...rest,
    ...(types.length === 0 ? {} : { type: types.includes('null') ? types : [...types, 'null'] }),
    ...(Array.isArray(values) ? { enum: values.includes(null) ? values : [...values, null] } : {}),
  };
}

function texts(title: JsonValue | undefined, description: JsonValue | undefined): JsonObject {
  return { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
}

function isMarked(root: JsonObject, schema: JsonValue | undefined, word: string): boolean {
  if (!isJsonObject(schema)) return false;
  if (schema[word] === true) return true;
  const reference = schema['$ref'];
  const target = typeof reference === 'string' ? lookUp(root, reference) : undefined;
  return isJsonObject(target) && target[word] === true;
}

/** Many documents hold expressions of other languages. */
function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').source !== '';
  } catch {
    return false;
  }
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
