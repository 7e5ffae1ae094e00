import type { ConnectorStore, StoredConnector } from '../connector-store.ts';
import { parseStoredObject } from '../parse-stored-object.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { TABLES } from './tables.ts';

/** The registered connectors in PostgreSQL, which never held a secret in clear. It does not end the database. */
export function openPostgresConnectorStore(database: PostgresDatabase): ConnectorStore {
  const what = 'the registered connectors cannot be read';
  const all = TABLES.selectFrom('connectors').selectAll().orderBy('id');
  return {
    load: () =>
      database.read(what, async (session) => (await session.rows(all)).map((row) => readRow(row, database.where))),
    put(id, config, expect, anyAddress = false) {
      const values = { config: JSON.stringify(config), any_address: anyAddress, updated_at: new Date() };
      const insert = TABLES.insertInto('connectors').values({ id, ...values });
      const statement = insert.onConflict((conflict) => {
        const same = conflict.column('id');
        return expect === 'absent' ? same.doNothing() : same.doUpdateSet({ ...values, any_path: false });
      });
      return database.write(
        `the connector "${id}" cannot be stored`,
        async (session) => (await session.count(statement)) > 0,
      );
    },
    delete: (id) =>
      database.write(
        `the connector "${id}" cannot be removed from what is stored`,
        async (session) => (await session.count(TABLES.deleteFrom('connectors').where('id', '=', id))) > 0,
      ),
    async close() {},
  };
}

interface Row {
  readonly id: string;
  readonly config: string;
  readonly any_path: boolean;
  readonly any_address: boolean;
  readonly updated_at: Date;
}

/** A row that somebody else has changed must not keep the others from being read. */
function readRow({ id, config: text, ...row }: Row, where: string): StoredConnector {
  const rest = {
    id,
    anyPath: row.any_path,
    anyAddress: row.any_address,
    sealed: true,
    updatedAt: row.updated_at.toISOString(),
  };
  const config = parseStoredObject(text);
  if (config !== undefined) return { ...rest, config };
  const fault = `its row in the table "connectors" of ${where} holds no JSON object: remove it, with "automate connectors remove ${id}", and register it anew`;
  return { ...rest, config: {}, fault };
}
