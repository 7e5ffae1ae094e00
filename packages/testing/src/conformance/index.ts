export { runConformance } from './run-conformance.ts';
export type { ConformanceReport, RunOptions } from './run-conformance.ts';
export type { ConformanceOptions } from './check.ts';
export type { CheckResult, CheckStatus } from './run-checks.ts';
