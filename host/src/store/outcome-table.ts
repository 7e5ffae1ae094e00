import { dirname } from 'node:path';
import type { SQLOutputValue } from 'node:sqlite';
import type { BatchTable } from './answer-batches.ts';
import { inTransaction } from './in-transaction.ts';
import { openDatabase } from './open-database.ts';
import type { OutcomeStep, StepAnswer } from './outcome-steps.ts';
import { MOST_ROWS, NOT_WRITTEN } from './outcome-steps.ts';
import type { OutcomePlace, StoredOutcome } from './outcome-store.ts';
import type { Owners } from './owner-lock.ts';
import { ownersIn } from './owner-lock.ts';

/** How the tables are made, in the order of their versions. */
export const OUTCOME_TABLES: readonly string[] = [
  `CREATE TABLE outcomes (
     connector TEXT NOT NULL,
     principal TEXT NOT NULL,
     key TEXT NOT NULL,
     action TEXT NOT NULL,
     payload_sha256 TEXT NOT NULL,
     status TEXT NOT NULL,
     owner TEXT NOT NULL,
     attempts INTEGER,
     text TEXT,
     result_sha256 TEXT,
     started_at INTEGER NOT NULL,
     ended_at INTEGER,
     expires_at INTEGER,
     PRIMARY KEY (connector, principal, key)
   ) STRICT;
   CREATE INDEX outcomes_by_expiry ON outcomes (expires_at) WHERE expires_at IS NOT NULL`,
];

/** Rows that have expired and are deleted with one batch at least. */
const SWEPT_ROWS = 64;

/** The hosts that make the calls. */
export function outcomeOwners(directory: string): Owners {
  return ownersIn(directory, 'outcomes', 'the outcomes of calls cannot be kept');
}

/**
 * The outcomes in the database at `file`, synchronously.
 *
 * @param owner the host in whose name it is done; its lock is held by the caller
 */
export function openOutcomeTable(file: string, owner: string): BatchTable<OutcomeStep, StepAnswer> {
  const owners = outcomeOwners(dirname(file));
  const database = openDatabase(file, { migrations: OUTCOME_TABLES, what: 'the outcomes of calls cannot be read' });
  const at = 'connector = ? AND principal = ? AND key = ?';
  const select = database.prepare(`SELECT * FROM outcomes WHERE ${at}`);
  const insert = database.prepare(
    `INSERT INTO outcomes (connector, principal, key, action, payload_sha256, status, owner, started_at)
     VALUES (?, ?, ?, ?, ?, 'running', ?, ?)`,
  );
  const finish = database.prepare(
    `UPDATE outcomes SET status = ?, attempts = ?, text = ?, result_sha256 = ?, ended_at = ?, expires_at = ?
     WHERE ${at} AND status = 'running' AND owner = ?`,
  );
  const lose = database.prepare(`UPDATE outcomes SET status = 'unknown' WHERE status = 'running' AND owner = ?`);
  const loseOne = database.prepare(`UPDATE outcomes SET status = 'unknown', text = ? WHERE ${at}`);
  const remove = database.prepare(`DELETE FROM outcomes WHERE ${at}`);
  const removeAll = database.prepare('DELETE FROM outcomes WHERE connector = ?');
  const lasting = `status = 'unknown' AND ended_at IS NULL`;
  const keepOn = database.prepare(
    `UPDATE outcomes SET expires_at = NULL WHERE expires_at IS NOT NULL AND ${lasting} AND connector IN (SELECT value FROM json_each(?))`,
  );
  const age = database.prepare(
    `UPDATE outcomes SET expires_at = ? WHERE expires_at IS NULL AND ${lasting} AND connector NOT IN (SELECT value FROM json_each(?))`,
  );
  const sweep = database.prepare(
    'DELETE FROM outcomes WHERE rowid IN (SELECT rowid FROM outcomes WHERE expires_at <= ? LIMIT ?)',
  );
  const count = database.prepare('SELECT count(*) AS rows FROM outcomes');
  let rows = Number(count.get()?.['rows']);

  // Whose host has ended did not end its calls. Its file goes last, so that nothing is lost if this ends in between.
  const buryDead = (names: readonly string[]): void => {
    for (const name of names) {
      if (name === owner || owners.isAlive(name)) continue;
      lose.run(name);
      owners.forget(name);
    }
  };
  buryDead(owners.all());

  const read = ({ connector, principal, key }: OutcomePlace): StoredOutcome | undefined => {
    let row = select.get(connector, principal, key);
    if (row?.['status'] === 'running') {
      // Of its own calls a host knows by itself which are running: what is not, it could not bring to an end here.
      if (row['owner'] === owner) loseOne.run(NOT_WRITTEN, connector, principal, key);
      else buryDead([String(row['owner'])]);
      row = select.get(connector, principal, key);
    }
    if (row === undefined) return undefined;
    const outcome = outcomeOf(row);
    return outcome.expiresAt !== undefined && outcome.expiresAt <= Date.now() ? undefined : outcome;
  };
  const drop = ({ connector, principal, key }: OutcomePlace): void => {
    rows -= Number(remove.run(connector, principal, key).changes);
  };

  const take = (step: OutcomeStep): StepAnswer => {
    switch (step.op) {
      case 'begin': {
        const { claim } = step;
        const found = read(claim);
        if (found !== undefined) return { found };
        drop(claim);
        if (rows >= MOST_ROWS) return { full: rows };
        const { connector, principal, key, action, payloadSha256 } = claim;
        insert.run(connector, principal, key, action, payloadSha256, owner, Date.now());
        rows += 1;
        return { found };
      }
      case 'end': {
        const { place, end } = step;
        const { connector, principal, key } = place;
        if (end === 'nothing') drop(place);
        else {
          const { status, attempts, text = null, resultSha256 = null, expiresAt } = end;
          finish.run(status, attempts, text, resultSha256, Date.now(), expiresAt, connector, principal, key, owner);
        }
        return { found: undefined };
      }
      case 'find':
        return { found: read(step.place) };
      case 'clear': {
        const found = read(step.place);
        if (found?.status !== 'running') drop(step.place);
        return { found };
      }
      case 'forget':
        rows -= Number(removeAll.run(step.connector).changes);
        return { found: undefined };
      case 'age': {
        const connectors = JSON.stringify(step.connectors);
        keepOn.run(connectors);
        age.run(step.expiresAt, connectors);
        return { found: undefined };
      }
      default:
        return step satisfies never;
    }
  };

  return {
    run(steps) {
      const before = rows;
      try {
        return inTransaction(database, () => {
          const answers = steps.map(take);
          rows -= Number(sweep.run(Date.now(), Math.max(SWEPT_ROWS, 2 * steps.length)).changes);
          return answers;
        });
      } catch (error) {
        rows = before;
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function outcomeOf(row: Record<string, SQLOutputValue>): StoredOutcome {
  const ifThere = <Name extends string>(name: Name, value: SQLOutputValue | undefined) =>
    value === null || value === undefined ? {} : { [name]: value };
  return {
    action: row['action'],
    payloadSha256: row['payload_sha256'],
    status: row['status'],
    startedAt: row['started_at'],
    ...ifThere('attempts', row['attempts']),
    ...ifThere('text', row['text']),
    ...ifThere('resultSha256', row['result_sha256']),
    ...ifThere('endedAt', row['ended_at']),
    ...ifThere('expiresAt', row['expires_at']),
  } as unknown as StoredOutcome;
}
