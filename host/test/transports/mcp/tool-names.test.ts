import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nameTools } from '../../../src/transports/mcp/tool-names.ts';

const name = (connector: string, action: string): string => nameTools([{ connector, action }])[0] ?? '';

it('a tool is called after its connector and its action', () => {
  expect(name('prometheus', 'query')).toBe('prometheus__query');
  expect(name('my-db.eu', 'read.rows')).toBe('my-db_eu__read_rows');
});

it('a name that is too long, or that two would have, ends in a hash of what it stands for', () => {
  const long = name('a'.repeat(40), 'query');
  expect(long).toMatch(/^a{29}_[0-9a-f]{10}$/);
  expect(name('a'.repeat(40), 'query_range')).not.toBe(long);
  const [one, other] = nameTools([
    { connector: 'a.b', action: 'c' },
    { connector: 'a_b', action: 'c' },
  ]);
  expect([one, other]).toEqual([expect.stringMatching(/^a_b__c_[0-9a-f]{10}$/), expect.stringMatching(/^a_b__c_/)]);
  expect(one).not.toBe(other);
});

it("a name may have forty letters, and is nobody else's, whatever that is called", () => {
  expect(name('a'.repeat(33), 'query')).toBe(`${'a'.repeat(33)}__query`);
  expect(name('a'.repeat(34), 'query')).toHaveLength(40);
  const hashed = name('a', `${'b'.repeat(10)}__${'c'.repeat(40)}`);
  const [connector = '', ...action] = hashed.split('__');
  const names = nameTools([
    { connector: 'a', action: `${'b'.repeat(10)}__${'c'.repeat(40)}` },
    { connector, action: action.join('__') },
  ]);
  expect(names[0]).toBe(hashed);
  expect(names[1]).toMatch(/^a__b{10}__c+_[0-9a-f]{10}$/);
  expect(names[1]).not.toBe(hashed);
});

it('every name is one that clients take, and nobody else has', () => {
  const id = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,62}$/);
  const action = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
  const targets = fc.uniqueArray(fc.record({ connector: id, action }), {
    selector: ({ connector, action: each }) => JSON.stringify([connector, each]),
    maxLength: 30,
  });
  fc.assert(
    fc.property(targets, (all) => {
      const names = nameTools(all);
      expect(new Set(names).size).toBe(all.length);
      for (const each of names) expect(each).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
    }),
  );
});
