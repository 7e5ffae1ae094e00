import type { ConnectorDescription } from '@automate/contract';
import semver from 'semver';
import { compareDescriptions } from '../../plugins/lock/compare-kinds.ts';
import type { CheckResult } from './load-suite.ts';

/** One release of a package, as it describes itself. */
export interface Release {
  readonly version: string;
  readonly kinds: readonly ConnectorDescription[];
}

/** Whether a kind breaks what worked with an earlier release, which only a new major version may. */
export function checkCompatibility(kind: string, before: Release, after: Release): CheckResult {
  const name = 'compatible';
  const title = `keeps what version ${before.version} promised, or is a new major version`;
  const result = (status: CheckResult['status'], message?: string): CheckResult => ({
    name,
    title,
    status,
    ...(message === undefined ? {} : { message }),
    tookMs: 0,
  });
  const old = before.kinds.find((each) => each.kind === kind);
  const now = after.kinds.find((each) => each.kind === kind);
  if (old === undefined) return result('not_concerned');
  if (now === undefined) return result('not_tried', 'it cannot be described');
  const gone = old.actions.filter((action) => now.actions.every((each) => each.name !== action.name));
  const breaking = [
    ...new Set([
      ...gone.map((action) => `${kind}: the action "${action.name}" is gone`),
      ...compareDescriptions(old, now)
        .filter(({ weight }) => weight !== 'other')
        .map(({ message }) => message),
    ]),
  ];
  if (breaking.length === 0 || isNewMajor(before.version, after.version)) return result('passed');
  return result('failed', `${breaking.join('; ')}: that needs a new major version, and this is ${after.version}`);
}

function isNewMajor(before: string, after: string): boolean {
  const [old, now] = [semver.parse(before), semver.parse(after)];
  if (old === null || now === null) return false;
  // Before 1.0.0 a minor version may break.
  return now.major > old.major || (old.major === 0 && now.major === 0 && now.minor > old.minor);
}
