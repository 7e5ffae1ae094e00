/** Each entry takes the database from the version of its index to the next. Entries are never changed once released. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE connectors (
     id TEXT PRIMARY KEY NOT NULL,
     config TEXT NOT NULL CHECK (json_valid(config)),
     updated_at TEXT NOT NULL
   ) STRICT`,
  // What was registered until now could name any path.
  `ALTER TABLE connectors ADD COLUMN any_path INTEGER NOT NULL DEFAULT 0;
   UPDATE connectors SET any_path = 1`,
  // What was the default of all when it was written would stand now against what a kind recommends and the operator says.
  `UPDATE connectors SET config = json_remove(config, '$.isolation') WHERE config ->> '$.isolation' = 'thread'`,
  `CREATE TABLE secrets (
     namespace TEXT NOT NULL,
     name TEXT NOT NULL,
     version INTEGER NOT NULL CHECK (version > 0),
     key_id TEXT NOT NULL,
     data_key BLOB NOT NULL,
     sealed BLOB NOT NULL,
     created_at TEXT NOT NULL,
     PRIMARY KEY (namespace, name, version)
   ) STRICT`,
  // What was registered until now could go to any address.
  `ALTER TABLE connectors ADD COLUMN any_address INTEGER NOT NULL DEFAULT 0;
   UPDATE connectors SET any_address = 1`,
  // Their secrets are still in them, in clear.
  'ALTER TABLE connectors ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0',
  `CREATE TABLE tokens (
     id TEXT PRIMARY KEY NOT NULL,
     name TEXT NOT NULL,
     scopes TEXT NOT NULL CHECK (json_valid(scopes)),
     hash BLOB NOT NULL,
     created_at TEXT NOT NULL,
     expires_at TEXT,
     revoked_at TEXT
   ) STRICT`,
  `CREATE TABLE profiles (
     name TEXT PRIMARY KEY NOT NULL,
     config TEXT NOT NULL CHECK (json_valid(config)),
     updated_at TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE overlays (
     id TEXT PRIMARY KEY NOT NULL,
     paused_since TEXT,
     enabled INTEGER
   ) STRICT`,
  `CREATE TABLE discoveries (
     connector TEXT PRIMARY KEY NOT NULL,
     config_sha256 TEXT NOT NULL,
     found TEXT NOT NULL CHECK (json_valid(found)),
     updated_at TEXT NOT NULL
   ) STRICT`,
  'ALTER TABLE overlays ADD COLUMN log_level TEXT',
];
