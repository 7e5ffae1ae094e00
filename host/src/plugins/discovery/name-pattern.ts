import { matchesPattern } from '@automate/contract';

/** The first pattern that matches any of the names, if one does. */
export function findPattern(names: readonly string[], patterns: readonly string[]): string | undefined {
  return patterns.find((pattern) => names.some((name) => matchesPattern(name, pattern)));
}
