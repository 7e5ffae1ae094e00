import type { JsonValue } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';

/** Shorter values are not searched for: they would hit by chance and blot out innocent text. */
const MIN_SECRET_LENGTH = 6;

/** Deeper data is cut off: nothing that people read goes that deep, and a hostile value must not exhaust the stack. */
const MAX_DEPTH = 64;

/** Words that make a key a secret's, when the key is cut into its words. */
const SECRET_WORDS = new Set([
  'authorization',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'passphrase',
  'passwd',
  'password',
  'passwords',
  'pwd',
  'secret',
  'secrets',
  'token',
  'tokens',
  'apikey',
  'apikeys',
  'accesskey',
  'privatekey',
  'secretkey',
  'signature',
]);

/** Pairs of words that do so together. */
const SECRET_PAIRS = new Set([
  'api key',
  'api keys',
  'access key',
  'private key',
  'secret key',
  'signing key',
  'auth key',
]);

/** Removes secrets from text and data. */
export interface Redactor {
  /** The text with every known secret value replaced, as it is, URL-encoded or in base64. */
  text(text: string): string;
  /** A copy of the data with the values of secret keys, and known secret values anywhere, replaced. */
  data<T extends JsonValue | undefined>(data: T): T;
}

/** True for keys one of whose words means a secret: `Authorization`, `db_pwd`, `clientSecret`; not `author`, not `tokenizer`. */
export function isSecretKey(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return words.some((word, index) => SECRET_WORDS.has(word) || SECRET_PAIRS.has(`${word} ${words[index + 1] ?? ''}`));
}

/** A redactor that knows these secret values. Values shorter than 6 characters are masked under secret keys only. */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const needles = needlesOf(secrets);
  const text = (value: string): string => {
    let result = value;
    for (const needle of needles) if (result.includes(needle)) result = result.replaceAll(needle, MASKED_SECRET);
    return result;
  };
  const visit = (value: JsonValue, depth: number): JsonValue => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) return '[too deep]';
    if (Array.isArray(value)) return value.map((item) => visit(item, depth + 1));
    const copy: Record<string, JsonValue> = {};
    for (const [key, item] of Object.entries(value)) {
      const masked = isSecretKey(key) && item !== null && item !== undefined && typeof item !== 'boolean';
      // defineProperty: a key `__proto__` from outside must stay a key.
      Object.defineProperty(copy, text(key), {
        value: masked ? MASKED_SECRET : visit(item, depth + 1),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return copy;
  };
  return {
    text,
    data: <T extends JsonValue | undefined>(data: T): T => (data === undefined ? data : (visit(data, 0) as T)),
  };
}

/** Every form in which a secret may stand in a text, longest first, so that a part never spoils the whole. */
function needlesOf(secrets: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET_LENGTH) continue;
    const json = JSON.stringify(secret).slice(1, -1);
    const base64 = Buffer.from(secret).toString('base64');
    const encoded = encodeURIComponent(secret.toWellFormed());
    for (const form of [secret, json, encoded, encoded.replaceAll('%20', '+'), base64, base64.replace(/=+$/, '')])
      forms.add(form);
    forms.add(Buffer.from(secret).toString('base64url'));
  }
  return [...forms].toSorted((a, b) => b.length - a.length);
}
