import type { Problem } from '@automate/contract';
import { hideUrlSecrets, isJsonObject, makeVisible, quote } from '@automate/contract';
import type { Schema } from './action.ts';
import { explainIssue } from './explain-issue.ts';
import { toJsonSchema } from './json-schema.ts';
import { isSecretKey } from './secret-key.ts';

export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Checks a value against an author's schema. All problems at once, their paths below `root`. */
export async function validate(schema: Schema, value: unknown, root = ''): Promise<Validated> {
  const standard = 'schema' in schema ? schema.schema['~standard'] : schema['~standard'];
  const result = await standard.validate(value);
  if (result.issues === undefined) return { ok: true, value: result.value };
  const issues = result.issues.flatMap((issue) => explainIssue(issue, (place) => keysAt(schema, place)));
  const problems = issues.map(({ keys, expected, message, received }) => ({
    path: joinPath(root, keys),
    expected,
    received: received ?? describeReceived(keys, value),
    message,
  }));
  return { ok: false, problems };
}

/** The keys that an object may have at this place, as far as the schema's JSON Schema says it plainly. */
function keysAt(schema: Schema, place: readonly PropertyKey[]): readonly string[] | undefined {
  try {
    let here: unknown = toJsonSchema(schema, 'input', 'a schema');
    for (const key of place) {
      if (!isJsonObject(here)) return undefined;
      const below: unknown = typeof key === 'number' ? here['items'] : here['properties'];
      here = typeof key === 'number' || !isJsonObject(below) ? below : below[String(key)];
    }
    return isJsonObject(here) && isJsonObject(here['properties']) ? Object.keys(here['properties']) : undefined;
  } catch {
    return undefined; // what JSON Schema cannot say is told elsewhere
  }
}

function joinPath(root: string, keys: readonly PropertyKey[]): string {
  let path = root;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += `${path === '' ? '' : '.'}${makeVisible(String(key))}`;
  }
  return path;
}

/** The value at the path, shortened; only its type where it is or may be a secret, or is no scalar. */
export function describeReceived(keys: readonly PropertyKey[], root: unknown, secret = false): string {
  let value: unknown = root;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return 'nothing';
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (secret || keys.some((key) => isSecretKey(String(key)))) return `a ${typeof value}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  // Only what names a scheme: in any other text an "@" or a "?" is what it is about.
  const shown = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? hideUrlSecrets(value) : value;
  return quote(shown.length > 40 ? `${shown.slice(0, 39)}…` : shown);
}
