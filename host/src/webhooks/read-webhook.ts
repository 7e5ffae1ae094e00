import { isUtf8 } from 'node:buffer';
import type { JsonValue, WebhookEncoding } from '@automate/contract';
import { MAX_PAYLOAD_DEPTH, MAX_WEBHOOK_BYTES } from '@automate/contract';
import { jsonProblems } from '@automate/contract/json-text';

/** What is between two hops, and cookies, which no server sends. */
const NOT_FOR_ADAPTERS: ReadonlySet<string> = new Set([
  'connection',
  'cookie',
  'cookie2',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Most headers that an adapter is shown, and characters of all of them. */
const MOST_HEADERS = 64;
const MOST_CHARACTERS = 16 * 1024;

/** The headers that an adapter is shown, by names in small letters; undefined where there are too many. */
export function headersForAdapter(headers: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const all = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const named = all.flatMap(([name, value]) =>
    name === 'connection' ? value.split(',').map((each) => each.trim().toLowerCase()) : [],
  );
  const shown = all.filter(([name]) => !NOT_FOR_ADAPTERS.has(name) && !named.includes(name));
  const characters = shown.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return shown.length > MOST_HEADERS || characters > MOST_CHARACTERS ? undefined : Object.fromEntries(shown);
}

/** Words in names of headers that have to do with credentials and signatures, or with where a request came from and went. */
const KEPT_BACK =
  /^(?:host|via|forwarded|x-real-ip|cf-.*|true-client-ip|content-length|accept-encoding|priority)$|(?:^|[-_])(?:auth|authorization|authentication|cookies?|credentials?|csrf|digest|forwarded|hash|hmac|jwt|key|apikey|nonce|passw(?:or)?d|proof|secret|session|sha1|sha256|sha512|sig|signed|signature|token|xsrf)(?:[-_]|$)|(?:key|secret|signature|token)$/;

/**
 * Headers that say what a webhook is, and nothing that anybody could use.
 * @param secret names of those that the adapter wants kept back
 */
export function headersForWatchers(
  headers: Readonly<Record<string, string>>,
  secret: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !KEPT_BACK.test(name) && !secret.includes(name)),
  );
}

/** A body as it is told on; of JSON the text as well, in which no number is rounded. */
export interface ReadBody {
  readonly encoding: WebhookEncoding;
  readonly body: JsonValue;
  /** JSON text of `body`. */
  readonly text: string;
}

/** Most characters of a text as JSON: nearly all stay below, and with what is around it it has to fit into a payload. */
const MOST_QUOTED = 2 * MAX_WEBHOOK_BYTES;

/**
 * Whatever its content type says: what is JSON is given as JSON, what is text as text, all else in base64. JSON that no action could read as it
 * is written, with a number that would be rounded or a key that stands twice, is given as text: nothing of it may be lost.
 */
export function readBody(bytes: Uint8Array): ReadBody {
  const base64 = (): ReadBody => quoted('base64', Buffer.from(bytes).toString('base64'));
  if (!isUtf8(bytes)) return base64();
  const text = Buffer.from(bytes).toString('utf8');
  // A level more is around it.
  if (jsonProblems(text, { maxDepth: MAX_PAYLOAD_DEPTH - 1 }).length === 0)
    return { encoding: 'json', body: JSON.parse(text) as JsonValue, text };
  const read = quoted('text', text);
  return read.text.length > MOST_QUOTED ? base64() : read;
}

function quoted(encoding: WebhookEncoding, body: string): ReadBody {
  return { encoding, body, text: JSON.stringify(body) };
}
