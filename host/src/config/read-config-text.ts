import type { Problem } from '@automate/contract';
import { composeYaml } from './compose-yaml.ts';
import type { Environment } from './interpolate.ts';
import { resolveVariables } from './resolve-variables.ts';
import type { ResolvedValues } from './resolve-variables.ts';
import { createLocator } from './text-position.ts';
import type { TextPosition } from './text-position.ts';
import { findYamlSlips } from './yaml-slips.ts';

/** A text of YAML or JSON, read as far as it can be. */
export interface ConfigText {
  readonly values: ResolvedValues;
  /** What is wrong with the text, and with what it says: all of it in the order of the text, with line and column. */
  problemsWith(contents: readonly Problem[], file?: string): readonly Problem[];
}

const MAX_PROBLEMS = 200;

/** Reads the text of a configuration. Without an environment `${` stands for itself. Never throws. */
export function readConfigText(text: string, environment?: Environment): ConfigText {
  const locate = createLocator(text);
  const composed = composeYaml(text);
  const faults = composed.faults.map(({ offset, ...fault }): Problem => ({ path: '', ...fault, ...locate(offset) }));
  const values = resolveVariables(composed.root, environment);
  return {
    values,
    problemsWith(contents, file) {
      // A text that could not be read has no contents to check.
      const known = composed.root === undefined && faults.length > 0 ? [] : contents;
      const located = [...values.problems, ...withoutRepeats(known, values)].map((problem) => ({
        ...problem,
        ...locate(offsetOf(problem.path, values)),
      }));
      const bounded = bound([...faults, ...located].toSorted(byPlace));
      const explain = located.length === 0 ? undefined : explainSlip(text, values, locate, faults);
      return bounded.map((problem) => ({
        ...(explain?.(problem) ?? problem),
        ...(file === undefined ? {} : { file }),
      }));
    },
  };
}

/** Drops problems that only follow from a missing value, which has been reported already. */
function withoutRepeats(problems: readonly Problem[], values: ResolvedValues): readonly Problem[] {
  return problems
    .filter((problem) => !values.missing.has(problem.path))
    .map((problem) => hideVariable(problem, values));
}

/** A value that came from a variable is not repeated, nor what stands around it: either may be a secret. */
function hideVariable(problem: Problem, values: ResolvedValues): Problem {
  const written = values.written.get(problem.path);
  if (written === undefined) return problem;
  const names = [...written.text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => `\${${name}}`);
  return { ...problem, received: `what ${names.slice(0, 3).join(', ')} gave (not shown)` };
}

/** A slip of the pen can give a value another type: `id:a` is a text and no map. The slip is then what has to be mended. */
function explainSlip(
  text: string,
  values: ResolvedValues,
  locate: (offset: number) => TextPosition,
  faults: readonly Problem[],
): (problem: Problem) => Problem {
  const slips = findYamlSlips(text);
  const offsets = slips.length === 0 ? [] : [...values.offsets.values()];
  return (problem) => {
    if (slips.length === 0 || faults.includes(problem) || !values.offsets.has(problem.path)) return problem;
    const start = offsetOf(problem.path, values);
    const end = offsets.reduce((least, offset) => (offset > start && offset < least ? offset : least), Infinity);
    const slip = slips.find(({ offset }) => offset >= start && offset < end);
    if (slip === undefined) return problem;
    return { path: problem.path, expected: slip.expected, received: slip.received, ...locate(slip.offset) };
  };
}

function offsetOf(path: string, { offsets }: ResolvedValues): number {
  for (let at = path; at !== ''; at = parentOf(at)) {
    const offset = offsets.get(at);
    if (offset !== undefined) return offset;
  }
  return offsets.get('') ?? 0;
}

/** The path without its last step: `a.b[0]` → `a.b` → `a` → ``. */
function parentOf(path: string): string {
  return path.replace(/(?:^|\.)[^.[\]]+$|\[[^[\]]*\]$|.$/s, '');
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** Nobody reads more problems than this, and a file of a megabyte can have many. */
function bound(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const more = problems.length - MAX_PROBLEMS;
  const last = problems[MAX_PROBLEMS];
  const rest = {
    path: '',
    expected: 'fewer problems',
    received: `${more} more`,
    message: `and ${more} more problems from here on`,
  };
  return [...problems.slice(0, MAX_PROBLEMS), { ...rest, line: last?.line ?? 1, column: last?.column ?? 1 }];
}
