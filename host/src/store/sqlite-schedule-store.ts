import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './attempt.ts';
import { openDatabase } from './open-database.ts';
import type { KeptSchedule, ScheduleStore } from './schedule-store.ts';
import { scheduleOf, textOfSchedule, textToKeep } from './schedule-store.ts';

export const SCHEDULE_TABLES: readonly string[] = [
  `CREATE TABLE schedules (
     name TEXT PRIMARY KEY NOT NULL,
     schedule TEXT NOT NULL CHECK (json_valid(schedule)),
     next_at INTEGER NOT NULL,
     last_at INTEGER,
     last_execution TEXT
   ) STRICT`,
  // Last, as it may be large: to reach what stands behind it SQLite would read all of it.
  'ALTER TABLE schedules ADD COLUMN payload TEXT',
];

/** Schedules in `schedules.db` of a data directory, with mode 0600. The file is made with the first of them. */
export function openSqliteScheduleStore(directory: string): ScheduleStore {
  const file = join(directory, 'schedules.db');
  let opened: ReturnType<typeof openTable> | undefined;
  const table = () => (opened ??= openTable(file));
  const isEmpty = (): boolean => opened === undefined && !existsSync(file);
  return {
    now: () => Date.now(),
    load: async () => (isEmpty() ? [] : attempt('the schedules cannot be read', file, () => table().load())),
    bytesBeside: async (name) =>
      isEmpty() ? 0 : attempt('the schedules cannot be measured', file, () => table().bytesBeside(name)),
    payload: (schedule) =>
      attempt(`the payload of the schedule "${schedule.name}" cannot be read`, file, () => table().payloadOf(schedule)),
    put: (schedule, before) =>
      attempt(`the schedule "${schedule.name}" cannot be stored`, file, () => table().put(schedule, before)),
    advance: (name, from, { nextAt, lastAt, lastExecution }) =>
      attempt(
        `how far the schedule "${name}" has come cannot be stored`,
        file,
        () => table().advance.run(nextAt, lastAt, lastExecution, name, from).changes > 0,
      ),
    delete: async (before) =>
      !isEmpty() &&
      (await attempt(
        `the schedule "${before.name}" cannot be removed`,
        file,
        () => table().remove.run(before.name, textOfSchedule(before)).changes > 0,
      )),
    async close() {
      opened?.database.close();
      opened = undefined;
    },
  };
}

function openTable(file: string) {
  const database = openDatabase(file, { migrations: SCHEDULE_TABLES, what: 'the schedules cannot be read' });
  // Nothing waits within SQLite, as the whole host would.
  database.exec('PRAGMA busy_timeout = 0');
  const all = database.prepare('SELECT schedule, next_at, last_at, last_execution FROM schedules ORDER BY name');
  const insert = database.prepare(
    `INSERT INTO schedules (schedule, next_at, last_at, last_execution, payload, name) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (name) DO NOTHING`,
  );
  const replace = database.prepare(
    `UPDATE schedules SET schedule = ?, next_at = ?, last_at = ?, last_execution = ?, payload = coalesce(?, payload)
     WHERE name = ? AND schedule = ? AND next_at = ?`,
  );
  // Neither is read for that: the length of a text stands before it.
  const bytes = database.prepare(
    'SELECT coalesce(sum(octet_length(schedule) + coalesce(octet_length(payload), 0)), 0) AS bytes FROM schedules WHERE name <> ?',
  );
  const payload = database.prepare('SELECT payload FROM schedules WHERE name = ? AND schedule = ?');
  return {
    database,
    payloadOf(schedule: KeptSchedule): string | undefined {
      const found = payload.get(schedule.name, textOfSchedule(schedule))?.['payload'];
      return typeof found === 'string' ? found : schedule.payload;
    },
    bytesBeside: (name: string): number => Number(bytes.get(name)?.['bytes']),
    advance: database.prepare(
      'UPDATE schedules SET next_at = ?, last_at = ?, last_execution = ? WHERE name = ? AND next_at = ?',
    ),
    remove: database.prepare('DELETE FROM schedules WHERE name = ? AND schedule = ?'),
    load: (): readonly KeptSchedule[] =>
      all.all().flatMap((row) => {
        const state = { nextAt: row['next_at'], lastAt: row['last_at'], lastExecution: row['last_execution'] };
        return scheduleOf(String(row['schedule']), state) ?? [];
      }),
    put(schedule: KeptSchedule, before: KeptSchedule | undefined): boolean {
      const { name, nextAt, lastAt = null, lastExecution = null, payload: sealed = null } = schedule;
      const values = [textToKeep(schedule), nextAt, lastAt, lastExecution, sealed, name] as const;
      const { changes } =
        before === undefined ? insert.run(...values) : replace.run(...values, textOfSchedule(before), before.nextAt);
      return changes > 0;
    },
  };
}
