// Long, as each way to change what was recorded is a line of its own.

import { createSecretKey } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditKeyRing } from '../../dist/records/audit-table.js';
import { openAuditTable } from '../../dist/records/audit-table.js';
import { openSqliteAuditRows } from '../../dist/records/sqlite-audit-rows.js';
import { verifyAudit } from '../../dist/records/verify-audit.js';

const RING: AuditKeyRing = {
  current: 'k1',
  keys: new Map([
    ['k1', createSecretKey(Buffer.alloc(32, 1))],
    ['k2', createSecretKey(Buffer.alloc(32, 2))],
  ]),
};
const RECORDS = 7;

let directory: string;
let file: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'automate-audit-'));
  file = join(directory, 'audit.db');
  await write(file, RECORDS);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(at: string, ring = RING): ReturnType<typeof openAuditTable> {
  return openAuditTable({ file: at }, ring, () => openSqliteAuditRows(at));
}

/** Each record is a write of its own. */
async function write(to: string, count: number, ring = RING): Promise<void> {
  const table = await open(to, ring);
  for (let index = 1; index <= count; index += 1) {
    const at = new Date(index * 1000).toISOString();
    await table.append([JSON.stringify({ at, operation: 'execute', action: `grüße ${index}`, code: 'OK' })]);
  }
  await table.close();
}

/** What somebody does to the database behind the host's back. */
function tamper(...statements: readonly string[]): void {
  const database = new DatabaseSync(file);
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** What is wrong with the copy that this function changes. */
async function faultAfter(change: (copy: string) => void): Promise<string | undefined> {
  const copy = join(directory, 'copy.db');
  copyFileSync(file, copy);
  copyFileSync(`${file}-head`, `${copy}-head`);
  change(copy);
  const { ok, fault } = await verifyAudit(copy, RING.keys);
  expect(ok).toBe(fault === undefined);
  return fault === undefined ? undefined : `${fault.seq ?? ''}: ${fault.message}`;
}

describe('an audit as it was written', () => {
  it('is verified, and tells its newest hash', async () => {
    const verdict = await verifyAudit(file, RING.keys);
    expect(verdict).toEqual({
      ok: true,
      host: expect.stringMatching(/^[0-9a-f-]{36}$/),
      records: RECORDS,
      first: 1,
      last: RECORDS,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      unsealed: 0,
    });
  });

  it('is verified where others may not write', async () => {
    const before = readFileSync(file);
    await verifyAudit(file, RING.keys);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('goes on under another key, and the older records stay verified', async () => {
    await write(file, 2, { ...RING, current: 'k2' });
    expect(await verifyAudit(file, RING.keys)).toMatchObject({ ok: true, records: RECORDS + 2 });
    const { fault } = await verifyAudit(file, new Map([['k2', createSecretKey(Buffer.alloc(32, 2))]]));
    expect(fault).toEqual({
      seq: 1,
      message: 'records 1 to 7 are sealed with the key "k1", which is not there; from record 8 on the key is "k2"',
    });
  });
});

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly row: number;
  readonly type: string;
  readonly bytes: Uint8Array;
}

describe('a changed byte', () => {
  it('of any value, whichever row and column of whichever table it is', async () => {
    const database = new DatabaseSync(file);
    // It may be lost with the machine, which makes a thousand of them quick.
    database.exec('PRAGMA synchronous = OFF');
    const columns = {
      records: ['key', 'body', 'hash'],
      chain: ['host', 'batch', 'cut_seq', 'cut_hash', 'key', 'seal'],
    };
    const cells = Object.entries(columns).flatMap(([table, names]) =>
      names.flatMap((column) => {
        const read = `SELECT rowid AS row, typeof(${column}) AS type, CAST(${column} AS BLOB) AS bytes FROM ${table}`;
        return database
          .prepare(read)
          .all()
          .map((cell) => ({ table, column, ...cell }));
      }),
    );
    expect(cells).toHaveLength(3 * RECORDS + 6);
    for (const { table, column, row, type, bytes } of cells as unknown as readonly Cell[]) {
      const value = type === 'blob' ? '?' : `CAST(? AS ${type})`;
      const put = database.prepare(`UPDATE ${table} SET ${column} = ${value} WHERE rowid = ?`);
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes);
        // Of a number it makes another digit.
        changed[at] = (changed[at] ?? 0) ^ 0x01;
        put.run(changed, row);
        const { ok } = await verifyAudit(file, RING.keys);
        expect({ table, column, row, at, ok }).toEqual({ table, column, row, at, ok: false });
      }
      put.run(bytes, row);
    }
    database.close();
    expect(await verifyAudit(file, RING.keys)).toMatchObject({ ok: true });
  });

  it.each(['seq', 'key', 'body', 'hash'])('of %s, whichever it is, names the record', async (column) => {
    const reader = new DatabaseSync(file, { readOnly: true });
    const row = reader.prepare(`SELECT CAST(${column} AS BLOB) AS bytes FROM records WHERE seq = 4`).get();
    reader.close();
    const bytes = Buffer.from(row?.['bytes'] as Uint8Array);
    expect(bytes.length).toBeGreaterThan(0);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ bit;
        const fault = await faultAfter((copy) => {
          const database = new DatabaseSync(copy);
          const value = column === 'hash' ? '?' : column === 'seq' ? 'CAST(? AS INTEGER) + 20' : 'CAST(? AS TEXT)';
          database.prepare(`UPDATE records SET ${column} = ${value} WHERE seq = 4`).run(changed);
          database.close();
        });
        expect({ at, bit, fault }).toEqual({ at, bit, fault: expect.stringMatching(/^4: record 4 /) });
      }
    }
  });

  it.each(['host', 'batch', 'cut_seq', 'cut_hash', 'key', 'seal'])(
    'of what the table says of itself: %s',
    async (column) => {
      const changed = {
        host: "'other'",
        batch: 'batch + 1',
        cut_seq: '1',
        cut_hash: 'zeroblob(31)',
        key: "'k2'",
        seal: "replace(seal, substr(seal, 9, 1), 'g')",
      };
      tamper(`UPDATE chain SET ${column} = ${changed[column as keyof typeof changed]}`);
      expect((await verifyAudit(file, RING.keys)).fault?.message).toMatch(/^the table "chain" is/);
    },
  );

  it('of the head, whichever it is', async () => {
    const head = readFileSync(`${file}-head`);
    for (let at = 0; at < head.length; at += 1) {
      const fault = await faultAfter((copy) => {
        const changed = Buffer.from(head);
        changed[at] = (changed[at] ?? 0) ^ 0x01;
        writeFileSync(`${copy}-head`, changed);
      });
      expect({ at, fault }).toEqual({ at, fault: expect.stringContaining('-head ') });
    }
  });

  it('of the file itself is found, or changes nothing that can be read of the table', async () => {
    const rowsOf = (path: string): string => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return JSON.stringify([
          database.prepare('SELECT * FROM records').all(),
          database.prepare('SELECT * FROM chain').all(),
        ]);
      } finally {
        database.close();
      }
    };
    const right = rowsOf(file);
    const whole = readFileSync(file);
    // All bytes of the rows, which lie at the ends of their pages, and a sample of the rest.
    const positions = Array.from({ length: whole.length }, (_, at) => at).filter(
      (at) => whole[at] !== 0 || at % 97 === 0,
    );
    let found = 0;
    for (const at of positions) {
      let text = '';
      const fault = await faultAfter((copy) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ 0x10;
        writeFileSync(copy, changed);
        try {
          text = rowsOf(copy);
        } catch (error) {
          text = String(error);
        }
      });
      if (fault !== undefined) found += 1;
      else if (text !== right) throw new Error(`byte ${at} was changed, and nobody saw it`);
      for (const rest of ['-wal', '-shm']) rmSync(join(directory, `copy.db${rest}`), { force: true });
    }
    expect(found).toBeGreaterThan(RECORDS * 100);
  });
});

describe('what is done to whole records names the first', () => {
  it.each([
    ['removed at the beginning', ['DELETE FROM records WHERE seq = 1'], '1: record 1 is missing'],
    ['removed in the middle', ['DELETE FROM records WHERE seq IN (3, 4)'], '3: records 3 to 4 are missing'],
    [
      'removed at the end',
      [`DELETE FROM records WHERE seq > 5`],
      '6: the end is cut off: the head says that there are records up to 7, and the last is 5',
    ],
    [
      'all removed',
      ['DELETE FROM records'],
      '1: the end is cut off: the head says that there are records up to 7, and the last is 0',
    ],
    [
      'removed and closed up',
      ['DELETE FROM records WHERE seq = 3', 'UPDATE records SET seq = seq - 1 WHERE seq > 3'],
      '3: record 3 is not as it was written, or does not follow the one before it',
    ],
    [
      'exchanged',
      [
        'UPDATE records SET seq = -2 WHERE seq = 2',
        'UPDATE records SET seq = 2 WHERE seq = 5',
        'UPDATE records SET seq = 5 WHERE seq = -2',
      ],
      '2: record 2 is not as it was written, or does not follow the one before it',
    ],
    [
      'exchanged without their hashes',
      ['UPDATE records SET body = (SELECT body FROM records AS other WHERE other.seq = 5) WHERE seq = 2'],
      '2: record 2 is not as it was written, or does not follow the one before it',
    ],
    [
      'put in',
      [
        'UPDATE records SET seq = -seq WHERE seq > 3',
        'INSERT INTO records SELECT 4, key, body, hash FROM records WHERE seq = 3',
        'UPDATE records SET seq = 1 - seq WHERE seq < 0',
      ],
      '4: record 4 is not as it was written, or does not follow the one before it',
    ],
    [
      'put at the end',
      ['INSERT INTO records SELECT 8, key, body, hash FROM records WHERE seq = 7'],
      '8: record 8 is not as it was written, or does not follow the one before it',
    ],
    [
      'put before the beginning',
      ['INSERT INTO records SELECT 0, key, body, hash FROM records WHERE seq = 1'],
      '0: record 0 lies before the cut at 0, and was put there',
    ],
    [
      'made another type',
      ["UPDATE records SET key = key || 'x' WHERE seq = 6"],
      '6: record 6 is sealed with the key "k1x", which is not there; from record 7 on the key is "k1"',
    ],
  ])('%s', async (_what, statements, said) => {
    tamper(...statements);
    const { ok, fault } = await verifyAudit(file, RING.keys);
    expect({ ok, said: `${fault?.seq}: ${fault?.message}` }).toEqual({ ok: false, said });
  });

  it('put back from a copy of the table on which another host wrote on', async () => {
    for (const name of ['', '-head']) copyFileSync(`${file}${name}`, join(directory, `fork.db${name}`));
    const fork = await open(join(directory, 'fork.db'));
    await fork.append([JSON.stringify({ at: 'then', operation: 'harmless', code: 'OK' })]);
    await fork.close();
    await write(file, 3);
    tamper(
      `ATTACH '${join(directory, 'fork.db')}' AS fork`,
      `UPDATE records SET (body, hash) = (SELECT body, hash FROM fork.records AS other WHERE other.seq = 8) WHERE seq = 8`,
    );
    // That one is sealed as it should be, and follows on what was there before; the next does not follow on it.
    expect((await verifyAudit(file, RING.keys)).fault).toEqual({
      seq: 9,
      message: 'record 9 is not as it was written, or does not follow the one before it',
    });
  });

  it('left behind where the head and what the table says of itself were put back', async () => {
    copyFileSync(`${file}-head`, join(directory, 'old'));
    tamper('CREATE TABLE kept AS SELECT * FROM chain');
    await write(file, 1);
    tamper('DELETE FROM chain', 'INSERT INTO chain SELECT * FROM kept', 'DROP TABLE kept');
    copyFileSync(join(directory, 'old'), `${file}-head`);
    expect((await verifyAudit(file, RING.keys)).fault).toEqual({
      seq: 8,
      message: 'record 8 came after the last that the head knows of',
    });
  });

  it('and a host that goes on afterwards does not hide what is missing', async () => {
    tamper('DELETE FROM records WHERE seq > 5');
    await write(file, 3);
    expect((await verifyAudit(file, RING.keys)).fault).toEqual({ seq: 6, message: 'records 6 to 7 are missing' });
  });

  it('nor a last record that was changed', async () => {
    tamper("UPDATE records SET body = replace(body, 'grüße', 'grösse') WHERE seq = 7");
    await write(file, 3);
    expect((await verifyAudit(file, RING.keys)).fault?.seq).toBe(7);
  });

  it('nor a whole database that was thrown away', async () => {
    for (const rest of ['', '-wal', '-shm']) rmSync(`${file}${rest}`, { force: true });
    await write(file, 1);
    expect((await verifyAudit(file, RING.keys)).fault).toEqual({ seq: 1, message: 'records 1 to 7 are missing' });
  });

  it('nor a head that was lost', async () => {
    rmSync(`${file}-head`);
    expect((await verifyAudit(file, RING.keys)).fault?.message).toContain('-head is not there');
    await write(file, 1);
    expect((await verifyAudit(file, RING.keys)).fault).toEqual({ seq: 8, message: 'record 8 is missing' });
  });
});

describe('a head that is another', () => {
  it('of the chain of another host', async () => {
    const other = join(directory, 'other.db');
    await write(other, RECORDS);
    copyFileSync(`${other}-head`, `${file}-head`);
    expect((await verifyAudit(file, RING.keys)).fault?.message).toMatch(/belongs to the chain of another host/);
  });

  it('that was put back', async () => {
    copyFileSync(`${file}-head`, join(directory, 'old'));
    await write(file, 2);
    copyFileSync(join(directory, 'old'), `${file}-head`);
    expect((await verifyAudit(file, RING.keys)).fault?.message).toMatch(
      /-head is 2 writes older than the table: an older head was put in its place$/,
    );
  });

  it('than the table, which was put back', async () => {
    copyFileSync(file, join(directory, 'old'));
    await write(file, 2);
    copyFileSync(join(directory, 'old'), file);
    expect((await verifyAudit(file, RING.keys)).fault?.message).toBe(
      'the end is cut off: the head says that there are records up to 9, and the last is 7',
    );
  });

  it('is held to what somebody noted down, where both were put back', async () => {
    for (const name of ['', '-head']) copyFileSync(`${file}${name}`, join(directory, `old${name}`));
    await write(file, 2);
    const { last: seq, hash } = await verifyAudit(file, RING.keys);
    expect(await verifyAudit(file, RING.keys, { seq, hash })).toMatchObject({ ok: true });
    for (const name of ['', '-head']) copyFileSync(join(directory, `old${name}`), `${file}${name}`);
    expect((await verifyAudit(file, RING.keys, { seq, hash })).fault).toEqual({
      seq: 9,
      message: 'record 9, which is expected, is not there',
    });
    expect((await verifyAudit(file, RING.keys, { seq: 3, hash })).fault).toEqual({
      seq: 3,
      message: 'record 3 is another than the one that is expected',
    });
  });
});

describe('a kill between the write and its seal', () => {
  it('is told from a tail that was cut off: all is well, and the record is counted', async () => {
    copyFileSync(`${file}-head`, join(directory, 'before'));
    await write(file, 1);
    copyFileSync(join(directory, 'before'), `${file}-head`);
    expect(await verifyAudit(file, RING.keys)).toMatchObject({ ok: true, last: RECORDS + 1, unsealed: 1 });
    await write(file, 1);
    expect(await verifyAudit(file, RING.keys)).toMatchObject({ ok: true, last: RECORDS + 2, unsealed: 0 });
  });
});

describe('what is too old or too much', () => {
  it('is cut off under seal, and the rest stays verified', async () => {
    const table = await open(file);
    expect(await table.trim({ maxAgeMs: 2_500, maxRows: 1_000_000 }, 7_000)).toEqual({ upTo: 4, more: false });
    expect(await table.trim({ maxAgeMs: 2_500, maxRows: 1_000_000 }, 7_000)).toBeUndefined();
    await table.close();
    expect(await verifyAudit(file, RING.keys)).toMatchObject({ ok: true, first: 5, last: 7, records: 3 });
    tamper('DELETE FROM records WHERE seq = 5');
    expect((await verifyAudit(file, RING.keys)).fault).toEqual({ seq: 5, message: 'record 5 is missing' });
  });

  it('never takes the newest record', async () => {
    const table = await open(file);
    expect(await table.trim({ maxAgeMs: 1, maxRows: 1_000_000 }, 1_000_000)).toEqual({ upTo: 6, more: true });
    expect(await table.append(['{"at":"x"}'])).toEqual({ first: 8, known: 0 });
    await table.close();
  });

  it('by number, a thousand at a time', async () => {
    const table = await open(file);
    await table.append(
      Array.from({ length: 2_600 }, (_, index) => JSON.stringify({ at: new Date(10_000 + index).toISOString() })),
    );
    const bounds = { maxAgeMs: 1e12, maxRows: 500 };
    const cuts = [];
    for (let cut = await table.trim(bounds, 20_000); cut !== undefined; cut = await table.trim(bounds, 20_000))
      cuts.push(cut.upTo);
    await table.close();
    expect(cuts).toEqual([1_000, 2_000]);
    expect(await verifyAudit(file, RING.keys)).toMatchObject({ ok: true, first: 2_001, last: 2_607 });
  });
});

it('nobody else may read it', () => {
  for (const name of ['', '-head']) expect(statSync(`${file}${name}`).mode & 0o777).toBe(0o600);
});
