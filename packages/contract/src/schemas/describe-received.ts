import { hideUrlSecrets } from '../hide-url-secrets.ts';
import { quote } from '../quote.ts';
import type { PathStep } from '../problem-path.ts';

const LONGEST = 60;
const SECRET_FIELDS = new Set(['base_path', 'proxy']);

/**
 * Whether a value at this place of a connector's configuration may be a secret, so that no message may repeat it: a text
 * for the whole, `auth` and all below it, what may be a URL with credentials, and everything below `settings` and `secrets`, whose meaning
 * only a plugin knows.
 */
export function mayBeSecret(path: readonly PathStep[]): boolean {
  return (
    path.length === 0 ||
    SECRET_FIELDS.has(String(path.at(-1))) ||
    ['auth', 'settings', 'secrets'].some((step) => path.includes(step))
  );
}

/** Stands in paths for a key that may not be repeated. */
export const HIDDEN_KEY = '…';

/** Whether a key may be repeated: one that looks like a name, and below `auth`, where a secret may stand by mistake, like a name of ours. */
export function isName(key: string, path: readonly PathStep[]): boolean {
  return (path.includes('auth') ? /^[a-z_-]{1,30}$/i : /^[\p{L}_$][\p{L}\p{N}_.$-]{0,59}$/u).test(key);
}

/** A short text for what was found: small values as they are, large ones by their shape, possible secrets never. */
export function describeReceived(value: unknown, secret = false): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'string') return secret ? describeHidden(value) : quote(shorten(value));
  if (typeof value === 'object') return describeMap(Object.keys(value), secret ? ['auth'] : []);
  if (typeof value === 'number' || typeof value === 'bigint') return secret ? 'a number' : String(value);
  if (typeof value === 'boolean') return String(value);
  return `a ${typeof value}`;
}

function describeHidden(text: string): string {
  return text === '' ? 'an empty text' : 'a text (not shown: it may be a secret)';
}

function describeMap(keys: readonly string[], path: readonly PathStep[]): string {
  if (keys.length === 0) return 'an empty map';
  const shown = keys.slice(0, 3).map((key) => (isName(key, path) ? shorten(key, 24) : '…'));
  return `a map with ${shown.join(', ')}${keys.length > shown.length ? ` and ${keys.length - shown.length} more` : ''}`;
}

/** Cut to length, and of a URL, or what begins like one, only what holds no credentials. */
function shorten(text: string, longest: number = LONGEST): string {
  const bare = hideUrlSecrets(text);
  return bare.length <= longest ? bare : `${bare.slice(0, longest)}…`;
}
