import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import type { AuditFault } from '@automate/contract';
import { openDatabase } from '../store/open-database.ts';
import type { AuditRows, AuditView, ChainEnd, ChainRow, ChainRows, LookAtAudit } from './audit-rows.ts';

/** How the tables are made, in the order of their versions. */
export const AUDIT_TABLES: readonly string[] = [
  `CREATE TABLE records (
     seq INTEGER PRIMARY KEY NOT NULL,
     key TEXT NOT NULL,
     body TEXT NOT NULL,
     hash BLOB NOT NULL
   ) STRICT;
   CREATE TABLE chain (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     host TEXT NOT NULL,
     batch INTEGER NOT NULL,
     cut_seq INTEGER NOT NULL,
     cut_hash BLOB NOT NULL,
     key TEXT NOT NULL,
     seal TEXT NOT NULL
   ) STRICT`,
];

/**
 * The chain in the database `file`, which is made where there is none. One at a time may read or write here; another program waits.
 *
 * @throws UnavailableError, in words for the operator
 */
export function openSqliteAuditRows(file: string): AuditRows {
  const database = openDatabase(file, { migrations: AUDIT_TABLES, what: 'the audit cannot be opened' });
  const last = database.prepare('SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1');
  const insert = database.prepare('INSERT INTO records (seq, key, body, hash) VALUES (?, ?, ?, ?)');
  const latest = database.prepare('SELECT body FROM records WHERE seq > ? ORDER BY seq DESC LIMIT ?');
  const count = database.prepare('SELECT count(*) AS rows FROM records');
  const oldest = database.prepare('SELECT seq, body, hash FROM records ORDER BY seq LIMIT ?');
  const removeUpTo = database.prepare('DELETE FROM records WHERE seq <= ?');
  const putChain = database.prepare(
    'INSERT OR REPLACE INTO chain (one, host, batch, cut_seq, cut_hash, key, seal) VALUES (1, ?, ?, ?, ?, ?, ?)',
  );
  const rows: ChainRows = {
    chain: async () => readChain(database),
    putChain: async ({ host, batch, cutSeq, cutHash, key, seal }) =>
      void putChain.run(host, batch, cutSeq, cutHash, key, seal),
    last: async () => last.get() as unknown as ChainEnd | undefined,
    insert: async (added) => {
      for (const { seq, key, body, hash } of added) insert.run(seq, key, body, hash);
    },
    latest: async (after, limit) => latest.all(after, limit).map(({ body }) => String(body)),
    oldest: async (limit) => oldest.all(limit) as unknown as Awaited<ReturnType<ChainRows['oldest']>>,
    count: async () => Number(count.get()?.['rows'] ?? 0),
    removeUpTo: async (seq) => void removeUpTo.run(seq),
  };
  return {
    read: (work) => work(rows),
    async write(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const value = await work(rows);
        database.exec('COMMIT');
        return value;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    async close() {
      database.close();
    },
  };
}

/** Looks at the chain in the database `file`, also in a copy. */
export function lookAtSqliteAudit(file: string): LookAtAudit {
  return async (work) => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      database.exec('BEGIN');
      return await work(viewOf(database));
    } finally {
      database.close();
    }
  };
}

function viewOf(database: DatabaseSync): AuditView {
  return {
    async fault() {
      const damage = checkDatabase(database);
      if (damage !== undefined) return damage;
      const rows = Number(database.prepare('SELECT count(*) AS rows FROM chain').get()?.['rows']);
      return rows > 1 ? { message: 'the table "chain" has more than its one row' } : undefined;
    },
    chain: async () => readChain(database),
    async records(from, direction, limit) {
      const [sign, order] = direction === 'up' ? ['>', 'ASC'] : ['<', 'DESC'];
      const found = database
        // As bytes: a text that is no UTF-8 would be read as another.
        .prepare(
          `SELECT seq, key, typeof(body) AS type, CAST(body AS BLOB) AS body, hash FROM records
           WHERE seq ${sign} ? ORDER BY seq ${order} LIMIT ?`,
        )
        .all(from, limit);
      return found.map(({ seq, key, type, body, hash }) => ({
        seq: Number(seq),
        key,
        isText: type === 'text',
        body: body as Uint8Array,
        hash,
      }));
    },
    async otherKey(seq, key) {
      const after = database.prepare(
        'SELECT seq, key FROM records WHERE seq > ? AND key IS NOT ? ORDER BY seq LIMIT 1',
      );
      const next = after.get(seq, key as string) as unknown as
        | { readonly seq: number; readonly key: unknown }
        | undefined;
      const last = database.prepare('SELECT max(seq) AS seq FROM records WHERE seq < ?').get(next?.seq ?? Infinity);
      return { next, to: Number(last?.['seq'] ?? seq) };
    },
  };
}

function readChain(database: DatabaseSync): ChainRow | undefined {
  const row = database.prepare('SELECT host, batch, cut_seq, cut_hash, key, seal FROM chain WHERE one = 1').get();
  if (row === undefined) return undefined;
  const { host, batch, cut_seq: cutSeq, cut_hash: cutHash, key, seal } = row;
  return { host, batch, cutSeq, cutHash, key, seal } as unknown as ChainRow;
}

/** What SQLite itself finds: pages that name one another wrongly would hide rows, or show them twice. */
function checkDatabase(database: DatabaseSync): AuditFault | undefined {
  const [finding] = database.prepare('PRAGMA integrity_check(1)').all();
  const said = String(finding?.['integrity_check'] ?? 'nothing');
  if (said !== 'ok') return { message: `the database is damaged: ${said}` };
  const isRight = isDeepStrictEqual(tablesOf(database), tablesAsMade());
  return isRight ? undefined : { message: 'the tables are not as the host makes them' };
}

function tablesAsMade(): unknown {
  const database = new DatabaseSync(':memory:');
  for (const statement of AUDIT_TABLES) database.exec(statement);
  const tables = tablesOf(database);
  database.close();
  return tables;
}

/** Triggers and views would be among them. */
function tablesOf(database: DatabaseSync): unknown {
  return database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all();
}
