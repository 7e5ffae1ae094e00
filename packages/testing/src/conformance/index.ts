export { describeKinds, runConformance } from './run-conformance.ts';
export type { ConformanceReport, RunOptions } from './run-conformance.ts';
export type { ConformanceOptions } from './conformance-options.ts';
export type { CheckResult, CheckStatus } from './run-checks.ts';
export { findUses } from '../permissions/find-uses.ts';
export type { FindUsesOptions, FoundUses } from '../permissions/find-uses.ts';
export type { Use } from '../permissions/record-uses.ts';
