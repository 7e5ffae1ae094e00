import { describeTable } from './actions/describe-table.ts';
import { execute } from './actions/execute.ts';
import { insertRows, upsertRows } from './actions/insert-rows.ts';
import { listTables } from './actions/list-tables.ts';
import { query } from './actions/query.ts';
import { transaction } from './actions/transaction.ts';
import type { Database } from './database.ts';
import type { Traits } from './dialect.ts';

/** The actions of a kind of database. `use` gives the database once the connector has started. */
export const sqlActions = (traits: Traits, use: () => Database) => ({
  query: query(traits, use),
  execute: execute(traits, use),
  transaction: transaction(traits, use),
  insert_rows: insertRows(traits, use),
  upsert_rows: upsertRows(traits, use),
  list_tables: listTables(traits, use),
  describe_table: describeTable(traits, use),
});
