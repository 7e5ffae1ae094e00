import type { JsonObject, JsonValue } from '@automate/contract';
import { InvalidInputError, isJsonObject } from '@automate/contract';
import type { Parameter, PartEncoding } from './operation.ts';

type Scalar = string | number | boolean | null;

/** A value as its parameter writes it, encoded for its place. Empty where nothing is to be written. */
export function writeParameter(parameter: Parameter, value: JsonValue): string {
  const { name, in: place, json } = parameter;
  const encode = encoderFor(parameter);
  if (json) {
    const text = encode(JSON.stringify(value));
    return place === 'query' || place === 'cookie' ? `${encodeName(name, place)}=${text}` : text;
  }
  switch (parameter.style) {
    case 'simple':
      return joined(parameter, value, encode, ',');
    case 'label': {
      const text = joined(parameter, value, encode, parameter.explode ? '.' : ',');
      return text === '' ? '' : `.${text}`;
    }
    case 'matrix':
      return writeMatrix(parameter, value, encode);
    case 'form':
      return writeForm(
        { name: encodeName(name, place), explode: parameter.explode, separator: place === 'cookie' ? '; ' : '&' },
        value,
        encode,
      );
    case 'spaceDelimited':
      return writeDelimited(parameter, value, encode, '%20');
    case 'pipeDelimited':
      return writeDelimited(parameter, value, encode, '%7C');
    case 'deepObject':
      return deepPairs(encodeURIComponent(name), value, encode).join('&');
    default:
      return parameter.style satisfies never;
  }
}

/** The members of a form body as `name=value`, encoded. */
export function formPairs(form: JsonObject, encodings: Readonly<Record<string, PartEncoding>>): readonly string[] {
  return Object.entries(form).flatMap(([name, value]) => {
    const encoding = encodings[name];
    const key = encodeForm(name);
    if (encoding?.style === 'deepObject') return deepPairs(key, value, encodeForm);
    if (Array.isArray(value)) {
      if (encoding?.explode === false) {
        const separator = { spaceDelimited: '%20', pipeDelimited: '%7C' }[encoding.style as string] ?? ',';
        return [`${key}=${value.map((item) => encodeForm(textOf(item))).join(separator)}`];
      }
      return value.map((item) => `${key}=${encodeForm(textOf(item))}`);
    }
    return [`${key}=${encodeForm(textOf(value))}`];
  });
}

function writeForm(
  { name, explode, separator }: { readonly name: string; readonly explode: boolean; readonly separator: string },
  value: JsonValue,
  encode: (text: string) => string,
): string {
  if (Array.isArray(value)) {
    if (explode) return value.map((item) => `${name}=${encode(textOf(item))}`).join(separator);
    return value.length === 0 ? '' : `${name}=${value.map((item) => encode(textOf(item))).join(',')}`;
  }
  if (isJsonObject(value)) {
    const pairs = Object.entries(value);
    if (explode)
      return pairs.map(([key, item]) => `${encodeURIComponent(key)}=${encode(textOf(item))}`).join(separator);
    return pairs.length === 0
      ? ''
      : `${name}=${pairs.flatMap(([key, item]) => [encode(key), encode(textOf(item))]).join(',')}`;
  }
  return `${name}=${encode(textOf(value))}`;
}

function writeDelimited(
  { name, explode }: Parameter,
  value: JsonValue,
  encode: (text: string) => string,
  separator: string,
): string {
  if (!Array.isArray(value) || explode)
    return writeForm({ name: encodeURIComponent(name), explode, separator: '&' }, value, encode);
  return value.length === 0
    ? ''
    : `${encodeURIComponent(name)}=${value.map((item) => encode(textOf(item))).join(separator)}`;
}

function joined({ explode }: Parameter, value: JsonValue, encode: (text: string) => string, separator: string): string {
  if (Array.isArray(value)) return value.map((item) => encode(textOf(item))).join(separator);
  if (!isJsonObject(value)) return encode(textOf(value));
  return Object.entries(value)
    .map(([key, item]) => `${encode(key)}${explode ? '=' : ','}${encode(textOf(item))}`)
    .join(separator);
}

function writeMatrix({ name, explode }: Parameter, value: JsonValue, encode: (text: string) => string): string {
  const key = encodeURIComponent(name);
  if (Array.isArray(value) && explode) return value.map((item) => `;${key}=${encode(textOf(item))}`).join('');
  if (Array.isArray(value)) return `;${key}=${value.map((item) => encode(textOf(item))).join(',')}`;
  if (!isJsonObject(value)) return `;${key}=${encode(textOf(value))}`;
  const pairs = Object.entries(value);
  if (explode) return pairs.map(([each, item]) => `;${encode(each)}=${encode(textOf(item))}`).join('');
  return `;${key}=${pairs.flatMap(([each, item]) => [encode(each), encode(textOf(item))]).join(',')}`;
}

/**
 * `filter[name]=value`. What is deeper has no standard; it is written as servers that read this at all understand it: `a[b][c]=1`,
 * `a[]=1` for lists of values, `a[0][b]=1` for lists of objects.
 */
function deepPairs(name: string, value: JsonValue, encode: (text: string) => string): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      typeof item === 'object' && item !== null
        ? deepPairs(`${name}[${index}]`, item, encode)
        : [`${name}[]=${encode(textOf(item))}`],
    );
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([key, item]) =>
      deepPairs(`${name}[${encodeURIComponent(key)}]`, item, encode),
    );
  return [`${name}=${encode(textOf(value))}`];
}

/** What is neither text nor number goes as JSON. */
function textOf(value: JsonValue): string {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return scalarText(value);
}

function scalarText(value: Scalar): string {
  const text = value === null ? '' : String(value);
  if (text.isWellFormed()) return text;
  throw new InvalidInputError('a value cannot be sent: it holds half a character', { details: { reason: 'bad_text' } });
}

function encodeName(name: string, place: Parameter['in']): string {
  return place === 'cookie' ? name : encodeURIComponent(name);
}

function encoderFor({ in: place, allowReserved, name }: Parameter): (text: string) => string {
  if (place === 'header')
    return (text) => {
      // A header carries bytes, and a line's end would begin another one.
      if (/^[\t\x20-\x7e]*$/.test(text)) return text;
      throw new InvalidInputError(`"${name}" cannot be sent: a header carries ASCII in one line`, {
        problems: [{ path: name, expected: 'ASCII without line ends', received: 'other characters' }],
      });
    };
  if (place === 'query' && allowReserved)
    return (text) => encodeURI(text).replaceAll(/[#&+]/g, (each) => encodeURIComponent(each));
  return (text) =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

function encodeForm(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
