import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { satisfies, valid } from 'semver';
import type { CompatibilityQuestion } from '../../../src/plugins/compatibility/check-compatibility.ts';
import { checkCompatibility } from '../../../src/plugins/compatibility/check-compatibility.ts';

/** `admitted`, or the kind of the reason or fault. */
function outcome(question: CompatibilityQuestion): string {
  const verdict = checkCompatibility(question);
  if (verdict.kind === 'rejected') return verdict.reason.kind;
  return verdict.kind === 'faulty' ? verdict.fault.kind : 'admitted';
}

describe('a range over released hosts', () => {
  it.each([
    ['^1.0.0', '1.0.0', 'admitted'],
    ['^1.0.0', '1.9.3', 'admitted'],
    ['^1.2.0', '1.1.9', 'host_too_old'],
    ['^1.0.0', '2.0.0', 'host_too_new'],
    ['^0.9.0', '1.0.0', 'host_too_new'],
    ['~1.2.0', '1.2.9', 'admitted'],
    ['~1.2.0', '1.3.0', 'host_too_new'],
    ['1.2.3', '1.2.3', 'admitted'],
    ['=1.2.3', '1.2.4', 'host_too_new'],
    ['v1.2.3', '1.2.2', 'host_too_old'],
    ['1', '1.5.0', 'admitted'],
    ['1.x', '1.5.0', 'admitted'],
    ['1.2.x', '1.3.0', 'host_too_new'],
    ['>=1.2', '1.2.0', 'admitted'],
    ['>=1.2 <1.5', '1.5.0', 'host_too_new'],
    ['>= 1.2.0', '1.2.0', 'admitted'],
    ['1.0.0 - 1.4.0', '1.4.0', 'admitted'],
    ['1.0.0 - 1.4.0', '1.4.1', 'host_too_new'],
    ['^1.0.0 || ^2.0.0', '2.3.0', 'admitted'],
    ['^1.0.0 || ^3.0.0', '2.0.0', 'host_between'],
    ['>2.0.0 <1.0.0', '1.5.0', 'host_between'],
    ['*', '1.0.0', 'admitted'],
    ['x', '1.0.0', 'admitted'],
    ['', '1.0.0', 'admitted'],
    ['  ^1.0.0  ', '1.0.0', 'admitted'],
    ['^1.0.0', '1.0.0+build.7', 'admitted'],
    ['workspace:*', '1.0.0', 'admitted'],
    ['workspace:^', '1.0.0', 'admitted'],
    ['workspace:~', '1.0.0', 'admitted'],
    ['workspace:^1.0.0', '1.0.0', 'admitted'],
    ['workspace:^1.0.0', '2.0.0', 'host_too_new'],
    ['workspace:1.2.3', '1.0.0', 'host_too_old'],
    ['latest', '1.0.0', 'range_unreadable'],
    ['^1.0.0 ||| ^2', '1.0.0', 'range_unreadable'],
    ['one', '1.0.0', 'range_unreadable'],
    ['^^1.0.0', '1.0.0', 'range_unreadable'],
    ['>=1.0.0 and <2', '1.0.0', 'range_unreadable'],
    ['workspace:../sdk', '1.0.0', 'range_unreadable'],
    ['https://example.com/x.tgz', '1.0.0', 'range_unreadable'],
  ])('%j on host %s: %s', (engines, hostVersion, expected) => {
    expect(outcome({ engines, hostVersion })).toBe(expected);
  });
});

describe('the pre-release policy', () => {
  it.each([
    // A range about releases: a pre-release of the host counts as the release it leads to.
    ['^2.0.0', '2.0.0-rc.1', 'admitted'],
    ['^1.0.0', '2.0.0-rc.1', 'host_too_new'],
    ['>=1.0.0 <2.0.0', '2.0.0-rc.1', 'host_too_new'],
    ['^1.0.0', '1.3.0-beta.1', 'admitted'],
    ['2.x', '2.0.0-alpha', 'admitted'],
    ['*', '2.0.0-rc.1', 'admitted'],
    ['1.0.0 - 2.0.0', '2.0.0-rc.1', 'admitted'],
    ['>2.0.0', '2.0.0-rc.1', 'host_too_old'],
    // A range that names a pre-release is meant exactly, as semver reads it.
    ['^2.0.0-rc.1', '2.0.0-rc.1', 'admitted'],
    ['^2.0.0-rc.2', '2.0.0-rc.1', 'host_too_old'],
    ['^2.0.0-rc.1', '2.0.0', 'admitted'],
    ['^2.0.0-rc.1', '2.1.0', 'admitted'],
    ['>=1.0.0-0', '1.0.0-beta', 'admitted'],
    ['2.0.0-rc.1', '2.0.0-rc.2', 'host_too_new'],
    ['^1.0.0 || 2.0.0-rc.1', '2.0.0-rc.1', 'admitted'],
    ['^1.0.0 || 2.0.0-rc.1', '1.4.0', 'admitted'],
    ['>=1.0.0 <2.0.0-0', '2.0.0-rc.1', 'host_too_new'],
  ])('%j on host %s: %s', (engines, hostVersion, expected) => {
    expect(outcome({ engines, hostVersion })).toBe(expected);
  });

  it('never lets a pre-release decide differently from its release where the range names none', () => {
    const number = fc.nat({ max: 4 });
    const version = fc.tuple(number, number, number).map((parts) => parts.join('.'));
    const range = fc
      .tuple(fc.constantFrom('^', '~', '>=', '<', '<=', '>', '', '='), version)
      .map((parts) => parts.join(''));
    const ranges = fc
      .array(range, { minLength: 1, maxLength: 3 })
      .chain((parts) => fc.constantFrom(parts.join(' '), parts.join(' || ')));
    fc.assert(
      fc.property(ranges, version, fc.constantFrom('', '-rc.1', '-0', '-alpha.2.b'), (engines, release, suffix) => {
        expect(outcome({ engines, hostVersion: release + suffix }) === 'admitted').toBe(satisfies(release, engines));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('where the range is taken from', () => {
  it('takes engines.automate before the peer dependency', () => {
    expect(checkCompatibility({ engines: '^2.0.0', sdkPeer: '^1.0.0', hostVersion: '1.0.0' })).toEqual({
      kind: 'rejected',
      reason: { kind: 'host_too_old', range: '^2.0.0', source: 'engines.automate', host: '1.0.0' },
    });
  });

  it('takes the peer dependency without engines.automate', () => {
    expect(checkCompatibility({ sdkPeer: 'workspace:^2.0.0', hostVersion: '1.0.0' })).toMatchObject({
      reason: { range: '^2.0.0', source: 'peerDependencies["@automate/sdk"]' },
    });
  });

  it.each([undefined, 'catalog:', 'catalog:connectors', 'file:../sdk', 'link:../sdk', 'workspace:../sdk'])(
    'has none when the peer dependency is %j: admitted with a warning',
    (sdkPeer) => {
      const verdict = checkCompatibility({ sdkPeer, hostVersion: '1.0.0' });
      expect(verdict).toEqual({
        kind: 'admitted',
        warnings: [expect.stringContaining('"engines": { "automate": "^1.0.0" }')],
      });
    },
  );

  it.each([undefined, 'catalog:'])('is refused under strict when the peer dependency is %j', (sdkPeer) => {
    expect(outcome({ sdkPeer, hostVersion: '1.0.0', strict: true })).toBe('range_missing');
  });

  it.each([null, 1, true, ['^1.0.0'], { range: '^1.0.0' }])('is unreadable when it is %j', (value) => {
    expect(outcome({ engines: value, sdkPeer: '*', hostVersion: '1.0.0' })).toBe('range_unreadable');
    expect(outcome({ sdkPeer: value, hostVersion: '1.0.0' })).toBe('range_unreadable');
  });

  it('admits without a warning what declares a range, strict or not', () => {
    expect(checkCompatibility({ engines: '*', hostVersion: '1.0.0', strict: true })).toEqual({
      kind: 'admitted',
      warnings: [],
    });
  });
});

describe('a hostile range', () => {
  it.each([
    ['digits', '1'.repeat(10_000)],
    ['spaces', `^1.0.0${' '.repeat(10_000)}x`],
    ['alternatives', '1.0.0 || '.repeat(2_000)],
    ['hyphens', `1.0.0${'-'.repeat(10_000)}`],
    ['carets', '^'.repeat(10_000)],
  ])('of ten thousand %s is refused without being parsed', (_what, engines) => {
    expect(outcome({ engines, hostVersion: '1.0.0' })).toBe('range_too_long');
  });

  it('of 256 characters is still read', () => {
    const engines = `${'^1.0.0 || '.repeat(25)}^1.0.0`;
    expect(engines).toHaveLength(256);
    expect(outcome({ engines, hostVersion: '1.0.0' })).toBe('admitted');
    expect(outcome({ engines: `${engines}0`, hostVersion: '1.0.0' })).toBe('range_too_long');
  });
});

describe('whatever a package declares', () => {
  it('is answered without throwing', () => {
    const pieces = fc.array(
      fc.constantFrom('^', '~', '>=', '<', '1', '.', '0', '-', 'rc', 'x', '*', ' ', '||', '+', 'v', 'workspace:'),
      { maxLength: 24 },
    );
    const declared = fc.oneof(
      fc.jsonValue(),
      fc.string(),
      pieces.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.option(declared, { nil: undefined }), declared, fc.boolean(), (engines, sdkPeer, strict) => {
        expect(['admitted', 'rejected', 'faulty']).toContain(
          checkCompatibility({ engines, sdkPeer, hostVersion: '1.0.0', strict }).kind,
        );
      }),
      { numRuns: 3000 },
    );
  });
});

it('takes a host version that is none for the mistake in the host that it is', () => {
  expect(valid('one')).toBeNull();
  expect(() => checkCompatibility({ engines: '^1.0.0', hostVersion: 'one' })).toThrow('Invalid Version');
});
