import type { ProblemDocument } from '@automate/contract/http';

export type Problems = NonNullable<ProblemDocument['problems']>;

/** The problems of a field, and of what is within it: `headers["x-a"]` is within `headers`. */
export function problemsAt(problems: Problems, path: string): Problems {
  return problems.filter(
    (each) => each.path === path || each.path.startsWith(`${path}.`) || each.path.startsWith(`${path}[`),
  );
}

/** A problem in a line, at the field that it is about. */
export function describeProblem({ path, message, expected, received }: Problems[number], at: string): string {
  const text = message ?? `expected ${expected}, received ${received}`;
  return path === at ? text : `${path}: ${text}`;
}
