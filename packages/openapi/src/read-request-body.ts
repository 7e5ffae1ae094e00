import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { SchemaConverter } from './convert-schema.ts';
import { UnreadableError } from './document-error.ts';
import { exampleIn } from './examples.ts';
import type { MediaType } from './media-types.ts';
import { mediaTypesOf } from './media-types.ts';
import type { ParameterStyle, PartEncoding, RequestBody } from './operation.ts';
import { objectAt } from './references.ts';

export interface ReadRequestBody {
  readonly request: RequestBody;
  readonly schema: JsonSchema;
  readonly example?: JsonValue;
}

/** A file of a form. */
const FILE: JsonSchema = {
  type: 'object',
  properties: {
    base64: { type: 'string', description: 'The bytes' },
    filename: { type: 'string' },
    content_type: { type: 'string' },
  },
  required: ['base64'],
  additionalProperties: false,
};

/**
 * The body of an operation, of the media type that says most of it.
 *
 * @throws UnreadableError where it cannot be sent
 */
export function readRequestBody(
  root: JsonObject,
  given: JsonValue | undefined,
  schemas: SchemaConverter,
  taken: ReadonlySet<string>,
): ReadRequestBody | undefined {
  if (given === undefined || given === null) return undefined;
  const body = objectAt(root, given, 'the request body');
  const [media] = mediaTypesOf(body['content']);
  if (media === undefined) return undefined;
  const { form, contentType } = media;
  if (/^multipart\//i.test(contentType) && form !== 'multipart')
    throw new UnreadableError(`its body is of the type "${contentType}", and only multipart/form-data can be sent`);
  const isForm = form === 'form' || form === 'multipart';
  const encodings = isForm ? encodingsOf(root, media) : {};
  const schema = schemaOf(media, schemas, encodings);
  const { description } = body;
  const example = exampleIn(root, media.media);
  return {
    request: {
      property: taken.has('body') ? 'request_body' : 'body',
      contentType: contentType.includes('*') ? 'application/json' : contentType,
      form,
      required: body['required'] === true,
      encodings,
    },
    schema:
      typeof description === 'string' && description.trim() !== '' && schema['description'] === undefined
        ? { ...schema, description: description.trim().slice(0, 400) }
        : schema,
    ...(example === undefined ? {} : { example }),
  };
}

function schemaOf(
  { form, media }: MediaType,
  schemas: SchemaConverter,
  encodings: RequestBody['encodings'],
): JsonSchema {
  switch (form) {
    case 'text':
      return { type: 'string' };
    case 'binary':
      return { type: 'string', contentEncoding: 'base64', description: 'The bytes, as base64' };
    case 'multipart': {
      const schema = schemas.convert(media['schema'] ?? {});
      const files = Object.entries(encodings).filter(([, { file }]) => file);
      if (files.length === 0) return schema;
      const given = isJsonObject(schema['properties']) ? schema['properties'] : {};
      const many = ({ type }: JsonObject): boolean => type === 'array';
      const properties = Object.fromEntries(
        files.map(([name]) => {
          const member = isJsonObject(given[name]) ? given[name] : {};
          return [name, many(member) ? { type: 'array', items: FILE } : FILE];
        }),
      );
      return { ...schema, type: 'object', properties: { ...given, ...properties } };
    }
    case 'json':
    case 'form':
      return schemas.convert(media['schema'] ?? {});
    default:
      return form satisfies never;
  }
}

function encodingsOf(root: JsonObject, { form, media }: MediaType): RequestBody['encodings'] {
  const schema = media['schema'] === undefined ? {} : objectAt(root, media['schema'], 'the schema of the body');
  const encoding = isJsonObject(media['encoding']) ? media['encoding'] : {};
  const properties = membersOf(root, schema, 0);
  const names = new Set([...Object.keys(properties), ...Object.keys(encoding)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const given = isJsonObject(encoding[name]) ? encoding[name] : undefined;
      const file = form === 'multipart' && isFile(root, properties[name], given);
      return given === undefined && !file ? [] : [[name, readEncoding(given ?? {}, file)]];
    }),
  );
}

/** The members of an object and of what it consists of. */
function membersOf(root: JsonObject, schema: JsonObject, depth: number): JsonObject {
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((word) => {
    const list = schema[word];
    return Array.isArray(list) && depth < 8 ? list : [];
  });
  const below = parts.map((part) => membersOf(root, objectAt(root, part, 'a part of the body'), depth + 1));
  return Object.assign({}, ...below, isJsonObject(schema['properties']) ? schema['properties'] : {}) as JsonObject;
}

function readEncoding(given: JsonObject, file: boolean): PartEncoding {
  const { style, explode, contentType } = given;
  const written = (typeof style === 'string' ? style : 'form') as ParameterStyle;
  return {
    style: written,
    explode: typeof explode === 'boolean' ? explode : written === 'form',
    ...(typeof contentType === 'string' ? { contentType } : {}),
    file,
  };
}

function isFile(root: JsonObject, member: JsonValue | undefined, encoding: JsonObject | undefined): boolean {
  const type = encoding?.['contentType'];
  if (typeof type === 'string' && /^(image|audio|video)\/|octet-stream|application\/(pdf|zip)/.test(type)) return true;
  if (!isJsonObject(member)) return false;
  const schema = objectAt(root, member, 'a member of the body');
  if (schema['type'] === 'array' && schema['items'] !== undefined) return isFile(root, schema['items'], undefined);
  return (
    schema['format'] === 'binary' ||
    schema['type'] === 'file' ||
    schema['contentMediaType'] === 'application/octet-stream'
  );
}
