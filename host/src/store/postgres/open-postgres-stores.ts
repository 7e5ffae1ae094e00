import type { SharedStoreOptions, Stores } from '../stores.ts';
import { HalfMovedError } from '../half-moved.ts';
import { movingToPostgresFrom } from './half-moved-postgres.ts';
import { hearNotices, NOTIFY } from './hear-notices.ts';
import { CompiledQuery } from 'kysely';
import { readKeysInUse } from './keys-in-use.ts';
import type { Lease } from './lease.ts';
import { holdLease } from './lease.ts';
import { migratePostgres } from './migrate-postgres.ts';
import { openPostgresConnectorStore } from './postgres-connector-store.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { openPostgresDiscoveryStore } from './postgres-discovery-store.ts';
import { hasExecutions, openPostgresExecutionStore } from './postgres-execution-store.ts';
import { openPostgresHealthHistoryStore } from './postgres-health-history-store.ts';
import { openPostgresOutcomes } from './postgres-outcome-store.ts';
import { openPostgresOverlayStore } from './postgres-overlay-store.ts';
import { openPostgresPlacementStore } from './postgres-placement-store.ts';
import { openPostgresProfileStore } from './postgres-profile-store.ts';
import { openPostgresScheduleStore } from './postgres-schedule-store.ts';
import { openPostgresSecretStore } from './postgres-secret-store.ts';
import { openPostgresTokenStore } from './postgres-token-store.ts';
import { openRevisions } from './revisions.ts';

/** Connections of one host. */
const CONNECTIONS = 4;

/**
 * Opens what hosts keep in the PostgreSQL that the URL names, and brings its tables up to date. Rejects with UNAVAILABLE, reason
 * `store_lost`, NewerSchemaError or HalfMovedError, in words for the operator.
 */
export async function openPostgresStores(
  url: string,
  { onStore = () => undefined, onClock, pollMs = 0 }: SharedStoreOptions = {},
): Promise<Stores> {
  const database = openPostgresDatabase(url, { connections: CONNECTIONS, onClock });
  let lease: Lease | undefined;
  const { store: outcomes, keepUp } = openPostgresOutcomes(database, () => {
    if (lease === undefined) throw new Error('a call was begun before the store was opened');
    return lease;
  });
  const revisions = openRevisions(database);
  let [isThere, isWaiting] = [true, false];
  let askedAt = performance.now();
  let notices: ReturnType<typeof hearNotices> | undefined;
  const send = (notice: string): Promise<unknown> =>
    database.write('other hosts cannot be told', (session) => session.rows(CompiledQuery.raw(NOTIFY, [notice])));
  try {
    await migratePostgres(database);
    const from = await database.read('the store cannot be read', async (session) => {
      await revisions.look(session);
      return movingToPostgresFrom(session);
    });
    if (from !== undefined) throw new HalfMovedError(database.where, from);
    lease = await holdLease(database, {
      async keepUp(session) {
        await keepUp(session);
        if (performance.now() - askedAt < pollMs) return;
        askedAt = performance.now();
        await revisions.look(session);
        isWaiting = await hasExecutions(session);
      },
      onRenewed(fault) {
        if ((fault === undefined) !== isThere) onStore(fault);
        isThere = fault === undefined;
        if (isThere) revisions.tell(isWaiting ? ['executions'] : []);
      },
    });
  } catch (error) {
    await database.close();
    throw error;
  }
  const executions = openPostgresExecutionStore(database, () => send('executions'));
  const placements = openPostgresPlacementStore(url, database);
  const close = async (): Promise<void> => {
    try {
      await Promise.all([notices?.close(), outcomes.close(), executions.close(), placements.close()]);
      await lease?.close();
    } finally {
      await database.close();
    }
  };
  return {
    connectors: openPostgresConnectorStore(revisions.noting('registry')),
    discoveries: openPostgresDiscoveryStore(database),
    executions,
    health: openPostgresHealthHistoryStore(database),
    outcomes,
    overlays: openPostgresOverlayStore(revisions.noting('registry')),
    placements,
    profiles: openPostgresProfileStore(revisions.noting('registry')),
    schedules: openPostgresScheduleStore(database, revisions.noting('schedules')),
    secrets: openPostgresSecretStore(revisions.noting('secrets')),
    tokens: openPostgresTokenStore(revisions.noting('tokens')),
    follow(hear) {
      revisions.follow(hear);
      notices ??= hearNotices({
        url,
        send,
        hear: (notice) => (notice === 'executions' ? revisions.tell([notice]) : revisions.catchUp()),
        onListening: () => revisions.catchUp(),
      });
    },
    keysInUse: () => database.read('the master keys in use cannot be read', readKeysInUse),
    close,
    [Symbol.asyncDispose]: close,
  };
}
