/** One thing that is wrong with an input, said so that whoever wrote it can mend it. */
export interface Problem {
  /** Where, as a path through the input in the words of the YAML file: `health_check.interval`, `connectors[0].port`. Empty for the whole input. */
  readonly path: string;
  /** What would have been right: `a duration such as "30s"`. */
  readonly expected: string;
  /** What was found, shortened and without secrets: `30`, `nothing`. */
  readonly received: string;
  /** A whole sentence where expected and received do not say it. */
  readonly message?: string;
  /** The file, when the input came from one. */
  readonly file?: string;
  /** Line in the file, from 1. */
  readonly line?: number;
  /** Column in the line, from 1. */
  readonly column?: number;
}

/** `path: expected …, received …`, with file, line and column in front when they are known. */
export function describeProblem(problem: Problem): string {
  const place = problem.file === undefined ? '' : `${problem.file}:${problem.line ?? 1}:${problem.column ?? 1}: `;
  const where = problem.path === '' ? '' : `${problem.path}: `;
  return `${place}${where}${problem.message ?? `expected ${problem.expected}, received ${problem.received}`}`;
}
