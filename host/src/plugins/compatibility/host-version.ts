import type Range from 'semver/classes/range.js';
import SemVer from 'semver/classes/semver.js';
import satisfies from 'semver/functions/satisfies.js';
import gtr from 'semver/ranges/gtr.js';
import ltr from 'semver/ranges/ltr.js';
import { parseRelease } from '../discovery/release.ts';

/** Where a host's version stands to a range. */
export type Standing = 'inside' | 'below' | 'above' | 'between';

/**
 * Compares a host's version with a range. This is the one place that decides about pre-releases:
 *
 * - A range that names none is about releases, and a pre-release of the host counts as the release it leads to: host
 *   `2.0.0-rc.1` satisfies `^2.0.0` and not `^1.0.0`, so that plugins can be tried before the release. semver alone
 *   would refuse both.
 * - A range that names one (`^2.0.0-rc.1`) is meant exactly, and is matched as semver does.
 *
 * `hostVersion` is our own and must be a version; anything else throws.
 */
export function compareWithRange(hostVersion: string, range: Range): Standing {
  const parsed = new SemVer(hostVersion);
  const version = namesPrerelease(range) ? parsed.version : `${parsed.major}.${parsed.minor}.${parsed.patch}`;
  if (satisfies(version, range)) return 'inside';
  if (ltr(version, range)) return 'below';
  return gtr(version, range) ? 'above' : 'between';
}

/**
 * Whether the range is a plain `^1.2.3` and the host a release within it, which is how nearly every pair looks. False
 * says nothing: semver decides then.
 */
export function satisfiesCaret(hostVersion: string, range: string): boolean {
  const wanted = range.startsWith('^') ? parseRelease(range.slice(1)) : undefined;
  const host = parseRelease(hostVersion);
  if (wanted === undefined || host === undefined) return false;
  // The first number that is not zero must be the same; so must the zeros before it.
  const fixed = wanted.findIndex((number) => number !== 0);
  const different = wanted.findIndex((number, index) => number !== host[index]);
  return different === -1 || (fixed !== -1 && different > fixed && (host[different] ?? 0) > (wanted[different] ?? 0));
}

/** semver writes the upper end of `^1.0.0` as `<2.0.0-0`, so that alone names no pre-release. */
function namesPrerelease(range: Range): boolean {
  return range.set.some((alternative) =>
    alternative.some(({ operator, semver }) => {
      // The comparator that admits everything has a symbol instead of a version.
      const parts = (semver as { readonly prerelease?: readonly (string | number)[] }).prerelease ?? [];
      return parts.length > 0 && !(operator === '<' && parts.length === 1 && parts[0] === 0);
    }),
  );
}
