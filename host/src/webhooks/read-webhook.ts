import { isUtf8 } from 'node:buffer';
import type { JsonValue, WebhookEncoding } from '@automate/contract';

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

/** Headers that say what a webhook is, and nothing that anybody could use. */
export function headersForWatchers(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !KEPT_BACK.test(name)));
}

/** A body as it is told on; of JSON the text as well, in which no number is rounded. */
export interface ReadBody {
  readonly encoding: WebhookEncoding;
  readonly body: JsonValue;
  /** JSON text of `body`. */
  readonly text: string;
}

/** Whatever its content type says: what is JSON is given as JSON, what is text as text, all else in base64. */
export function readBody(bytes: Uint8Array): ReadBody {
  if (!isUtf8(bytes)) return quoted('base64', Buffer.from(bytes).toString('base64'));
  const text = Buffer.from(bytes).toString('utf8');
  try {
    const body = JSON.parse(text) as JsonValue;
    // What is nested too deeply cannot be written again.
    JSON.stringify(body);
    return { encoding: 'json', body, text };
  } catch {
    return quoted('text', text);
  }
}

function quoted(encoding: WebhookEncoding, body: string): ReadBody {
  return { encoding, body, text: JSON.stringify(body) };
}
