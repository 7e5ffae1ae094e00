import type { Generated } from 'kysely';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';

/** The PostgreSQL schema that has all tables of the hosts. */
export const SCHEMA = 'automate';

/** What stands in the tables, as `postgres-migrations` makes them. Texts that hold JSON are kept letter for letter. */
export interface Tables {
  readonly schema_version: { readonly version: number };
  readonly connectors: {
    readonly id: string;
    readonly config: string;
    readonly any_path: Generated<boolean>;
    readonly any_address: boolean;
    readonly updated_at: Date;
  };
  readonly discoveries: {
    readonly connector: string;
    readonly config_sha256: string;
    readonly found: string;
    readonly updated_at: Date;
  };
  readonly overlays: {
    readonly id: string;
    readonly paused_since: string | null;
    readonly enabled: boolean | null;
    readonly log_level: string | null;
  };
  readonly profiles: { readonly name: string; readonly config: string; readonly updated_at: Date };
  readonly secrets: {
    readonly namespace: string;
    readonly name: string;
    readonly version: number;
    readonly key_id: string;
    readonly data_key: Uint8Array;
    readonly sealed: Uint8Array;
    readonly created_at: Date;
  };
  readonly tokens: {
    readonly id: string;
    readonly name: string;
    readonly scopes: string;
    readonly hash: Uint8Array;
    readonly created_at: Date;
    readonly expires_at: Date | null;
    readonly revoked_at: Date | null;
  };
}

/** Writes queries; it runs none. */
export const TABLES: Kysely<Tables> = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
}).withSchema(SCHEMA);
