import { InvalidInputError } from '@automate/contract';
import type { HttpPart, HttpRequest } from '../http-client.ts';
import { assertWhole, encodePairs } from './target.ts';

/** Headers that belong to the connection or to the endpoint. Set by a caller, they could smuggle a second request. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A request's body as bytes, and the content type that goes with it. */
export interface Payload {
  readonly bytes: Uint8Array | undefined;
  readonly contentType: string | undefined;
}

/** Encodes `json`, `form`, `multipart` or `body`; at most one of them may be there. */
export function encodePayload({ json, form, multipart, body }: HttpRequest): Payload {
  if ([json, form, multipart, body].filter((value) => value !== undefined).length > 1) {
    throw new InvalidInputError("a request has one of json, form, multipart and body; the plugin's author must choose");
  }
  if (json !== undefined) return { bytes: Buffer.from(JSON.stringify(json)), contentType: 'application/json' };
  if (form !== undefined)
    return { bytes: Buffer.from(encodePairs(form)), contentType: 'application/x-www-form-urlencoded' };
  if (multipart !== undefined) return encodeParts(multipart);
  if (body === undefined) return { bytes: undefined, contentType: undefined };
  if (typeof body === 'string') assertWhole(body, 'the text');
  return typeof body === 'string'
    ? { bytes: Buffer.from(body), contentType: 'text/plain; charset=utf-8' }
    : { bytes: body, contentType: 'application/octet-stream' };
}

function encodeParts(parts: readonly HttpPart[]): Payload {
  const boundary = `part-${crypto.randomUUID()}`;
  const pieces: Uint8Array[] = [];
  for (const { name, value, filename = typeof value === 'string' ? undefined : 'file', contentType } of parts) {
    for (const text of [name, value, filename])
      if (typeof text === 'string') assertWhole(text, `the part ${JSON.stringify(name)}`);
    const file = filename === undefined ? '' : `; filename="${quoted(filename)}"`;
    const type = contentType ?? (filename === undefined ? undefined : 'application/octet-stream');
    const fault = type === undefined ? undefined : faultOfHeader('content-type', type);
    if (fault !== undefined) throw new InvalidInputError(fault, { details: { reason: 'bad_header' } });
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n`;
    pieces.push(Buffer.from(type === undefined ? `${head}\r\n` : `${head}Content-Type: ${type}\r\n\r\n`));
    pieces.push(typeof value === 'string' ? Buffer.from(value) : value, Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { bytes: Buffer.concat(pieces), contentType: `multipart/form-data; boundary=${boundary}` };
}

/** As browsers do it, which is what servers understand. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Lower-case names; one entry each. Rejects headers that are not a request's to set, or that cannot be sent. */
export function plainHeaders(headers: HttpRequest['headers']): Record<string, string> {
  const plain = new Map<string, string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const key = name.toLowerCase();
    if (RESERVED.has(key)) {
      throw new InvalidInputError(`the header "${key}" is set by the connection, not by a request`, {
        details: { reason: 'reserved_header' },
      });
    }
    const fault = plain.has(key) ? `the header "${key}" is given twice` : faultOfHeader(key, value);
    if (fault !== undefined) throw new InvalidInputError(fault, { details: { reason: 'bad_header' } });
    plain.set(key, value);
  }
  return Object.fromEntries(plain);
}

/** What keeps a header from being sent, without showing its value. Undefined where nothing does. */
export function faultOfHeader(name: string, value: unknown): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) return `${JSON.stringify(name)} is no name of a header`;
  if (typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return undefined;
  return `the value of the header "${name}" is no text that a header can carry`;
}
