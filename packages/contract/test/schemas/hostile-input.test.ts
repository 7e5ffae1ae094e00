import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConfigFile, parseConnectorConfig } from '../../src/schemas/index.ts';
import { problemsOf } from './problems-of.ts';

describe('hostile input', () => {
  it.each([
    ['{"id":"a","__proto__":{"polluted":true}}', '__proto__'],
    ['{"id":"a","settings":{"__proto__":{"polluted":true}}}', 'settings.__proto__'],
    ['{"id":"a","settings":{"a":[{"constructor":{"prototype":{"polluted":true}}}]}}', 'settings.a[0].constructor'],
    ['{"id":"a","metadata":{"prototype":"x"}}', 'metadata.prototype'],
  ])('%s cannot reach a prototype', (json, path) => {
    expect(problemsOf(JSON.parse(json))).toStrictEqual([
      `${path}: expected another key: this one is reserved, received the key "${path.split('.').at(-1)}"`,
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is refused beyond a depth, without following it', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as unknown;
    const problems = problemsOf({ id: 'a', settings: { deep } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('expected at most 32 levels of nesting');
  });

  it('is refused when it never ends', () => {
    const cycle: Record<string, unknown> = {};
    cycle['again'] = cycle;
    expect(problemsOf({ id: 'a', settings: cycle }).join()).toContain('levels of nesting');
  });

  it('is refused beyond a number of values, and of problems', () => {
    expect(problemsOf({ id: 'a', settings: { list: Array.from({ length: 200_000 }, () => 0) } })).toContain(
      ': expected at most 100000 values, received more',
    );
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, 1]));
    expect(problemsOf({ id: 'a', ...keys })).toHaveLength(201);
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a big integer', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['an instance of a class', new URL('http://a')],
    ['not a number', Number.NaN],
  ])('%s is no configuration', (_name, value) => {
    expect(problemsOf({ id: 'a', settings: { value } })).toHaveLength(1);
  });

  it('never makes a parser throw', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      maxDepth: 6,
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(typeof parseConnectorConfig(value).ok).toBe('boolean');
        expect(
          typeof parseConnectorConfig({
            id: 'a',
            auth: value,
            tls: value,
            health_check: value,
            limits: value,
            settings: value,
            tags: value,
          }).ok,
        ).toBe('boolean');
        expect(typeof parseConfigFile(value).ok).toBe('boolean');
        expect(typeof parseConfigFile({ connectors: [value], profiles: { p: value }, plugins: value }).ok).toBe(
          'boolean',
        );
      }),
      { numRuns: 300 },
    );
  });
});
