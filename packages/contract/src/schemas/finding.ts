import type { Problem } from '../problem.ts';
import { formatPath } from '../problem-path.ts';
import type { PathStep } from '../problem-path.ts';

/** A problem whose path is still in steps. */
export interface Finding {
  readonly path: readonly PathStep[];
  readonly expected: string;
  readonly received: string;
  readonly message?: string;
}

/** Most problems that one answer lists. */
const MAX_PROBLEMS = 200;

/** Findings as problems: paths as text below `base`, one per path, in bounded number. */
export function toProblems(findings: readonly Finding[], base: string): readonly Problem[] {
  const problems = new Map<string, Problem>();
  for (const { path, ...rest } of findings) {
    const text = formatPath(path, base);
    if (!problems.has(text)) problems.set(text, { path: text, ...rest });
  }
  const all = [...problems.values()];
  if (all.length <= MAX_PROBLEMS) return all;
  const more = all.length - MAX_PROBLEMS;
  return [
    ...all.slice(0, MAX_PROBLEMS),
    { path: base, expected: 'fewer problems', received: `${more} more`, message: `and ${more} more problems` },
  ];
}
