import type { JsonObject, JsonValue } from '@automate/contract';
import { InvalidInputError, isJsonObject } from '@automate/contract';
import type { Operation, Parameter, RequestBody } from './operation.ts';
import { formPairs, writeParameter } from './write-parameter.ts';

/** One part of `multipart/form-data`: a field as text, a file as bytes. */
export interface RequestPart {
  readonly name: string;
  readonly value: string | Uint8Array;
  readonly filename?: string;
  readonly contentType?: string;
}

/** What is sent for an operation. */
export interface OperationRequest {
  readonly method: Operation['method'];
  /** Below the server's URL, encoded, with its query. */
  readonly path: string;
  /** Names as the document writes them; the body's content type and cookies among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly parts?: readonly RequestPart[];
}

/** What of an operation says how it is asked for. */
export type RequestPlan = Pick<Operation, 'method' | 'path' | 'parameters' | 'body'>;

/**
 * The request for an input that fits the operation's schema.
 *
 * @throws InvalidInputError for what fits the schema and cannot be sent all the same, such as an empty part of a path
 */
export function buildRequest({ method, path, parameters, body }: RequestPlan, input: JsonObject): OperationRequest {
  const given = (parameter: Parameter): JsonValue | undefined =>
    Object.hasOwn(input, parameter.property) ? input[parameter.property] : undefined;
  const inPlace = (place: Parameter['in']): readonly [Parameter, JsonValue][] =>
    parameters.flatMap((each) => {
      const value = each.in === place ? given(each) : undefined;
      return value === undefined ? [] : [[each, value] as [Parameter, JsonValue]];
    });
  const written = new Map(inPlace('path').map(([each, value]) => [each.name, writeParameter(each, value)]));
  // What is behind a "#" tells operations of one path apart, and is not sent.
  const filled = path.replace(/#.*$/s, '').replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    const text = written.get(name) ?? '';
    if (text === '') throw unsendable(name, 'a text that is not empty', 'nothing would stand in the path');
    return text;
  });
  // Servers, and what is before them, take such a part for a step up.
  for (const part of filled.split('/'))
    if (/^(\.|%2e){1,2}$/i.test(part)) throw unsendable(path, 'another value', `"${part}" would lead out of its path`);
  const query = inPlace('query')
    .map(([each, value]) => writeParameter(each, value))
    .filter((text) => text !== '');
  const cookies = inPlace('cookie')
    .map(([each, value]) => writeParameter(each, value))
    .filter((text) => text !== '');
  const headers = Object.fromEntries(
    inPlace('header').map(([each, value]) => [each.name, writeParameter(each, value)]),
  );
  return {
    method,
    path: query.length === 0 ? filled : `${filled}${filled.includes('?') ? '&' : '?'}${query.join('&')}`,
    ...writeBody(body, input, {
      ...headers,
      ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
    }),
  };
}

function writeBody(
  body: RequestBody | undefined,
  input: JsonObject,
  headers: Readonly<Record<string, string>>,
): Pick<OperationRequest, 'headers' | 'body' | 'parts'> {
  const value = body !== undefined && Object.hasOwn(input, body.property) ? input[body.property] : undefined;
  if (body === undefined || value === undefined) return { headers };
  const typed = { ...headers, 'content-type': body.contentType };
  switch (body.form) {
    case 'json':
      return { headers: typed, body: JSON.stringify(value) };
    case 'form':
      return { headers: typed, body: formPairs(isJsonObject(value) ? value : {}, body.encodings).join('&') };
    case 'multipart':
      return { headers, parts: partsOf(body, isJsonObject(value) ? value : {}) };
    case 'text':
      return { headers: typed, body: typeof value === 'string' ? value : JSON.stringify(value) };
    case 'binary':
      return { headers: typed, body: bytesOf(value, body.property) };
    default:
      return body.form satisfies never;
  }
}

function partsOf({ encodings, property }: RequestBody, value: JsonObject): readonly RequestPart[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const encoding = encodings[name];
    const items = Array.isArray(member) ? member : [member];
    return items.map((item): RequestPart => {
      if (encoding?.file === true && isJsonObject(item)) {
        const type = item['content_type'] ?? firstType(encoding.contentType);
        return {
          name,
          value: bytesOf(item['base64'], `${property}.${name}.base64`),
          ...(typeof item['filename'] === 'string' ? { filename: item['filename'] } : {}),
          ...(typeof type === 'string' ? { contentType: type } : {}),
        };
      }
      if (typeof item === 'object' && item !== null)
        return { name, value: JSON.stringify(item), contentType: 'application/json' };
      return { name, value: item === null ? '' : String(item) };
    });
  });
}

/** A document may name several, and patterns. */
function firstType(types: string | undefined): string | undefined {
  return types
    ?.split(',')
    .map((type) => type.trim())
    .find((type) => !type.includes('*'));
}

function bytesOf(value: JsonValue | undefined, path: string): Uint8Array {
  const text = typeof value === 'string' ? value.replaceAll(/\s/g, '') : '';
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text))
    throw unsendable(path, 'bytes as base64', 'it is none');
  return Buffer.from(text, 'base64');
}

function unsendable(path: string, expected: string, why: string): InvalidInputError {
  return new InvalidInputError(`"${path}" cannot be sent: ${why}`, { problems: [{ path, expected, received: why }] });
}
