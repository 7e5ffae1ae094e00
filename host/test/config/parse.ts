import { describeProblem } from '@automate/contract';
import type { HostConfig } from '../../src/config/host-config.ts';
import type { Environment } from '../../src/config/interpolate.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

/** The problems of a text, each as `line:column: path: …`. */
export function problemsOf(text: string, environment: Environment = {}): readonly string[] {
  const parsed = parseConfig(text, { environment });
  return parsed.ok
    ? []
    : parsed.problems.map((problem) => `${problem.line}:${problem.column}: ${describeProblem(problem)}`);
}

/** What a right text says. */
export function configOf(text: string, environment: Environment = {}): HostConfig {
  const parsed = parseConfig(text, { environment });
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  return parsed.config;
}
