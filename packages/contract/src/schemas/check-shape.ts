import type { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { describeReceived, HIDDEN_KEY, isName, mayBeSecret } from './describe-received.ts';
import type { Finding } from './finding.ts';
import type { PathStep } from '../problem-path.ts';
import { knownKeys } from './schema-at.ts';
import { explainUnknownKeys } from './unknown-keys.ts';

/**
 * Checks a value against a schema whose messages are expectations, and words every issue as a finding. Gives the typed
 * value when there is none.
 */
export function checkShape<T>(schema: z.ZodType<T>, value: JsonValue | undefined, findings: Finding[]): T | undefined {
  // Compiling the schema would pay off only after hundreds of values; a file has a few.
  const result = schema.safeParse(value, { jitless: true });
  if (result.success) return result.data;
  for (const issue of result.error.issues) findings.push(...toFindings(issue, value, schema));
  return undefined;
}

function toFindings(issue: z.core.$ZodIssue, value: JsonValue | undefined, schema: z.ZodType): readonly Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return explainUnknownKeys(issue.keys, knownKeys(schema, path), path);
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message;
    const key = String(path.at(-1));
    const above = path.slice(0, -1);
    return isName(key, above)
      ? [{ path, expected, received: `the key "${key}"` }]
      : [{ path: [...above, HIDDEN_KEY], expected, received: 'a key of another form' }];
  }
  // A value in the place of a map may be one that belongs into the map, such as a secret: it is not repeated.
  const secret = mayBeSecret(path) || /^a (?:map|list)\b/.test(issue.message);
  return [{ path, expected: issue.message, received: describeReceived(valueAt(value, path), secret) }];
}

function valueAt(value: unknown, path: readonly PathStep[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PathStep, unknown>)[step];
  }
  return at;
}
