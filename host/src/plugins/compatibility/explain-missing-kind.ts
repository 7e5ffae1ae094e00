import { didYouMean, quote } from '@automate/contract';
import type { Discovery } from './discover.ts';
import { explainProblem } from './explain.ts';

/** Why a kind cannot be used, as a sentence for whoever named it. `others` are kinds that can be used and come from no package. */
export function explainMissingKind(
  kind: string,
  { refusals, declarations, report }: Discovery,
  others: readonly string[] = [],
): string {
  const refusal = refusals.get(kind);
  if (refusal !== undefined) return `the kind "${kind}" is not available: ${refusal}`;
  const known = [...new Set([...declarations.keys(), ...others])].toSorted();
  const there = known.length === 0 ? 'no kind is available' : `there are ${known.join(', ')}`;
  const [trouble] = report.problems;
  const hint =
    trouble === undefined
      ? 'add the package that declares it to the project, with "automate plugins add"'
      : explainProblem(trouble);
  return `no package that was found declares the kind ${quote(kind.slice(0, 80))}${didYouMean(kind, known)} (${there}): ${hint}`;
}
