import { describe, expect, it } from '@jest/globals';
import { problemsOf } from './parse.ts';

/** Nine levels of nine aliases each: 294 bytes that would become hundreds of millions of values. */
const BOMB = Array.from({ length: 9 }, (_, level) => {
  const items = level === 0 ? Array.from({ length: 9 }, () => 'x') : Array.from({ length: 9 }, () => `*a${level - 1}`);
  return `a${level}: &a${level} [${items.join(',')}]`;
}).join('\n');

describe('hostile YAML', () => {
  it.each([
    [
      '__proto__',
      'connectors:\n  - id: a\n    settings: { __proto__: { polluted: true } }\n',
      '3:17: expected another key: this one is reserved, received the key "__proto__"',
    ],
    [
      'a quoted __proto__',
      'connectors:\n  - id: a\n    "__proto__": { polluted: true }\n',
      '3:5: expected another key: this one is reserved, received the key "__proto__"',
    ],
    [
      'constructor',
      'constructor: { polluted: true }\n',
      '1:1: expected another key: this one is reserved, received the key "constructor"',
    ],
    [
      'a merge key',
      'connectors:\n  - id: a\n    <<: { polluted: true }\n',
      '3:5: expected the keys written out: merge keys are not read, received the merge key "<<"',
    ],
  ])('%s is named and reaches nothing', (_name, text, problem) => {
    expect(problemsOf(text)).toStrictEqual([problem]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['a bomb of aliases', BOMB],
    ['an anchor that holds itself', 'connectors: &a [*a]\n'],
    ['a merge of aliases', 'base: &b { id: a }\nconnectors:\n  - *b\n'],
    ['twenty thousand brackets', '['.repeat(20_000)],
    ['twenty thousand braces', '{a: '.repeat(20_000)],
    ['twenty thousand dashes', '- '.repeat(20_000)],
    ['a megabyte of brackets', '[],'.repeat(300_000)],
    ['a megabyte of anchors', Array.from({ length: 60_000 }, (_, index) => `a${index}: &b${index} c`).join('\n')],
    ['a megabyte of one key', `${'a'.repeat(1_000_000)}: 1`],
    ['a megabyte of quotes', `a: ${"'".repeat(1_000_000)}`],
    ['a megabyte of references', `a: "${'${A}'.repeat(250_000)}"`],
    ['a megabyte of unclosed references', `a: "${'${'.repeat(500_000)}"`],
    ['a hundred thousand connectors', `connectors:\n${'- a\n'.repeat(100_000)}`],
  ])('%s is refused, soon and in little memory', (_name, text) => {
    const memory = process.memoryUsage().rss;
    const before = process.cpuUsage();
    expect(problemsOf(text).length).toBeGreaterThan(0);
    // What this process worked, however long it waited for its turn; ten times what is good enough.
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(5_000_000);
    expect(process.memoryUsage().rss - memory).toBeLessThan(400 * 1024 * 1024);
  });

  it('says what to do about an alias', () => {
    expect(problemsOf('connectors: &a [*a]\n')).toStrictEqual([
      '1:17: expected the value in quotes, or written out: what begins with "*" is an alias, and aliases are not read, received an alias',
    ]);
  });
});
