/** What a column holds, in SQLite and in PostgreSQL alike. */
export type ColumnKind = 'text' | 'number' | 'flag' | 'time' | 'bytes';

/** A table of what hosts keep, as it is in every make of store. */
export interface KeptTable {
  readonly name: string;
  /** The database of a data directory that it is in. */
  readonly file: 'connectors.db' | 'outcomes.db' | 'executions.db' | 'schedules.db' | 'health.db' | 'audit.db';
  /** Its name there, where that is another. */
  readonly inFile?: string;
  /** Whether PostgreSQL has one for all hosts, of which only that of one host counts. */
  readonly ofHost?: true;
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** What is read in the place of a column. */
  readonly read?: Readonly<Record<string, string>>;
  /** The column that numbers rows by itself. */
  readonly numbered?: string;
  /** Rows that are in memory at a time, where that is not the usual number. */
  readonly page?: number;
  /** What only SQLite has, with what stands there. */
  readonly onlyInFile?: Readonly<Record<string, number>>;
}

export const KEPT_TABLES: readonly KeptTable[] = [
  {
    name: 'connectors',
    file: 'connectors.db',
    key: ['id'],
    columns: { id: 'text', config: 'text', any_path: 'flag', any_address: 'flag', updated_at: 'time' },
    onlyInFile: { sealed: 1 },
  },
  {
    name: 'profiles',
    file: 'connectors.db',
    key: ['name'],
    columns: { name: 'text', config: 'text', updated_at: 'time' },
  },
  {
    name: 'overlays',
    file: 'connectors.db',
    key: ['id'],
    columns: { id: 'text', paused_since: 'text', enabled: 'flag', log_level: 'text' },
  },
  {
    name: 'discoveries',
    file: 'connectors.db',
    key: ['connector'],
    columns: { connector: 'text', config_sha256: 'text', found: 'text', updated_at: 'time' },
  },
  {
    name: 'secrets',
    file: 'connectors.db',
    key: ['namespace', 'name', 'version'],
    columns: {
      namespace: 'text',
      name: 'text',
      version: 'number',
      key_id: 'text',
      data_key: 'bytes',
      sealed: 'bytes',
      created_at: 'time',
    },
  },
  {
    name: 'tokens',
    file: 'connectors.db',
    key: ['id'],
    columns: {
      id: 'text',
      name: 'text',
      scopes: 'text',
      hash: 'bytes',
      created_at: 'time',
      expires_at: 'time',
      revoked_at: 'time',
    },
  },
  {
    name: 'outcomes',
    file: 'outcomes.db',
    key: ['connector', 'principal', 'key'],
    columns: {
      connector: 'text',
      principal: 'text',
      key: 'text',
      action: 'text',
      payload_sha256: 'text',
      status: 'text',
      owner: 'text',
      attempts: 'number',
      text: 'text',
      result_sha256: 'text',
      started_at: 'number',
      ended_at: 'number',
      expires_at: 'number',
    },
    // No host lives that has begun one.
    read: { status: `CASE status WHEN 'running' THEN 'unknown' ELSE status END`, owner: `''` },
  },
  {
    name: 'executions',
    file: 'executions.db',
    key: ['seq'],
    columns: {
      seq: 'number',
      id: 'text',
      connector: 'text',
      action: 'text',
      principal: 'text',
      scopes: 'text',
      key: 'text',
      payload_sha256: 'text',
      run_timeout_ms: 'number',
      run_at: 'number',
      priority: 'number',
      traceparent: 'text',
      status: 'text',
      due_at: 'number',
      due_since: 'number',
      host: 'text',
      token: 'number',
      attempts: 'number',
      cancelling: 'number',
      created_at: 'number',
      started_at: 'number',
      ended_at: 'number',
      expires_at: 'number',
      rerun_of: 'text',
      rerun_as: 'text',
      schedule: 'text',
      callback: 'text',
      callback_url: 'bytes',
      callback_at: 'number',
      callback_tries: 'number',
      progress: 'text',
      outcome: 'bytes',
      payload: 'bytes',
    },
    numbered: 'seq',
    // Each may have some megabytes.
    page: 20,
  },
  {
    name: 'schedules',
    file: 'schedules.db',
    key: ['name'],
    columns: {
      name: 'text',
      schedule: 'text',
      next_at: 'number',
      last_at: 'number',
      last_execution: 'text',
      payload: 'text',
    },
    // As above.
    page: 20,
  },
  {
    name: 'health_findings',
    file: 'health.db',
    key: ['seq'],
    columns: { seq: 'number', connector: 'text', host: 'text', at: 'number', finding: 'text' },
    numbered: 'seq',
  },
  {
    name: 'audit_records',
    file: 'audit.db',
    inFile: 'records',
    ofHost: true,
    key: ['seq'],
    columns: { seq: 'number', key: 'text', body: 'text', hash: 'bytes' },
  },
  {
    name: 'audit_chains',
    file: 'audit.db',
    inFile: 'chain',
    ofHost: true,
    key: ['host'],
    columns: { host: 'text', batch: 'number', cut_seq: 'number', cut_hash: 'bytes', key: 'text', seal: 'text' },
    onlyInFile: { one: 1 },
  },
];

/** A value that is the same in every make of store: bytes in base64, times in ISO 8601. */
export type PlainValue = string | number | boolean | null;
/** In the order of the table's columns. */
export type PlainRow = readonly PlainValue[];

/** One end of a move. */
export interface RowStore {
  readonly where: string;
  /** Rows after a key and, if there is one, up to another, in order. */
  rows(
    table: KeptTable,
    after: PlainRow | undefined,
    upTo: PlainRow | undefined,
    limit: number,
  ): Promise<readonly PlainRow[]>;
  /** Adds rows, all or none. */
  add(table: KeptTable, rows: readonly PlainRow[]): Promise<void>;
  /** From where it is copied, where it has only a part of that. */
  movingFrom(): Promise<string | undefined>;
  /** Notes that down, so that nobody begins on a part; undefined: it has all. */
  noteMove(from: string | undefined): Promise<void>;
  close(): Promise<void>;
}

/** The key of a row. */
export function keyOf({ key, columns }: KeptTable, row: PlainRow): PlainRow {
  const names = Object.keys(columns);
  return key.map((name) => row[names.indexOf(name)] ?? null);
}

export interface RowQuery {
  readonly from: string;
  /** What else must hold. */
  readonly only?: string;
  readonly after: PlainRow | undefined;
  readonly upTo: PlainRow | undefined;
  readonly limit: number;
  /** The sign of a parameter by its number, from 0. */
  sign(index: number): string;
}

/** A query for rows in the words of both, and its parameters. */
export function selectRows(
  table: KeptTable,
  { from, only, after, upTo, limit, sign }: RowQuery,
): { readonly text: string; readonly values: PlainRow } {
  const columns = Object.keys(table.columns).map((name) => `${table.read?.[name] ?? name} AS ${name}`);
  // Not what is read in its place.
  const key = table.key.map((name) => `${from}.${name}`).join(', ');
  const values: PlainValue[] = [];
  const bound = (operator: string, at: PlainRow | undefined): readonly string[] =>
    at === undefined ? [] : [`(${key}) ${operator} (${at.map((value) => sign(values.push(value) - 1)).join(', ')})`];
  const bounds = [...(only === undefined ? [] : [only]), ...bound('>', after), ...bound('<=', upTo)];
  const where = bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`;
  return { text: `SELECT ${columns.join(', ')} FROM ${from}${where} ORDER BY ${key} LIMIT ${limit}`, values };
}
