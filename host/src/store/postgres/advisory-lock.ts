import { CompiledQuery } from 'kysely';

/** What hosts do one at a time. The numbers are never changed. */
const LOCKS = { migrations: 1, secrets: 2, leases: 3, executions: 4 } as const;
/** `auto` in ASCII, so that other programs that lock in the same database have other numbers. */
const OURS = 0x6175_746f;

/** Waits until no other host does the same; the lock goes with the transaction. */
export function lockFor(what: keyof typeof LOCKS): CompiledQuery {
  return CompiledQuery.raw(`SELECT pg_advisory_xact_lock(${OURS}, ${LOCKS[what]})`);
}

/** `autp`: connectors lock each other out by their names' hashes alone, which may collide. */
const OF_CONNECTORS = OURS + 1;

/** Waits until no other host settles who holds the connector; the lock goes with the transaction. */
export function lockForConnector(id: string): CompiledQuery {
  return CompiledQuery.raw(`SELECT pg_advisory_xact_lock(${OF_CONNECTORS}, hashtext($1))`, [id]);
}
