import { CALL_CHECKS } from './call-checks.ts';
import type { Check, Subject } from './check.ts';
import { NotTried } from './check.ts';
import { DESCRIPTION_CHECKS } from './description-checks.ts';
import { PACKAGE_CHECKS } from './package-checks.ts';
import { failed } from './step-answer.ts';
import { START_CHECKS } from './start-checks.ts';

/** All rules, in the order of reports. */
export const CHECKS: readonly Check[] = [...PACKAGE_CHECKS, ...DESCRIPTION_CHECKS, ...START_CHECKS, ...CALL_CHECKS];

/** What came of one check. `not_tried`: another fault stands before it; `not_concerned`: the rule is not about such a connector. */
export type CheckStatus = 'passed' | 'failed' | 'not_tried' | 'not_concerned';

export interface CheckResult {
  readonly name: string;
  readonly title: string;
  readonly status: CheckStatus;
  /** What is wrong, in words. Absent where it passed. */
  readonly message?: string;
  readonly tookMs: number;
}

/** Makes one check. Never rejects. */
export async function runCheck({ name, title, concerns, run }: Check, subject: Subject): Promise<CheckResult> {
  const began = performance.now();
  const result = (status: CheckStatus, message?: string): CheckResult => ({
    name,
    title,
    status,
    ...(message === undefined ? {} : { message }),
    tookMs: Math.round(performance.now() - began),
  });
  try {
    if (concerns !== undefined && !(await concerns(subject))) return result('not_concerned');
    await run(subject);
    return result('passed');
  } catch (error) {
    // By its name: the class of another copy is another one.
    return result((error as Error).name === NotTried.name ? 'not_tried' : 'failed', failed(error).message);
  }
}
