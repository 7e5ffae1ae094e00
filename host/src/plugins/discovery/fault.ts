import type { PluginProblem } from '@automate/contract';

/** A problem before it is known whose it is. */
export type Fault = Omit<PluginProblem, 'package'>;

/** Takes a fault in; reading goes on, so that all of them are found at once. */
export type Report = (fault: Fault) => void;

/** Text from a package, made fit for a terminal and a log line: control characters become spaces. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** The code of a failed system call, `ENOENT` for one. */
export function systemCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
