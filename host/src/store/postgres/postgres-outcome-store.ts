import { randomUUID } from 'node:crypto';
import { CompiledQuery } from 'kysely';
import { keepOutcomes } from '../keep-outcomes.ts';
import type { OutcomeStore } from '../outcome-store.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';
import { countOutcomes, takeSteps } from './postgres-outcome-table.ts';

/** For how long a host is taken to live after it last said so, in SQL. */
const LEASE = `interval '5 seconds'`;
const RENEW_MS = 1_500;
/** Between counts of what is kept, in milliseconds. */
const COUNT_MS = 60_000;
/** Rows that have expired and are deleted at a time. */
const SWEPT_ROWS = 5_000;

const WHAT = 'the outcomes of calls cannot be kept';

/** Says anew that the owner lives. */
const RENEW = `INSERT INTO automate.leases (owner, expires_at) VALUES ($1, clock_timestamp() + ${LEASE})
  ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at`;

/** Of hosts that do not live any more the calls that they left are unknown. One that only slept finds its calls so, too, and changes nothing about them. */
const BURY_DEAD = `WITH dead AS (DELETE FROM automate.leases WHERE expires_at <= clock_timestamp() RETURNING owner)
  UPDATE automate.outcomes SET status = 'unknown' WHERE status = 'running' AND owner IN (SELECT owner FROM dead)`;

const SWEEP = `DELETE FROM automate.outcomes WHERE ctid IN
  (SELECT ctid FROM automate.outcomes WHERE expires_at <= $1 LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)`;

/**
 * Outcomes in PostgreSQL, for many hosts. Each has a lease, which it renews for as long as it lives, so that the others know what it
 * left unfinished: within five seconds of its death. It does not end the database.
 */
export function openPostgresOutcomeStore(database: PostgresDatabase): OutcomeStore {
  return keepOutcomes({
    isEmpty: () => false,
    openSink() {
      const owner = randomUUID();
      let rows = 0;
      let countAt = 0;
      let renewAt = 0;
      let isEnding = false;
      const renew = (session: Session): Promise<number> => session.count(CompiledQuery.raw(RENEW, [owner]));
      const keepUp = (): Promise<void> =>
        database.write(WHAT, async (session) => {
          if (isEnding) return;
          await renew(session);
          await session.count(CompiledQuery.raw(BURY_DEAD));
          await session.count(CompiledQuery.raw(SWEEP, [Date.now()]));
          if (performance.now() < countAt) return;
          rows = await countOutcomes(session);
          countAt = performance.now() + COUNT_MS;
        });
      let turn: Promise<void> | undefined;
      const timer = setInterval(() => {
        // What fails is tried again the next time; whoever needs the database hears of it.
        turn ??= keepUp()
          .catch(() => undefined)
          .finally(() => (turn = undefined));
      }, RENEW_MS).unref();
      return {
        async write(steps) {
          const isDue = performance.now() >= renewAt;
          const answers = await database.write(WHAT, async (session) => {
            if (isDue) await renew(session);
            return takeSteps(session, steps, { owner, rows });
          });
          if (isDue) renewAt = performance.now() + RENEW_MS / 2;
          rows += answers.filter((answer, index) => steps[index]?.op === 'begin' && 'found' in answer).length;
          return answers;
        },
        async close() {
          isEnding = true;
          clearInterval(timer);
          await turn;
          const letGo = CompiledQuery.raw('DELETE FROM automate.leases WHERE owner = $1', [owner]);
          // Where it cannot be given back it lapses.
          await database.write(WHAT, (session) => session.count(letGo)).catch(() => undefined);
        },
      };
    },
  });
}
