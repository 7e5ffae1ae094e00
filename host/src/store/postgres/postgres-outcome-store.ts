import { CompiledQuery } from 'kysely';
import { keepOutcomes } from '../keep-outcomes.ts';
import type { OutcomeStore } from '../outcome-store.ts';
import type { Lease } from './lease.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';
import { countOutcomes, takeSteps } from './postgres-outcome-table.ts';

/** Between counts of what is kept, in milliseconds. */
const COUNT_MS = 60_000;
/** Rows that have expired and are deleted at a time. */
const SWEPT_ROWS = 5_000;

/** Of hosts that do not live any more the calls that they left are unknown. One that only slept finds its calls so, too, and changes nothing about them. */
const BURY_DEAD = `WITH dead AS (DELETE FROM automate.leases WHERE expires_at <= clock_timestamp() RETURNING owner)
  UPDATE automate.outcomes SET status = 'unknown' WHERE status = 'running' AND owner IN (SELECT owner FROM dead)`;

const SWEEP = `DELETE FROM automate.outcomes WHERE ctid IN
  (SELECT ctid FROM automate.outcomes WHERE expires_at <= $1 LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)`;

export interface PostgresOutcomes {
  /** Closing it does not end the database. */
  readonly store: OutcomeStore;
  /** Looks after what is kept, whoever wrote it; to be done again and again. */
  keepUp(session: Session): Promise<void>;
}

/**
 * Outcomes in PostgreSQL, for many hosts: each knows by the leases of the others what those have left unfinished.
 *
 * @param leaseOf gives the lease of this host; asked with the first call
 */
export function openPostgresOutcomes(database: PostgresDatabase, leaseOf: () => Lease): PostgresOutcomes {
  let rows = 0;
  let countAt = 0;
  return {
    store: keepOutcomes({
      isEmpty: () => false,
      openSink: () => ({
        async write(steps) {
          const { owner, keepAlive } = leaseOf();
          const answers = await database.write('the outcomes of calls cannot be kept', async (session) => {
            await keepAlive(session);
            return takeSteps(session, steps, { owner, rows });
          });
          rows += answers.filter((answer, index) => steps[index]?.op === 'begin' && 'found' in answer).length;
          return answers;
        },
        async close() {},
      }),
    }),
    async keepUp(session) {
      await session.count(CompiledQuery.raw(BURY_DEAD));
      await session.count(CompiledQuery.raw(SWEEP, [session.now()]));
      if (performance.now() < countAt) return;
      rows = await countOutcomes(session);
      countAt = performance.now() + COUNT_MS;
    },
  };
}
