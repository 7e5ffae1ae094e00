import { isUtf8 } from 'node:buffer';
import { scanJson } from '@automate/contract/json-text';
import type { JsonValue } from '@automate/sdk';
import type { ParameterMap, RecordedBody } from './exchange.ts';

/** A body in the form that is easiest to read and loses nothing but white space. */
export function toRecordedBody(bytes: Uint8Array, contentType: string | undefined): RecordedBody {
  if (bytes.byteLength === 0) return {};
  if (!isUtf8(bytes)) return { base64: Buffer.from(bytes).toString('base64') };
  const text = Buffer.from(bytes).toString();
  if (/json/i.test(contentType ?? '')) {
    const scan = scanJson(text, { maxDepth: 1000 });
    if (scan.ok && scan.findings.length === 0) return { json: JSON.parse(text) as JsonValue };
  }
  if (/^application\/x-www-form-urlencoded/i.test(contentType ?? ''))
    return { form: toParameters(new URLSearchParams(text)) };
  return { text };
}

export function toBytes({ json, form, text, base64 }: RecordedBody): Buffer {
  if (json !== undefined) return Buffer.from(JSON.stringify(json));
  if (form !== undefined)
    return Buffer.from(
      new URLSearchParams(
        Object.entries(form).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, each])),
      ).toString(),
    );
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64');
}

export function toParameters(search: URLSearchParams): ParameterMap {
  const names = [...new Set(search.keys())].toSorted();
  return Object.fromEntries(
    names.map((name) => {
      const [first = '', ...more] = search.getAll(name);
      return [name, more.length === 0 ? first : [first, ...more]];
    }),
  );
}

/** Replaces an address in a text, be it plain, in a URL's query, or in JSON with escaped slashes. */
export function replaceAddress(text: string, from: string, to: string): string {
  return text
    .replaceAll(from, to)
    .replaceAll(encodeURIComponent(from), encodeURIComponent(to))
    .replaceAll(from.replaceAll('/', '\\/'), to.replaceAll('/', '\\/'));
}

/** The same in the bytes of a text; other bytes stay as they are. */
export function replaceAddressIn(bytes: Uint8Array, from: string, to: string): Uint8Array {
  if (!isUtf8(bytes)) return bytes;
  return Buffer.from(replaceAddress(Buffer.from(bytes).toString(), from, to));
}
