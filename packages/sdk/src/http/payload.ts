import { InvalidInputError } from '@automate/contract';
import type { HttpRequest } from '../http-client.ts';
import { pairsOf } from './target.ts';

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

/** Encodes `json`, `form` or `body`; at most one of them may be there. */
export function encodePayload({ json, form, body }: HttpRequest): Payload {
  if ([json, form, body].filter((value) => value !== undefined).length > 1) {
    throw new InvalidInputError("a request has one of json, form and body; the plugin's author must choose");
  }
  if (json !== undefined) return { bytes: Buffer.from(JSON.stringify(json)), contentType: 'application/json' };
  if (form !== undefined) {
    const text = new URLSearchParams([...pairsOf(form)]).toString();
    return { bytes: Buffer.from(text), contentType: 'application/x-www-form-urlencoded' };
  }
  if (body === undefined) return { bytes: undefined, contentType: undefined };
  return typeof body === 'string'
    ? { bytes: Buffer.from(body), contentType: 'text/plain; charset=utf-8' }
    : { bytes: body, contentType: 'application/octet-stream' };
}

/** Lower-case names; one entry each. Rejects headers that are not a request's to set, or that cannot be sent. */
export function plainHeaders(headers: HttpRequest['headers']): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const key = name.toLowerCase();
    if (RESERVED.has(key)) {
      throw new InvalidInputError(`the header "${key}" is set by the connection, not by a request`, {
        details: { reason: 'reserved_header' },
      });
    }
    const fault = faultOfHeader(key, value);
    if (fault !== undefined) throw new InvalidInputError(fault, { details: { reason: 'bad_header' } });
    plain[key] = value;
  }
  return plain;
}

/** What keeps a header from being sent, without showing its value. Undefined where nothing does. */
export function faultOfHeader(name: string, value: unknown): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) return `${JSON.stringify(name)} is no name of a header`;
  if (typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return undefined;
  return `the value of the header "${name}" is no text that a header can carry`;
}
