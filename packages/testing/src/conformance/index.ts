export { describeKinds, runConformance } from './run-conformance.ts';
export type { ConformanceReport, RunOptions } from './run-conformance.ts';
export type { ConformanceOptions } from './conformance-options.ts';
export type { CheckResult, CheckStatus } from './run-checks.ts';
export { learnPermissions } from '../permissions/learn-permissions.ts';
export type { LearnedKind, LearnedPermissions, LearnPermissionsOptions } from '../permissions/learn-permissions.ts';
export type { AskedPermissions, JudgedPermission } from '../permissions/smallest-permissions.ts';
