import type { PathStep } from '../problem-path.ts';

const LONGEST = 60;
const SECRET_FIELDS = new Set(['password', 'token', 'api_key', 'client_secret', 'headers', 'token_params']);

/**
 * Whether a value at this place of a connector's configuration may be a secret, so that no message may repeat it: the
 * credentials of `auth`, a proxy's URL, and everything below `settings` and `secrets`, whose meaning only a plugin knows.
 */
export function mayBeSecret(path: readonly PathStep[]): boolean {
  const auth = path.indexOf('auth');
  if (auth >= 0 && SECRET_FIELDS.has(String(path[auth + 1]))) return true;
  return path.at(-1) === 'proxy' || path.includes('settings') || path.includes('secrets');
}

/** A short text for what was found: small values as they are, large ones by their shape, possible secrets never. */
export function describeReceived(value: unknown, secret = false): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'string') return secret ? describeHidden(value) : JSON.stringify(shorten(value));
  if (typeof value === 'object') return describeMap(Object.keys(value));
  if (typeof value === 'number' || typeof value === 'bigint') return secret ? 'a number' : String(value);
  if (typeof value === 'boolean') return String(value);
  return `a ${typeof value}`;
}

function describeHidden(text: string): string {
  return text === '' ? 'an empty text' : 'a text (not shown: it may be a secret)';
}

function describeMap(keys: readonly string[]): string {
  if (keys.length === 0) return 'an empty map';
  const shown = keys.slice(0, 3).map((key) => shorten(key, 24));
  return `a map with ${shown.join(', ')}${keys.length > shown.length ? ` and ${keys.length - shown.length} more` : ''}`;
}

/** Cut to length, and without the user name and password of a URL. */
function shorten(text: string, longest: number = LONGEST): string {
  const bare = text.replace(/\/\/[^/\s]*@/g, '//…@');
  return bare.length <= longest ? bare : `${bare.slice(0, longest)}…`;
}
