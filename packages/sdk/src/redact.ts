import type { JsonValue } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';
import { isSecretKey, isSecretNumberKey } from './secret-key.ts';

/** Shorter values are not searched for: they would hit by chance and blot out innocent text. */
const MIN_SECRET_LENGTH = 6;

/** Deeper data is cut off: nothing that people read goes that deep, and a hostile value must not exhaust the stack. */
const MAX_DEPTH = 64;

/** Removes secrets from text and data. */
export interface Redactor {
  /** The text with every known secret value replaced, as it is, URL-encoded or in base64. */
  text(text: string): string;
  /** A copy of the data with the values of secret keys, and known secret values anywhere, replaced. */
  data<T extends JsonValue | undefined>(data: T): T;
}

/** A redactor that knows these secret values. Values shorter than 6 characters are masked under secret keys only. */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = patternOf(secrets);
  const text = (value: string): string => (known === undefined ? value : value.replace(known, MASKED_SECRET));
  const visit = (value: JsonValue, depth: number): JsonValue => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) return '[too deep]';
    if (Array.isArray(value)) return value.map((item) => visit(item, depth + 1));
    const copy: Record<string, JsonValue> = {};
    for (const [key, item] of Object.entries(value)) {
      const shown = isMasked(key, item) ? MASKED_SECRET : visit(item, depth + 1);
      // defineProperty: a key `__proto__` from outside must stay a key.
      Object.defineProperty(copy, text(key), { value: shown, enumerable: true, writable: true, configurable: true });
    }
    return copy;
  };
  return {
    text,
    data: <T extends JsonValue | undefined>(data: T): T => (data === undefined ? data : (visit(data, 0) as T)),
  };
}

/** Whether there is a secret, and not only where one would be. */
function isMasked(key: string, value: JsonValue | undefined): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false;
  return typeof value === 'number' ? isSecretNumberKey(key) : isSecretKey(key);
}

/** Finds every form in which a secret may stand in a text; in one pass, longest first, so that a part never spoils the whole. */
function patternOf(secrets: Iterable<string>): RegExp | undefined {
  const forms = new Set<string>();
  for (const secret of secrets)
    if (secret.length >= MIN_SECRET_LENGTH) for (const form of formsOf(secret)) forms.add(form);
  if (forms.size === 0) return undefined;
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => RegExp.escape(form)).join('|'), 'g');
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ '': secret }).toString().slice(1),
    base64,
    base64.replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
}
