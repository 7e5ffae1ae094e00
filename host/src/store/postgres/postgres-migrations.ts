/**
 * Each entry takes the schema `automate` from the version of its index to the next. Entries are never changed once released. Names sort
 * by their bytes, as they do in SQLite and in JavaScript.
 */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  `CREATE TABLE automate.connectors (
     id text COLLATE "C" PRIMARY KEY,
     config text NOT NULL,
     any_path boolean NOT NULL DEFAULT false,
     any_address boolean NOT NULL,
     updated_at timestamptz NOT NULL
   );
   CREATE TABLE automate.profiles (
     name text COLLATE "C" PRIMARY KEY,
     config text NOT NULL,
     updated_at timestamptz NOT NULL
   );
   CREATE TABLE automate.overlays (
     id text COLLATE "C" PRIMARY KEY,
     paused_since text,
     enabled boolean,
     log_level text
   );
   CREATE TABLE automate.discoveries (
     connector text COLLATE "C" PRIMARY KEY,
     config_sha256 text NOT NULL,
     found text NOT NULL,
     updated_at timestamptz NOT NULL
   );
   CREATE TABLE automate.secrets (
     namespace text COLLATE "C" NOT NULL,
     name text COLLATE "C" NOT NULL,
     version integer NOT NULL CHECK (version > 0),
     key_id text NOT NULL,
     data_key bytea NOT NULL,
     sealed bytea NOT NULL,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (namespace, name, version)
   );
   CREATE TABLE automate.tokens (
     id text COLLATE "C" PRIMARY KEY,
     name text NOT NULL,
     scopes text NOT NULL,
     hash bytea NOT NULL,
     created_at timestamptz NOT NULL,
     expires_at timestamptz,
     revoked_at timestamptz
   )`,
  // A lease says that the process lives which began calls: it renews it all the time. Times of outcomes are milliseconds since 1970.
  `CREATE TABLE automate.leases (
     owner text PRIMARY KEY,
     expires_at timestamptz NOT NULL
   );
   CREATE TABLE automate.outcomes (
     connector text COLLATE "C" NOT NULL,
     principal text COLLATE "C" NOT NULL,
     key text COLLATE "C" NOT NULL,
     action text NOT NULL,
     payload_sha256 text NOT NULL,
     status text NOT NULL,
     owner text NOT NULL,
     attempts integer,
     text text,
     result_sha256 text,
     started_at bigint NOT NULL,
     ended_at bigint,
     expires_at bigint,
     PRIMARY KEY (connector, principal, key)
   );
   CREATE INDEX outcomes_by_expiry ON automate.outcomes (expires_at) WHERE expires_at IS NOT NULL;
   CREATE INDEX outcomes_running ON automate.outcomes (owner) WHERE status = 'running'`,
  // A chain for each host, by its id.
  `CREATE TABLE automate.audit_chains (
     host text COLLATE "C" PRIMARY KEY,
     batch bigint NOT NULL,
     cut_seq bigint NOT NULL,
     cut_hash bytea NOT NULL,
     key text NOT NULL,
     seal text NOT NULL
   );
   CREATE TABLE automate.audit_records (
     host text COLLATE "C" NOT NULL,
     seq bigint NOT NULL,
     key text NOT NULL,
     body text NOT NULL,
     hash bytea NOT NULL,
     PRIMARY KEY (host, seq)
   )`,
  // By these hosts find out what others have changed.
  `CREATE TABLE automate.revisions (
     part text PRIMARY KEY,
     revision bigint NOT NULL
   );
   INSERT INTO automate.revisions VALUES ('registry', 0), ('tokens', 0), ('secrets', 0)`,
];
