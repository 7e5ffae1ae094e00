import { EFFECTS } from '@automate/sql';
import { expect, it } from '@jest/globals';
import { actsNever, BEFORE_ACTING, mysqlFault } from '../src/mysql-error.ts';
import { traits, UNDOABLE } from '../src/mysql-traits.ts';
import { outcomes } from '../src/outcomes.ts';

const refused = (errno: number, message = 'no') => Object.assign(new Error(message), { errno, sqlState: 'HY000' });
const circumstances = { effects: EFFECTS.transaction, server: 'MySQL at here:1', reading: false };

it('tells of each error that is worth another try what its row of the README says', () => {
  const rows = outcomes.filter(({ when }) => /^\w+ \(\d/.test(when));
  expect(rows.length).toBeGreaterThan(2);
  for (const { when, effect } of rows) {
    const [, reason, numbers = '', code] = /^(\w+) \((.*), (\w+)\)$/.exec(when) ?? [];
    for (const errno of numbers.split(', ').map(Number))
      expect(mysqlFault(refused(errno), circumstances)?.error).toMatchObject({
        code,
        effect,
        retryable: true,
        details: { reason, errno },
      });
  }
});

it('vouches for what the server refuses before it acts only where a statement defines something', () => {
  for (const errno of BEFORE_ACTING) {
    expect(actsNever('/* now */ CREATE TABLE a (b int)', refused(errno))).toBe(true);
    expect(actsNever('CALL create_table()', refused(errno))).toBe(false);
    expect(actsNever("/*! CREATE */ CALL 'create'()", refused(errno))).toBe(false);
  }
  expect(actsNever('DROP TABLE a, b', refused(1051))).toBe(false);
});

it('does not try again what an administrator cancelled', () => {
  for (const errno of [1317, 1927])
    expect(mysqlFault(refused(errno), circumstances)?.error).toMatchObject({
      retryable: false,
      details: { reason: 'canceled_by_server' },
    });
});

it('takes a server for one that was demoted by what it says, and a query for the one to blame in a query', () => {
  const demoted = { session: 'demoted', error: { retryable: true, details: { reason: 'server_read_only' } } };
  const message = 'The MariaDB server is running with the --read-only option so it cannot execute this statement';
  for (const error of [refused(1290, message), refused(1792), refused(1836)]) {
    expect(mysqlFault(error, circumstances)).toMatchObject(demoted);
    expect(mysqlFault(error, { ...circumstances, reading: true })).toMatchObject({
      session: 'usable',
      error: { code: 'FORBIDDEN', retryable: false },
    });
  }
  const other = 'The MariaDB server is running with the --secure-file-priv option so it cannot execute this statement';
  expect(mysqlFault(refused(1290, other), circumstances)).toMatchObject({
    session: 'usable',
    error: { code: 'FORBIDDEN' },
  });
});

it('holds for undone what begins with the words of the README', () => {
  for (const word of UNDOABLE) expect(traits.grammar.isAtomic(word, `${word} x`)).toBe(true);
  for (const sql of [
    'call x',
    'create table x',
    'drop table x',
    'analyze insert into x',
    'set global x',
    'load index into cache x',
  ])
    expect([sql, traits.grammar.isAtomic(sql.split(' ')[0] ?? '', sql)]).toStrictEqual([sql, false]);
  expect(traits.grammar.isAtomic('select', "select 1 into outfile ''")).toBe(false);
});
