import type { ConnectorDescription } from '@automate/contract';
import semver from 'semver';
import type { Former } from './find-former.ts';
import type { CheckResult } from './load-suite.ts';

/**
 * Whether a kind breaks what worked with an earlier release, which only a new major version may.
 *
 * @param now what the kind says of itself; `gone` where the package has no such kind any more, absent where it cannot be described
 */
export function checkCompatibility(
  now: ConnectorDescription | 'gone' | undefined,
  former: Former,
  version: string,
): CheckResult {
  const result = (status: CheckResult['status'], message?: string): CheckResult => ({
    name: 'compatible',
    title: `keeps what version ${former.version} promised, or is a new major version`,
    status,
    ...(message === undefined ? {} : { message }),
    tookMs: 0,
  });
  if (now === undefined) return result('not_tried', 'it cannot be described');
  const changes = now === 'gone' ? [] : former.changesIn(now);
  if (changes === undefined) return result('not_concerned');
  const breaking =
    now === 'gone'
      ? ['the kind is gone']
      : changes.filter(({ weight }) => weight !== 'other').map(({ message }) => message);
  if (breaking.length === 0 || isNewMajor(former.version, version)) return result('passed');
  return result('failed', `${breaking.join('; ')}: that needs a new major version, and this is ${version}`);
}

function isNewMajor(before: string, after: string): boolean {
  const [old, now] = [semver.parse(before), semver.parse(after)];
  if (old === null || now === null) return false;
  // Before 1.0.0 a minor version may break.
  return now.major > old.major || (old.major === 0 && now.major === 0 && now.minor > old.minor);
}
