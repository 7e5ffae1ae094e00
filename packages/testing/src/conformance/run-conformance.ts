import type { ConnectorDescription } from '@automate/contract';
import type { ConformanceOptions } from './conformance-options.ts';
import type { RunInWorkerOptions } from '../run-in-worker.ts';
import { levelChecks } from './level-checks.ts';
import { readKinds, readPackage } from './read-kinds.ts';
import type { CheckResult } from './run-checks.ts';
import { CHECKS, runCheck } from './run-checks.ts';
import { createSubject } from './subject.ts';

export interface RunOptions {
  /** For every kind; they win over the package's own `conformance.json`. */
  readonly options?: ConformanceOptions;
  /** Only the checks of these names. Default: all. */
  readonly only?: readonly string[];
  /** The host in which it is tried at each level of isolation. Default: the installed one. */
  readonly createHost?: RunInWorkerOptions['createHost'];
  /** Told of each result as it is known. */
  onResult?(kind: string, result: CheckResult): void;
}

export interface ConformanceReport {
  readonly package: string;
  readonly version: string;
  readonly kinds: readonly { readonly kind: string; readonly checks: readonly CheckResult[] }[];
  /** Checks that concern its kinds, and those of them that passed. */
  readonly total: number;
  readonly passed: number;
}

/**
 * Makes every check on every kind of a built connector package, as its tests do that call `conformance`. Never rejects for
 * what is wrong with a connector.
 *
 * @param directory of the package
 * @throws Error where there is no package.json, or it declares no kind
 */
export async function runConformance(directory: string, run: RunOptions = {}): Promise<ConformanceReport> {
  const { name, version } = readPackage(directory);
  const kinds: ConformanceReport['kinds'][number][] = [];
  for (const kind of readKinds(directory, run.options)) {
    const subject = createSubject(kind);
    const checks: CheckResult[] = [];
    for (const check of [...CHECKS, ...levelChecks(run.createHost)]) {
      if (run.only !== undefined && !run.only.includes(check.name)) continue;
      const result = await runCheck(check, subject);
      checks.push(result);
      run.onResult?.(kind.kind, result);
    }
    kinds.push({ kind: kind.kind, checks });
  }
  const counted = kinds.flatMap(({ checks }) => checks).filter(({ status }) => status !== 'not_concerned');
  return {
    package: name,
    version,
    kinds,
    total: counted.length,
    passed: counted.filter(({ status }) => status === 'passed').length,
  };
}

/** What each kind of a built package says of itself, as far as it can be described. */
export async function describeKinds(directory: string): Promise<readonly ConnectorDescription[]> {
  const described: ConnectorDescription[] = [];
  for (const kind of readKinds(directory)) {
    const description = await createSubject(kind)
      .description()
      .catch(() => undefined);
    if (description !== undefined) described.push(description);
  }
  return described;
}
