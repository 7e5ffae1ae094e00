import { CompiledQuery } from 'kysely';
import type { ScheduleStore } from '../schedule-store.ts';
import { scheduleOf, textOfSchedule, textToKeep } from '../schedule-store.ts';
import type { PostgresDatabase } from './postgres-database.ts';

const ALL = `SELECT schedule, next_at AS "nextAt", last_at AS "lastAt", last_execution AS "lastExecution"
  FROM automate.schedules ORDER BY name`;
const INSERT = `INSERT INTO automate.schedules (schedule, next_at, last_at, last_execution, payload, name)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (name) DO NOTHING`;
const REPLACE = `UPDATE automate.schedules SET schedule = $1, next_at = $2, last_at = $3, last_execution = $4, payload = coalesce($5, payload)
  WHERE name = $6 AND schedule = $7 AND next_at = $8`;
const PAYLOAD = 'SELECT payload FROM automate.schedules WHERE name = $1 AND schedule = $2';
const BYTES = `SELECT coalesce(sum(octet_length(schedule) + coalesce(octet_length(payload), 0)), 0)::bigint AS bytes
  FROM automate.schedules WHERE name <> $1`;
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
    bytesBeside: (name) =>
      database.read('the schedules cannot be measured', async (session) => {
        const [row] = await session.rows<{ readonly bytes: number }>(CompiledQuery.raw(BYTES, [name]));
        return row?.bytes ?? 0;
      }),
    payload: (schedule) =>
      database.read(`the payload of the schedule "${schedule.name}" cannot be read`, async (session) => {
        const at = [schedule.name, textOfSchedule(schedule)];
        const [row] = await session.rows<{ readonly payload: string | null }>(CompiledQuery.raw(PAYLOAD, at));
        return row?.payload ?? schedule.payload;
      }),
    put(schedule, before) {
      const { name, nextAt, lastAt = null, lastExecution = null, payload = null } = schedule;
      const values = [textToKeep(schedule), nextAt, lastAt, lastExecution, payload, name];
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
