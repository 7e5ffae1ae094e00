import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { satisfies, valid } from 'semver';
import { satisfiesCaret } from '../../../src/plugins/compatibility/host-version.ts';
import { parseRelease } from '../../../src/plugins/discovery/release.ts';

const number = fc.nat({ max: 3 });
const release = fc.tuple(number, number, number).map((parts) => parts.join('.'));

describe('satisfiesCaret', () => {
  it('agrees with semver on every release and plain caret range', () => {
    fc.assert(
      fc.property(release, release, (host, base) => {
        expect(satisfiesCaret(host, `^${base}`)).toBe(satisfies(host, `^${base}`));
      }),
      { numRuns: 5000 },
    );
  });

  it('leaves everything else to semver', () => {
    const others = ['^1', '^1.0', '~1.0.0', '1.0.0', '^1.0.0-rc.1', '^1.0.0 || ^2.0.0', '^01.0.0', '^1.0.0 ', '*', ''];
    expect(others.filter((range) => satisfiesCaret('1.0.0', range))).toEqual([]);
    expect(satisfiesCaret('1.0.1-rc.1', '^1.0.0')).toBe(false);
  });
});

describe('parseRelease', () => {
  it('reads releases, and only what semver takes for the very same version', () => {
    expect(parseRelease('1.20.300')).toEqual([1, 20, 300]);
    const text = fc.array(fc.constantFrom('0', '1', '9', '.', '-', '+', 'v', ' '), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.oneof(
          text.map((parts) => parts.join('')),
          release,
        ),
        (version) => {
          if (parseRelease(version) !== undefined) expect(valid(version)).toBe(version);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
