import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchesPattern } from '@automate/contract';
import { findPattern } from '../../../src/plugins/discovery/name-pattern.ts';

describe('matchesPattern', () => {
  it.each([
    ['@acme/connector-x', '*', true],
    ['@acme/connector-x', '@acme/*', true],
    ['@acme/connector-x', '*/connector-*', true],
    ['@acme/connector-x', '@acme/connector-x', true],
    ['@acme/connector-x', '@acme', false],
    ['@acme/connector-x', '*connector', false],
    ['@acme-evil/x', '@acme/*', false],
    ['connectorx', 'connector.', false],
    ['Acme', 'acme', false],
    ['a', '', false],
    ['', '*', true],
    ['abcbc', 'a*bc', true],
  ])('matches %s against %s: %s', (name, pattern, expected) => {
    expect(matchesPattern(name, pattern)).toBe(expected);
  });

  it('agrees with the regular expression that means the same', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });
    fc.assert(
      fc.property(letters, patterns, (name, pattern) => {
        expect(matchesPattern(name, pattern)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name));
      }),
      { numRuns: 2000 },
    );
  });

  it('answers at once to a pattern made to be slow', () => {
    expect(matchesPattern('a'.repeat(10_000), `${'*a'.repeat(2_000)}b`)).toBe(false);
  });
});

describe('findPattern', () => {
  it('returns the first pattern that matches any of the names', () => {
    expect(findPattern(['slack', '@evil/slack'], ['@acme/*', '@evil/*', '*'])).toBe('@evil/*');
    expect(findPattern(['slack'], [])).toBeUndefined();
  });
});
