import { OverloadedError } from '@automate/contract';
import type { ClaimedExecution, ExecutionCounts, HeldExecution, StoredExecution } from './execution-store.ts';

/** Executions of one store, and what they may take on its disk. Beyond it no more are taken. */
export const MOST_ROWS = 1_000_000;
export const MOST_BYTES = 4 * 1024 * 1024 * 1024;

/** A row as every make of store gives it: numbers, texts, bytes and nulls by the names of columns. */
export type ExecutionRow = Readonly<Record<string, unknown>>;

/** The columns that every answer has. */
export const LISTED = `seq, id, connector, action, principal, scopes, key, payload_sha256, run_timeout_ms, run_at, priority, traceparent, status,
  attempts, cancelling, created_at, started_at, ended_at, expires_at, rerun_of, rerun_as, schedule, callback, callback_url, callback_tries, progress`;
export const WITHOUT_PAYLOAD = `${LISTED}, outcome`;

/** Counts by connector, in either dialect. */
export function countsFrom(table: string): string {
  const dead = `status IN ('failed', 'unknown') AND rerun_as IS NULL`;
  return `SELECT connector, count(*) FILTER (WHERE status = 'queued' AND due_at IS NULL) AS queued,
      count(*) FILTER (WHERE status = 'running') AS running, count(*) FILTER (WHERE ${dead}) AS dead
    FROM ${table} WHERE status IN ('queued', 'running') OR (${dead}) GROUP BY connector ORDER BY connector`;
}

export function countsOf({ connector, queued, running, dead }: ExecutionRow): ExecutionCounts {
  return {
    connector: String(connector),
    queued: Number(queued),
    running: Number(running),
    deadLetters: Number(dead),
  };
}

/** Whether its time is over. */
export function isOver(row: ExecutionRow, now: number): boolean {
  return typeof row['expires_at'] === 'number' && row['expires_at'] <= now;
}

export function executionOf(row: ExecutionRow | undefined): StoredExecution {
  const {
    seq,
    id,
    connector,
    action,
    principal,
    scopes,
    key,
    payload_sha256: payloadSha256,
    run_timeout_ms: runTimeoutMs,
    run_at: runAt,
    priority,
    traceparent,
    status,
    attempts,
    cancelling,
    created_at: createdAt,
    started_at: startedAt,
    ended_at: endedAt,
    expires_at: expiresAt,
    rerun_of: rerunOf,
    rerun_as: rerunAs,
    schedule,
    callback,
    callback_url: callbackUrl,
    callback_tries: callbackTries,
    progress,
    outcome,
  } = row ?? {};
  const always = { seq, id, connector, action, principal, payloadSha256, priority, status, attempts, createdAt };
  const sometimes = {
    key,
    runTimeoutMs,
    runAt,
    traceparent,
    startedAt,
    endedAt,
    expiresAt,
    rerunOf,
    rerunAs,
    schedule,
    callback,
    callbackUrl,
    callbackTries,
    progress,
    outcome,
  };
  return {
    ...always,
    ...Object.fromEntries(Object.entries(sometimes).filter(([, value]) => value !== null && value !== undefined)),
    scopes: JSON.parse(String(scopes)) as readonly string[],
    cancelling: cancelling === 1,
  } as unknown as StoredExecution;
}

export function heldOf(row: ExecutionRow | undefined): HeldExecution {
  return { ...executionOf(row), token: Number(row?.['token']) };
}

export function claimedOf(row: ExecutionRow | undefined): ClaimedExecution {
  return { ...heldOf(row), payload: row?.['payload'] as Uint8Array };
}

export function executionsFull(rows: number, bytes: number): OverloadedError {
  return new OverloadedError(
    `${rows} executions are kept in ${Math.round(bytes / 1024 / 1024)} MiB, which is all that one store takes: the call was not taken; have those that ended forgotten sooner, with limits.execution_ttl`,
    { effect: 'none', details: { reason: 'executions_full' } },
  );
}
