import { CompiledQuery } from 'kysely';
import { movingToPostgresFrom, noteMoveToPostgres } from '../../store/postgres/half-moved-postgres.ts';
import { holdLease } from '../../store/postgres/lease.ts';
import { migratePostgres } from '../../store/postgres/migrate-postgres.ts';
import { openPostgresDatabase } from '../../store/postgres/postgres-database.ts';
import { SCHEMA } from '../../store/postgres/tables.ts';
import type { ColumnKind, PlainValue, RowStore } from './kept-tables.ts';
import { selectRows } from './kept-tables.ts';

const TYPES: Readonly<Record<ColumnKind, string>> = {
  text: 'text',
  number: 'bigint',
  flag: 'boolean',
  time: 'timestamptz',
  bytes: 'bytea',
};

/**
 * What hosts keep in PostgreSQL, for as long as no host uses it.
 *
 * @param host whose audit counts; absent: none
 * @throws UnavailableError, reason `store_lost` or `store_busy`
 */
export async function openPostgresRows(url: string, host: string | undefined): Promise<RowStore> {
  const database = openPostgresDatabase(url, { connections: 1 });
  const what = 'the store cannot be moved';
  try {
    await migratePostgres(database);
    const lease = await holdLease(database, { moves: true });
    return {
      where: database.where,
      async rows(table, after, upTo, limit) {
        if (table.ofHost === true && host === undefined) return [];
        const { text, values } = selectRows(table, {
          from: `${SCHEMA}.${table.name}`,
          ...(table.ofHost === true ? { only: 'host = $1' } : {}),
          after,
          upTo,
          limit,
          sign: (index) => `$${index + (table.ofHost === true ? 2 : 1)}`,
        });
        const found = await database.read(what, (session) =>
          session.rows<Record<string, unknown>>(
            CompiledQuery.raw(text, [...(table.ofHost === true ? [host] : []), ...values]),
          ),
        );
        return found.map((row) => Object.entries(table.columns).map(([name, kind]) => toPlain(kind, row[name])));
      },
      async add(table, rows) {
        const names = Object.keys(table.columns);
        const kinds = Object.values(table.columns);
        const isNamed = !names.includes('host') && table.ofHost === true;
        const types = kinds.map((kind, index) => `$${index + 1}::${TYPES[kind]}[]`);
        const text = `INSERT INTO ${SCHEMA}.${table.name} (${names.join(', ')}${isNamed ? ', host' : ''})
          SELECT ${names.map((name) => `added.${name}`).join(', ')}${isNamed ? `, $${names.length + 1}` : ''}
          FROM unnest(${types.join(', ')}) AS added (${names.join(', ')})`;
        const columns = kinds.map((kind, index) => rows.map((row) => toDatabase(kind, row[index] ?? null)));
        await database.write(what, async (session) => {
          await session.count(CompiledQuery.raw(text, [...columns, ...(isNamed ? [host] : [])]));
          if (table.numbered === undefined) return;
          const whole = `${SCHEMA}.${table.name}`;
          const last = `SELECT setval(pg_get_serial_sequence('${whole}', '${table.numbered}'), (SELECT max(${table.numbered}) FROM ${whole}))`;
          await session.rows(CompiledQuery.raw(last));
        });
      },
      movingFrom: () => database.read(what, movingToPostgresFrom),
      noteMove: (from) => database.write(what, (session) => noteMoveToPostgres(session, from)),
      async close() {
        await lease.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function toPlain(kind: ColumnKind, value: unknown): PlainValue {
  if (value === null || value === undefined) return null;
  if (kind === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if (kind === 'flag') return value === true;
  if (kind === 'number') return Number(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toDatabase(kind: ColumnKind, value: PlainValue): unknown {
  return kind === 'bytes' && value !== null ? Buffer.from(String(value), 'base64') : value;
}
