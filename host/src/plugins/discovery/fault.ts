import type { PluginProblem } from '@automate/contract';

/** A problem before it is known whose it is. */
export type Fault = Omit<PluginProblem, 'package'>;

/** What is wrong with a value of a manifest. Whoever wrote the package has to mend it, unless `blame` names another. */
export interface Mistake extends Pick<Fault, 'path' | 'expected' | 'remedy'> {
  readonly value: unknown;
  readonly blame?: Fault['blame'];
}

/** Takes a mistake in; reading goes on, so that all of them are found at once. */
export type Report = (mistake: Mistake) => void;

/** Text from a package, made fit for a terminal and a log line: control characters become spaces. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** The code of a failed system call, `ENOENT` for one. */
export function systemCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
