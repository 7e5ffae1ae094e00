import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { SchemaConverter } from './convert-schema.ts';
import { UnreadableError } from './document-error.ts';
import type { Parameter, ParameterPlace, ParameterStyle } from './operation.ts';
import { objectAt } from './references.ts';
import { exampleIn } from './examples.ts';

export interface ReadParameters {
  readonly parameters: readonly Parameter[];
  /** Their schemas, by their names in the input. */
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly examples: JsonObject;
}

const PLACES: readonly unknown[] = ['path', 'query', 'header', 'cookie'] satisfies ParameterPlace[];
/** Said by the content of a request, and by what authorises it, whatever a document says. */
const IGNORED_HEADERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization']);
const STYLES = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
} as const satisfies Record<ParameterPlace, readonly ParameterStyle[]>;

/**
 * The parameters of an operation and of its path, those of the operation before the others.
 *
 * @throws UnreadableError where one of them cannot be sent
 */
export function readParameters(
  root: JsonObject,
  { item, operation, path }: { readonly item: JsonObject; readonly operation: JsonObject; readonly path: string },
  schemas: SchemaConverter,
): ReadParameters {
  const given = new Map<string, JsonObject>();
  for (const list of [item['parameters'], operation['parameters']]) {
    if (!Array.isArray(list)) continue;
    for (const each of list) {
      const parameter = objectAt(root, each, 'a parameter');
      given.set(keyOf(parameter), parameter);
    }
  }
  const placed = [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name as string);
  // What stands in the path and is declared nowhere is a text.
  for (const name of placed) {
    const text = { name, in: 'path', required: true, schema: { type: 'string' } };
    if (!given.has(keyOf(text))) given.set(keyOf(text), text);
  }
  const parameters: Parameter[] = [];
  const properties: Record<string, JsonSchema> = {};
  const examples: Record<string, JsonValue> = {};
  for (const parameter of given.values()) {
    const { name, in: place } = parameter;
    if (typeof name !== 'string' || name === '' || !PLACES.includes(place))
      throw new UnreadableError(
        `it has a parameter ${JSON.stringify(name)} in ${JSON.stringify(place)}, which is no place for one`,
      );
    if (place === 'header' && IGNORED_HEADERS.has(name.toLowerCase())) continue;
    if (place === 'path' && !placed.includes(name)) continue;
    const property = freeName(name, place as ParameterPlace, properties);
    const read = readParameter(parameter, property, name, place as ParameterPlace);
    parameters.push(read);
    properties[property] = schemaOf(parameter, schemas);
    const example =
      exampleIn(root, parameter) ?? exampleIn(root, mediaOf(parameter)) ?? exampleIn(root, parameter['schema']);
    if (example !== undefined) examples[property] = example;
  }
  return { parameters, properties, examples };
}

/** By what a parameter of an operation takes the place of its path's. */
function keyOf({ in: place, name }: JsonObject): string {
  return JSON.stringify([place, name]);
}

/** Objects have names that mean something else to JavaScript, and a body has one of its own. */
function freeName(name: string, place: ParameterPlace, taken: object): string {
  let free =
    name === '__proto__' || Object.hasOwn(taken, name) ? `${name.replaceAll('__proto__', 'proto')}_${place}` : name;
  while (Object.hasOwn(taken, free)) free = `${free}_`;
  return free;
}

function readParameter(given: JsonObject, property: string, name: string, place: ParameterPlace): Parameter {
  const { style: asked, explode } = given;
  const allowed: readonly string[] = STYLES[place];
  const style = (typeof asked === 'string' && allowed.includes(asked) ? asked : allowed[0]) as ParameterStyle;
  return {
    property,
    name,
    in: place,
    required: place === 'path' || given['required'] === true,
    style,
    explode: typeof explode === 'boolean' ? explode : style === 'form',
    allowReserved: given['allowReserved'] === true,
    json: mediaOf(given) !== undefined,
  };
}

function schemaOf(given: JsonObject, schemas: SchemaConverter): JsonSchema {
  const schema = schemas.convert(given['schema'] ?? mediaOf(given)?.['schema'] ?? {});
  const { description } = given;
  const isDescribed =
    schema['description'] !== undefined || typeof description !== 'string' || description.trim() === '';
  return {
    ...schema,
    ...(isDescribed ? {} : { description: description.trim().slice(0, 400) }),
    ...(given['deprecated'] === true ? { deprecated: true } : {}),
  };
}

function mediaOf({ content }: JsonObject): JsonObject | undefined {
  const [media] = isJsonObject(content) ? Object.values(content) : [];
  return isJsonObject(media) ? media : undefined;
}
