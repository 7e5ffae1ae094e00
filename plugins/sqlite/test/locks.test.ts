import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '@automate/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createWorkshop } from './open-sqlite.ts';

let workshop: ReturnType<typeof createWorkshop>;
let other: DatabaseSync;
beforeEach(() => {
  workshop = createWorkshop();
  other = new DatabaseSync(join(workshop.folder, 'test.db'));
  other.exec('CREATE TABLE t (i INTEGER PRIMARY KEY, u UNIQUE)');
});
afterEach(async () => {
  if (other.isOpen) other.close();
  await workshop.close();
});

/** What a program that shares no memory and no lock with this one finds in the file. */
function countElsewhere(): number {
  const script = `const { DatabaseSync } = require('node:sqlite');
    console.log(new DatabaseSync(process.argv[1]).prepare('SELECT count(*) AS n FROM t').get().n)`;
  return Number(execFileSync(process.execPath, ['-e', script, join(workshop.folder, 'test.db')], { encoding: 'utf8' }));
}

const locked = { code: 'UPSTREAM_5XX', retryable: true, effect: 'none', details: { reason: 'locked' } };
const insert = (i: number) => ({ sql: 'INSERT INTO t (i) VALUES (?)', params: [i] });

describe.each(['delete', 'wal'])('after a lock stood in the way, with the journal mode %s', (mode) => {
  beforeEach(() => {
    other.exec(`PRAGMA journal_mode = ${mode}`);
  });

  it('what is acknowledged is in the file', async () => {
    const connector = await workshop.connect({ busy_timeout_ms: 10 });
    const changes: [string, JsonObject][] = [
      ['execute', insert(1)],
      ['execute', { sql: 'INSERT INTO t (i) VALUES (2) RETURNING i' }],
      ['transaction', { statements: [insert(3)] }],
      ['insert_rows', { table: 't', rows: [{ i: 4 }] }],
      ['execute', { sql: 'CREATE INDEX by_u ON t (u)' }],
      ['execute', { sql: 'VACUUM' }],
    ];
    other.exec('BEGIN IMMEDIATE');
    for (const [action, input] of changes) await expect(connector.call(action, input)).rejects.toMatchObject(locked);
    other.exec('COMMIT');
    expect(countElsewhere()).toBe(0);
    for (const [action, input] of changes) {
      await expect(connector.call(action, input)).resolves.toBeDefined();
      other.exec('BEGIN IMMEDIATE; COMMIT');
    }
    expect(countElsewhere()).toBe(4);
  });
});

it('a query that a lock refused keeps nobody from writing', async () => {
  const connector = await workshop.connect({ busy_timeout_ms: 10 });
  const query = { sql: 'SELECT count(*) AS n FROM t' };
  await connector.call('query', query);
  other.exec('BEGIN EXCLUSIVE');
  await expect(connector.call('query', query)).rejects.toMatchObject(locked);
  other.exec('COMMIT');
  other.exec('INSERT INTO t (i) VALUES (1)');
  await expect(connector.call('execute', insert(2))).resolves.toMatchObject({ rows_affected: 1 });
  expect(countElsewhere()).toBe(2);
});

it('a change that a reader keeps from being committed had no effect', async () => {
  const connector = await workshop.connect({ busy_timeout_ms: 10 });
  other.exec('INSERT INTO t (i) VALUES (100)');
  const reading = other.prepare('SELECT i FROM t').iterate();
  reading.next();
  await expect(connector.call('execute', insert(1))).rejects.toMatchObject(locked);
  await expect(connector.call('transaction', { statements: [insert(1)] })).rejects.toMatchObject(locked);
  reading.return?.();
  expect(countElsewhere()).toBe(1);
  await expect(connector.call('execute', insert(1))).resolves.toMatchObject({ last_insert_id: '1' });
  expect(countElsewhere()).toBe(2);
});

it.each([
  ['a key that is taken', { sql: 'INSERT INTO t (i) VALUES (1), (1) RETURNING i' }, 'ALREADY_EXISTS'],
  [
    'one that keeps what it did until it failed',
    { sql: 'INSERT OR FAIL INTO t (i) SELECT 1 UNION ALL SELECT 1' },
    'ALREADY_EXISTS',
  ],
  ['one that undoes the transaction', { sql: 'INSERT OR ROLLBACK INTO t (i) VALUES (1), (1)' }, 'ALREADY_EXISTS'],
  ['an error in the middle of its rows', { sql: "INSERT INTO t (i) VALUES (1), ('x')" }, 'INVALID_INPUT'],
  [
    'an error of an expression that it returns',
    { sql: 'INSERT INTO t (i) VALUES (1) RETURNING abs(-9223372036854775808)' },
    'INVALID_INPUT',
  ],
])('a statement that fails leaves nothing: %s', async (_title, input, code) => {
  const connector = await workshop.connect();
  await expect(connector.call('execute', input)).rejects.toMatchObject({ code, effect: 'none' });
  expect(countElsewhere()).toBe(0);
  await expect(connector.call('execute', insert(1))).resolves.toBeDefined();
  expect(countElsewhere()).toBe(1);
});

it('reads a file that a program left in the middle of a change, and finds what was committed', async () => {
  other.exec('INSERT INTO t (i) VALUES (1)');
  other.close();
  // More than fits into the cache goes into the file before the end of the change.
  const script = `const { DatabaseSync } = require('node:sqlite');
    new DatabaseSync(process.argv[1]).exec(\`PRAGMA cache_size = 1; BEGIN; INSERT INTO t
      WITH RECURSIVE n(v) AS (SELECT 2 UNION ALL SELECT v + 1 FROM n WHERE v < 500) SELECT v, hex(zeroblob(2000)) || v FROM n\`);
    process.kill(process.pid, 'SIGKILL')`;
  try {
    execFileSync(process.execPath, ['-e', script, join(workshop.folder, 'test.db')], { stdio: 'ignore' });
  } catch {
    // It killed itself.
  }
  const connector = await workshop.connect();
  await expect(connector.call('query', { sql: 'SELECT count(*) AS n FROM t' })).resolves.toMatchObject({
    rows: [{ n: 1 }],
  });
});
