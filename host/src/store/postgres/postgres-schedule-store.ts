import { CompiledQuery } from 'kysely';
import type { ScheduleStore } from '../schedule-store.ts';
import { scheduleOf, textOfSchedule } from '../schedule-store.ts';
import type { PostgresDatabase } from './postgres-database.ts';

const ALL = `SELECT schedule, next_at AS "nextAt", last_at AS "lastAt", last_execution AS "lastExecution"
  FROM automate.schedules ORDER BY name`;
const INSERT = `INSERT INTO automate.schedules (schedule, next_at, last_at, last_execution, name) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (name) DO NOTHING`;
const REPLACE = `UPDATE automate.schedules SET schedule = $1, next_at = $2, last_at = $3, last_execution = $4
  WHERE name = $5 AND schedule = $6 AND next_at = $7`;
const ADVANCE = `UPDATE automate.schedules SET next_at = $1, last_at = $2, last_execution = $3 WHERE name = $4 AND next_at = $5`;
const DELETE = 'DELETE FROM automate.schedules WHERE name = $1 AND schedule = $2';

type Row = Readonly<Record<'schedule' | 'nextAt' | 'lastAt' | 'lastExecution', unknown>>;

/**
 * Schedules in PostgreSQL. It does not end the database.
 *
 * @param noting the same database, whose writes other hosts hear of
 */
export function openPostgresScheduleStore(database: PostgresDatabase, noting: PostgresDatabase): ScheduleStore {
  /** Whether the statement changed something. */
  const change = (to: PostgresDatabase, what: string, text: string, values: readonly unknown[]): Promise<boolean> =>
    to.write(what, async (session) => (await session.count(CompiledQuery.raw(text, [...values]))) > 0);
  return {
    now: () => database.now(),
    load: () =>
      database.read('the schedules cannot be read', async (session) => {
        const rows = await session.rows<Row>(CompiledQuery.raw(ALL));
        return rows.flatMap(({ schedule, ...state }) => scheduleOf(String(schedule), state) ?? []);
      }),
    put(schedule, before) {
      const { name, nextAt, lastAt = null, lastExecution = null } = schedule;
      const values = [textOfSchedule(schedule), nextAt, lastAt, lastExecution, name];
      const what = `the schedule "${name}" cannot be stored`;
      return before === undefined
        ? change(noting, what, INSERT, values)
        : change(noting, what, REPLACE, [...values, textOfSchedule(before), before.nextAt]);
    },
    advance(name, from, { nextAt, lastAt, lastExecution }) {
      const what = `how far the schedule "${name}" has come cannot be stored`;
      return change(database, what, ADVANCE, [nextAt, lastAt, lastExecution, name, from]);
    },
    delete: (before) =>
      change(noting, `the schedule "${before.name}" cannot be removed`, DELETE, [before.name, textOfSchedule(before)]),
    async close() {},
  };
}
