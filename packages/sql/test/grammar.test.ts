import { isAtomic, readStatement } from '@automate/sql';
import { describe, expect, it } from '@jest/globals';
import { traits as postgres } from '../../../plugins/postgres/src/postgres-traits.ts';

describe('a statement as PostgreSQL reads it', () => {
  it.each([
    ["SELECT 'it''s; DELETE' -- commit\n FROM t", "select 'xxxxxxxxxxxxx'          \n from t"],
    ["SELECT E'a\\'b', 'x'", "select exxxxx', 'x'"],
    ['SELECT "a""b" /* one /* two */ still */ FROM t', 'select "xxxx"                           from t'],
    ["SELECT $$ it's $$, $tag$ $$ $tag$, $1", 'select $xxxxxxxx$, $xxxxxxxxxxxx$, $1'],
    ['/* copy */ (SELECT 1)', '           (select 1)'],
    ['--\rCOPY (\nSELECT 1)', '  \rcopy (\nselect 1)'],
    ['SELECT a$b$c FROM t', 'select a$b$c from t'],
  ])('has nothing between its quotes: %s', (sql, skeleton) => {
    expect(readStatement(postgres.grammar, sql).skeleton).toBe(skeleton);
  });

  it.each([
    ['INSERT INTO t VALUES (1)', true],
    [' -- CALL f()\n ((SELECT 1))', true],
    ['WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a', true],
    ["COMMENT ON TABLE t IS 'CONCURRENTLY'", true],
    ['CREATE TABLE t (database int)', true],
    ['CREATE INDEX CONCURRENTLY i ON t (a)', false],
    ['create\n/* x */ database d', false],
    ['DROP SUBSCRIPTION s', false],
    ['ALTER SYSTEM SET a = 1', false],
    ['CALL f()', false],
    ['DO $$ BEGIN END $$', false],
    ['VACUUM t', false],
    ['REINDEX TABLE t', false],
    ['EXECUTE p', false],
    ["COPY t TO '/tmp/x'", false],
    ['FROBNICATE', false],
    ['', false],
  ])('is undone as a whole when it fails, or not: %s', (sql, atomic) => {
    expect(isAtomic(postgres.grammar, sql)).toBe(atomic);
  });
});
