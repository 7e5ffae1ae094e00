import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { AUDIT_TABLES } from '../../records/sqlite-audit-rows.ts';
import { EXECUTION_TABLES } from '../../store/execution-table.ts';
import { movingFrom, noteMove } from '../../store/half-moved.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import { MIGRATIONS } from '../../store/migrations.ts';
import { openDatabase } from '../../store/open-database.ts';
import { OUTCOME_TABLES } from '../../store/outcome-table.ts';
import { HEALTH_TABLES } from '../../store/health-table.ts';
import { SCHEDULE_TABLES } from '../../store/sqlite-schedule-store.ts';
import type { ColumnKind, KeptTable, PlainValue, RowStore } from './kept-tables.ts';
import { selectRows } from './kept-tables.ts';
import { MoveRefused } from './move-refused.ts';

const TABLES = {
  'connectors.db': MIGRATIONS,
  'outcomes.db': OUTCOME_TABLES,
  'executions.db': EXECUTION_TABLES,
  'schedules.db': SCHEDULE_TABLES,
  'health.db': HEALTH_TABLES,
  'audit.db': AUDIT_TABLES,
} as const;

/** The databases of a data directory. One that is only read is left as it is; a file that is not there is empty. */
export function openFileRows(dataDir: string, { writes }: { readonly writes: boolean }): RowStore {
  const opened = new Map<KeptTable['file'], DatabaseSync>();
  const open = (file: KeptTable['file']): DatabaseSync | undefined => {
    const known = opened.get(file);
    if (known !== undefined) return known;
    const path = join(dataDir, file);
    if (!writes && !existsSync(path)) return undefined;
    const database = writes
      ? openDatabase(path, { migrations: TABLES[file], what: 'the store cannot be written' })
      : openToRead(path, TABLES[file].length);
    opened.set(file, database);
    return database;
  };
  return {
    where: dataDir,
    async rows(table, after, upTo, limit) {
      const database = open(table.file);
      if (database === undefined) return [];
      const { text, values } = selectRows(table, {
        from: table.inFile ?? table.name,
        after,
        upTo,
        limit,
        sign: () => '?',
      });
      return database
        .prepare(text)
        .all(...values.map((value) => (typeof value === 'boolean' ? Number(value) : value)))
        .map((row) => Object.entries(table.columns).map(([name, kind]) => toPlain(kind, row[name])));
    },
    async add(table, rows) {
      const database = open(table.file);
      if (database === undefined) throw new Error(`${table.file} is only read`);
      const extra = Object.entries(table.onlyInFile ?? {});
      const names = [...Object.keys(table.columns), ...extra.map(([name]) => name)];
      const insert = database.prepare(
        `INSERT INTO ${table.inFile ?? table.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      );
      const kinds = Object.values(table.columns);
      inTransaction(database, () => {
        for (const row of rows)
          insert.run(
            ...row.map((value, index) => toFile(kinds[index] ?? 'text', value)),
            ...extra.map(([, value]) => value),
          );
      });
    },
    async movingFrom() {
      return movingFrom(dataDir);
    },
    async noteMove(from) {
      noteMove(dataDir, from);
    },
    async close() {
      for (const database of opened.values()) database.close();
    },
  };
}

/** Whose audit a data directory has; undefined where there is none. */
export function chainHostOf(dataDir: string): string | undefined {
  const path = join(dataDir, 'audit.db');
  if (!existsSync(path)) return undefined;
  using database = openToRead(path, AUDIT_TABLES.length);
  const host = database.prepare('SELECT host FROM chain').get()?.['host'];
  return typeof host === 'string' ? host : undefined;
}

function openToRead(path: string, version: number): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true });
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  const unsealed = (): unknown =>
    path.endsWith('connectors.db') && database.prepare('SELECT 1 FROM connectors WHERE sealed = 0 LIMIT 1').get();
  if (found === version && !unsealed()) return database;
  database.close();
  throw new MoveRefused(
    found === version
      ? `${path} has connectors of an earlier version of the host, with their secrets in clear: start a host on it once, which seals them`
      : `${path} is of version ${found}, and this host knows ${version}: start a host of this version on it once`,
  );
}

function toPlain(kind: ColumnKind, value: SQLOutputValue | undefined): PlainValue {
  if (value === null || value === undefined) return null;
  if (kind === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if (kind === 'flag') return Number(value) === 1;
  if (kind === 'number') return Number(value);
  return kind === 'time' ? new Date(String(value)).toISOString() : String(value);
}

function toFile(kind: ColumnKind, value: PlainValue): SQLInputValue {
  if (value === null) return null;
  if (kind === 'bytes') return Buffer.from(String(value), 'base64');
  return typeof value === 'boolean' ? Number(value) : value;
}
