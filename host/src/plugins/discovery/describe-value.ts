import { quote } from '@automate/contract';

const LONGEST = 80;

/** A short text for a value from outside: its content when it is small, its shape when it is not. Never walks into it. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(shorten(value));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return describeKeys(Object.keys(value));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `a ${typeof value}`;
}

function describeKeys(keys: readonly string[]): string {
  if (keys.length === 0) return 'an empty object';
  const shown = keys.slice(0, 3).map((key) => quote(shorten(key, 24)));
  return `an object with ${shown.join(', ')}${keys.length > shown.length ? ` and ${keys.length - shown.length} more` : ''}`;
}

function shorten(text: string, longest: number = LONGEST): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
