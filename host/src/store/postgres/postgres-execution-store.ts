// Long, as every statement over the executions of hosts that share a store stands here.
import { randomUUID } from 'node:crypto';
import { CompiledQuery } from 'kysely';
import type { ExecutionRow } from '../execution-row.ts';
import {
  claimedOf,
  countsFrom,
  countsOf,
  executionOf,
  executionsFull,
  heldOf,
  LISTED,
  MOST_BYTES,
  MOST_ROWS,
  WITHOUT_PAYLOAD,
} from '../execution-row.ts';
import type {
  Claim,
  Enqueued,
  ExecutionEnd,
  ExecutionStore,
  NewExecution,
  StoredExecution,
  StoredExecutionFilter,
} from '../execution-store.ts';
import { CALLBACK_MS, LONGEST_CALLBACK_WAIT_MS } from '../execution-store.ts';
import { StepWriter } from '../step-writer.ts';
import { watchBeats } from '../watched-beats.ts';
import { lockFor } from './advisory-lock.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';
import { CallersFault } from './postgres-database.ts';

const CANNOT_KEEP = 'executions cannot be kept';
const CANNOT_READ = 'executions cannot be read';
/** Rows that have expired and are deleted at a time. */
const SWEPT_AT_ONCE = 10_000;
/** A payload or outcome above it is written by itself, so that nobody waits for somebody else's megabytes. */
const SHARED_BYTES = 16 * 1024;

/** Between two times that other hosts are told of what one cannot run, in milliseconds: each of them looks then. */
const OFFER_MS = 1_000;

/** Whose claim it is by id and token. */
const HELD = `id = $1 AND token = $2 AND status = 'running'`;

/**
 * Those wait no longer whose time has come. One that waits for another run waits from a moment on: where the clock stands before that, it
 * was set back, and nobody is to wait for it to come there again.
 */
const PROMOTE = `UPDATE automate.executions SET due_at = NULL, due_since = NULL WHERE due_at <= $1 OR due_since > $1`;

const WAITING = `WITH RECURSIVE found (connector) AS (
    SELECT min(connector) FROM automate.executions WHERE status = 'queued' AND due_at IS NULL
    UNION ALL
    SELECT (SELECT min(e.connector) FROM automate.executions e WHERE e.status = 'queued' AND e.due_at IS NULL AND e.connector > found.connector)
      FROM found WHERE found.connector IS NOT NULL
  ) SELECT ARRAY (SELECT connector FROM found WHERE connector IS NOT NULL) AS connectors,
    (SELECT min(due_at) FROM automate.executions WHERE due_at IS NOT NULL) AS next_at,
    EXISTS (SELECT FROM automate.executions WHERE status = 'running' AND host <> $1) AS others`;

const CLAIM = `WITH next AS (
    SELECT r.seq FROM unnest($1::text[], $2::integer[], $6::integer[]) AS l (connector, places, share)
      CROSS JOIN LATERAL (
        SELECT count(*) AS running FROM automate.executions e WHERE e.status = 'running' AND e.connector = l.connector) t
      CROSS JOIN LATERAL (
        SELECT e.seq, e.priority FROM automate.executions e
        WHERE e.status = 'queued' AND e.due_at IS NULL AND e.connector = l.connector
        ORDER BY e.priority DESC, e.seq LIMIT greatest(0, least($3::bigint, l.share, l.places - t.running))) r
    ORDER BY r.priority DESC, r.seq LIMIT $3),
  live AS (
    INSERT INTO automate.execution_hosts (name, beat) SELECT $4, 1 WHERE EXISTS (SELECT FROM next)
    ON CONFLICT (name) DO UPDATE SET beat = execution_hosts.beat + 1)
  UPDATE automate.executions e SET status = 'running', host = $4, token = token + 1, started_at = $5, attempts = attempts + 1, progress = NULL
  FROM next WHERE e.seq = next.seq AND e.status = 'queued' RETURNING e.*`;

/** Only those whose key is free. */
const ADD = `INSERT INTO automate.executions (id, connector, action, principal, scopes, key, payload_sha256, run_timeout_ms, run_at, priority,
    traceparent, status, due_at, token, attempts, cancelling, created_at, rerun_of, schedule, payload, callback, callback_url, callback_tries)
  SELECT id, connector, action, principal, scopes, key, payload_sha256, run_timeout_ms, run_at, priority, traceparent, 'queued',
    CASE WHEN run_at > $16 THEN run_at END, 0, 0, 0, $16, rerun_of, schedule, payload,
    CASE WHEN callback_url IS NOT NULL THEN 'pending' END, callback_url, CASE WHEN callback_url IS NOT NULL THEN 0 END
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::integer[],
    $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[]) WITH ORDINALITY AS given (id, connector, action, principal, scopes, key,
    payload_sha256, run_timeout_ms, run_at, priority, traceparent, rerun_of, schedule, payload, callback_url, place)
  ORDER BY place
  ON CONFLICT (connector, principal, key) WHERE key IS NOT NULL DO NOTHING RETURNING ${WITHOUT_PAYLOAD}`;

/** A sign of life. */
const LIVE = `INSERT INTO automate.execution_hosts (name, beat) VALUES ($1, 1)
  ON CONFLICT (name) DO UPDATE SET beat = execution_hosts.beat + 1`;

/** Of hosts that have given no sign of life since, which none can give any more while this is done. */
const BURY = `DELETE FROM automate.execution_hosts h USING unnest($1::text[], $2::bigint[]) AS seen (name, beat)
  WHERE h.name = seen.name AND h.beat = seen.beat RETURNING h.name`;

const TAKE_OVER = `UPDATE automate.executions SET host = $1, token = token + 1
  WHERE status = 'running' AND (host = ANY ($2::text[]) OR (host = $1 AND id <> ALL ($3::text[])))
  RETURNING token, ${WITHOUT_PAYLOAD}`;

/** Its end is to be told from then on. */
const toldFrom = (now: string): string => `callback_at = CASE WHEN callback = 'pending' THEN ${now}::bigint END`;

// What succeeded is not run again.
const FINISH = `UPDATE automate.executions e SET status = f.status, outcome = f.outcome, expires_at = f.expires_at, ended_at = $6, host = NULL,
    cancelling = 0, payload = CASE WHEN f.status = 'succeeded' THEN NULL ELSE e.payload END, ${toldFrom('$6')}
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::bigint[]) AS f (id, token, status, outcome, expires_at)
  WHERE e.id = f.id AND e.token = f.token AND e.status = 'running' RETURNING e.id, e.token`;

// What is due later than anything waits was put off before the clock was set back.
const CLAIM_CALLBACKS = `UPDATE automate.executions SET callback_at = $1, callback_tries = callback_tries + 1 WHERE seq IN
    (SELECT seq FROM automate.executions WHERE callback_at <= $2 OR callback_at > $3 ORDER BY callback_at LIMIT $4 FOR UPDATE SKIP LOCKED)
  RETURNING ${WITHOUT_PAYLOAD}`;

/**
 * Executions in PostgreSQL, for many hosts. It does not end the database.
 *
 * @param tellOthers has the other hosts look what there is to be run
 */
export function openPostgresExecutionStore(
  database: PostgresDatabase,
  tellOthers: () => Promise<unknown>,
): ExecutionStore {
  const owner = randomUUID();
  const watched = watchBeats();
  let offeredAt = -Infinity;
  let kept: { rows: number; bytes: number } | undefined;
  const write = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    database.write(CANNOT_KEEP, (session) => work(runOver(session)));
  const read = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    database.read(CANNOT_READ, (session) => work(runOver(session)));
  const change = async (statement: string, ...values: readonly unknown[]): Promise<boolean> =>
    write(async ({ count }) => (await count(statement, ...values)) === 1);

  // Those that are asked for at a time, and those that end at a time, are committed together.
  const additions = new StepWriter<NewExecution, StoredExecution | undefined>({
    write: (all) => write((run) => insert(run, all)),
    close: async () => undefined,
  });
  const ends = new StepWriter<Ended, boolean>({
    write: (all) => write((run) => finish(run, all)),
    close: async () => undefined,
  });

  const enqueue = async (given: NewExecution): Promise<Enqueued> => {
    kept ??= await read(countKept);
    const { rows, bytes } = kept;
    const isFull = rows >= MOST_ROWS || bytes + given.payload.byteLength > MOST_BYTES;
    const isShared = !isFull && given.rerunOf === undefined && given.payload.byteLength <= SHARED_BYTES;
    const added = isShared ? await additions.run(given) : undefined;
    const answer =
      added !== undefined
        ? { as: 'new' as const, execution: added }
        : await write((run) =>
            add(run, given, () => {
              if (isFull) throw executionsFull(rows, bytes);
            }),
          ).catch((error: unknown) => {
            if (error !== TAKEN) throw error;
            return undefined;
          });
    // Another host has just stored one of the same key.
    if (answer === undefined) return enqueue(given);
    if (answer.as === 'new') kept = { rows: kept.rows + 1, bytes: kept.bytes + given.payload.byteLength };
    return answer;
  };

  /**
   * Of the hosts that run something, and are not this one, those that have ended in order, and those that have given no sign of life for a
   * lease at least.
   */
  const findLapsed = async (run: Run): Promise<readonly string[]> => {
    const hosts = await run.rows(
      `SELECT r.host, h.beat FROM (SELECT DISTINCT host FROM automate.executions WHERE status = 'running' AND host <> $1) r
       LEFT JOIN automate.execution_hosts h ON h.name = r.host`,
      owner,
    );
    // Whoever runs something has a row from its claim on, until it ends, or has nothing any more that it runs.
    const ended = hosts.flatMap(({ host, beat }) => (beat === null ? [String(host)] : []));
    const beats = hosts.flatMap(({ host, beat }) => (beat === null ? [] : [[String(host), Number(beat)] as const]));
    watched.keep(new Set(beats.map(([name]) => name)));
    const silent = beats.filter(([name, beat]) => watched.isSilent(name, beat));
    if (silent.length === 0) return ended;
    const buried = await run.rows(
      BURY,
      silent.map(([name]) => name),
      silent.map(([, beat]) => beat),
    );
    return [...ended, ...buried.map(({ name }) => String(name))];
  };

  return {
    isRemote: true,
    now: () => database.now(),
    enqueue,
    find: (id) => read((run) => find(run, id)),
    payload: (id) =>
      read(async ({ rows }) => {
        const [row] = await rows('SELECT payload FROM automate.executions WHERE id = $1', id);
        return (row?.['payload'] as Uint8Array | null | undefined) ?? undefined;
      }),
    list: (filter) => read((run) => list(run, filter)),
    waiting: () =>
      write(async ({ rows, count }) => {
        await count(PROMOTE, database.now());
        const [row] = await rows(WAITING, owner);
        const nextAt = row?.['next_at'];
        return {
          connectors: row?.['connectors'] as readonly string[],
          ...(typeof nextAt === 'number' ? { nextAt } : {}),
          others: row?.['others'] === true,
        };
      }),
    claim: (most, limits, shares = {}) =>
      write(async ({ rows, count, session }) => {
        // The places of a connector are counted by one host at a time.
        await session.rows(lockFor('executions'));
        const now = database.now();
        await count(PROMOTE, now);
        const places = Object.values(limits);
        const share = Object.keys(limits).map((connector) => shares[connector] ?? most);
        const claimed = await rows(CLAIM, Object.keys(limits), places, most, owner, now, share);
        return claimed.map(claimedOf).toSorted((one, other) => other.priority - one.priority || one.seq - other.seq);
      }),
    offer() {
      if (performance.now() - offeredAt < OFFER_MS) return;
      offeredAt = performance.now();
      // Who does not hear of it asks a second later.
      tellOthers().catch(() => undefined);
    },
    renew: (claims) =>
      write(async ({ rows, count }) => {
        await count(LIVE, owner);
        const held = await rows(
          `SELECT e.id, e.token, e.cancelling FROM automate.executions e JOIN unnest($1::text[], $2::bigint[]) AS c (id, token)
             ON e.id = c.id AND e.token = c.token WHERE e.status = 'running'`,
          claims.map(({ id }) => id),
          claims.map(({ token }) => token),
        );
        const found = claims.map(({ id, token }) => ({
          id,
          row: held.find((each) => each['id'] === id && each['token'] === token),
        }));
        return {
          lost: found.filter(({ row }) => row === undefined).map(({ id }) => id),
          cancelled: found.filter(({ row }) => row?.['cancelling'] === 1).map(({ id }) => id),
        };
      }),
    takeOver: (held) =>
      write(async (run) => {
        const taken = await run.rows(TAKE_OVER, owner, await findLapsed(run), held);
        if (taken.length > 0) await run.count(LIVE, owner);
        return taken.map(heldOf);
      }),
    async progress({ id, token }, progress) {
      await change(`UPDATE automate.executions SET progress = $3 WHERE ${HELD}`, id, token, progress);
    },
    async finish(claim, how) {
      const ended = { claim, how };
      if ((how.outcome?.byteLength ?? 0) <= SHARED_BYTES) return ends.run(ended);
      return (await write((run) => finish(run, [ended])))[0] === true;
    },
    requeue({ id, token }, { afterMs, counts, outcome = null }) {
      const now = database.now();
      const [dueAt, dueSince] = afterMs > 0 ? [now + afterMs, now] : [null, null];
      return change(
        `UPDATE automate.executions SET status = 'queued', host = NULL, outcome = $3, due_at = $4, due_since = $5, attempts = attempts - $6 WHERE ${HELD} AND cancelling = 0`,
        ...[id, token, outcome, dueAt, dueSince, counts ? 0 : 1],
      );
    },
    cancel: (id, { outcome = null, expiresAt }) =>
      write(async (run) => {
        await run.count(
          `UPDATE automate.executions SET status = 'cancelled', outcome = $2, expires_at = $3, ended_at = $4, due_at = NULL, due_since = NULL, ${toldFrom('$4')}
           WHERE id = $1 AND status = 'queued'`,
          ...[id, outcome, expiresAt, database.now()],
        );
        await run.count(`UPDATE automate.executions SET cancelling = 1 WHERE id = $1 AND status = 'running'`, id);
        return find(run, id);
      }),
    claimCallbacks: (most) =>
      write(async ({ rows }) => {
        const now = database.now();
        const due = await rows(CLAIM_CALLBACKS, ...[now + CALLBACK_MS, now, now + 2 * LONGEST_CALLBACK_WAIT_MS, most]);
        const [next] = await rows(
          'SELECT min(callback_at) AS at FROM automate.executions WHERE callback_at IS NOT NULL',
        );
        return { due: due.map(executionOf), ...(typeof next?.['at'] === 'number' ? { nextAt: next['at'] } : {}) };
      }),
    endCallback({ id, callbackTries = 0 }, end) {
      const [state, at] = typeof end === 'string' ? [end, null] : ['pending', database.now() + end.afterMs];
      return change(
        `UPDATE automate.executions SET callback = $1, callback_at = $2 WHERE id = $3 AND callback_tries = $4 AND callback_at IS NOT NULL`,
        ...[state, at, id, callbackTries],
      );
    },
    connectors: () =>
      read(async ({ rows }) =>
        (await rows('SELECT DISTINCT connector FROM automate.executions')).map(({ connector }) => String(connector)),
      ),
    shorten: (ttlsMs) =>
      write(async ({ count }) => {
        await count(
          `UPDATE automate.executions e SET expires_at = e.ended_at + t.ttl FROM unnest($1::text[], $2::bigint[]) AS t (connector, ttl)
           WHERE e.connector = t.connector AND e.expires_at > e.ended_at + t.ttl`,
          ...[Object.keys(ttlsMs), Object.values(ttlsMs)],
        );
      }),
    expire: () =>
      write(async (run) => {
        const gone = await run.count(
          `DELETE FROM automate.executions WHERE seq IN
             (SELECT seq FROM automate.executions WHERE expires_at <= $1 AND callback_at IS NULL LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
          database.now(),
        );
        kept = await countKept(run);
        return gone;
      }),
    stats: () => read(async ({ rows }) => (await rows(countsFrom('automate.executions'))).map(countsOf)),
    async close() {
      await Promise.all([additions.close(), ends.close()]);
      // By that the others know that it has ended. Where it cannot be written, they find out as they do of one that was lost.
      await write(({ count }) => count('DELETE FROM automate.execution_hosts WHERE name = $1', owner)).catch(
        () => undefined,
      );
    },
  };
}

/** Whether there are some to be run, or that another host may stop to run. */
export async function hasExecutions(session: Session): Promise<boolean> {
  const query = `SELECT FROM automate.executions WHERE (status = 'queued' AND due_at IS NULL) OR status = 'running' OR due_at <= $1 LIMIT 1`;
  return (await session.rows(CompiledQuery.raw(query, [session.now()]))).length > 0;
}

/** Statements of one transaction. */
interface Run {
  readonly session: Session;
  rows(text: string, ...values: readonly unknown[]): Promise<readonly ExecutionRow[]>;
  count(text: string, ...values: readonly unknown[]): Promise<number>;
}

function runOver(session: Session): Run {
  return {
    session,
    rows: (text, ...values) => session.rows<ExecutionRow>(CompiledQuery.raw(text, [...values])),
    count: (text, ...values) => session.count(CompiledQuery.raw(text, [...values])),
  };
}

/** Another host took the key meanwhile. */
const TAKEN = new Error('the key was taken meanwhile');

async function add(run: Run, given: NewExecution, requireRoom: () => void): Promise<Enqueued> {
  const { id, connector, principal, key, rerunOf } = given;
  const now = run.session.now();
  if (key !== undefined) {
    const place = [connector, principal, key];
    const at = 'connector = $1 AND principal = $2 AND key = $3';
    await run.count(
      `UPDATE automate.executions SET key = NULL WHERE ${at} AND expires_at <= $4 AND callback_at IS NOT NULL`,
      ...place,
      now,
    );
    await run.count(`DELETE FROM automate.executions WHERE ${at} AND expires_at <= $4`, ...place, now);
    const [found] = await run.rows(`SELECT ${WITHOUT_PAYLOAD} FROM automate.executions WHERE ${at}`, ...place);
    if (found !== undefined) return { as: 'found', execution: executionOf(found) };
  }
  try {
    requireRoom();
  } catch (error) {
    throw new CallersFault('', { cause: error });
  }
  if (rerunOf !== undefined) {
    const repeated = await run.count(
      `UPDATE automate.executions SET rerun_as = $1 WHERE id = $2 AND rerun_as IS NULL AND status IN ('failed', 'cancelled', 'unknown')`,
      id,
      rerunOf,
    );
    const original = repeated === 0 ? await find(run, rerunOf) : undefined;
    if (original !== undefined) return { as: 'not_repeated', execution: original };
  }
  const [execution] = await insert(run, [given]);
  if (execution === undefined) throw new CallersFault('', { cause: TAKEN });
  return { as: 'new', execution };
}

/** Gives undefined for one whose key is taken. Keys in one order for all hosts, so that none waits for another that waits for it. */
async function insert(
  { rows, session }: Run,
  all: readonly NewExecution[],
): Promise<readonly (StoredExecution | undefined)[]> {
  const placeOf = ({ connector, principal, key }: NewExecution): string =>
    key === undefined ? '' : JSON.stringify([connector, principal, key]);
  const isBefore = (one: NewExecution, other: NewExecution): boolean => placeOf(one) < placeOf(other);
  const sorted = all.toSorted((one, other) => Number(isBefore(other, one)) - Number(isBefore(one, other)));
  const column = (valueOf: (given: NewExecution) => unknown): readonly unknown[] =>
    sorted.map((given) => valueOf(given) ?? null);
  const added = await rows(
    ADD,
    column(({ id }) => id),
    column(({ connector }) => connector),
    column(({ action }) => action),
    column(({ principal }) => principal),
    column(({ scopes }) => JSON.stringify(scopes)),
    column(({ key }) => key),
    column(({ payloadSha256 }) => payloadSha256),
    column(({ runTimeoutMs }) => runTimeoutMs),
    column(({ runAt }) => runAt),
    column(({ priority }) => priority),
    column(({ traceparent }) => traceparent),
    column(({ rerunOf }) => rerunOf),
    column(({ schedule }) => schedule),
    column(({ payload }) => payload),
    column(({ callbackUrl }) => callbackUrl),
    session.now(),
  );
  const found = new Map(added.map((row) => [row['id'], row]));
  return all.map(({ id }) => (found.has(id) ? executionOf(found.get(id)) : undefined));
}

/** How the run of a claim ended. */
interface Ended {
  readonly claim: Claim;
  readonly how: ExecutionEnd;
}

/** Gives whether each took effect: of several of one claim one does. */
async function finish({ rows, session }: Run, all: readonly Ended[]): Promise<readonly boolean[]> {
  const nameOf = (id: unknown, token: unknown): string => `${String(id)} ${String(token)}`;
  const byClaim = new Map(all.map((each) => [nameOf(each.claim.id, each.claim.token), each]));
  const given = [...byClaim.values()];
  const ended = await rows(
    FINISH,
    given.map(({ claim }) => claim.id),
    given.map(({ claim }) => claim.token),
    given.map(({ how }) => how.status),
    given.map(({ how }) => how.outcome ?? null),
    given.map(({ how }) => how.expiresAt),
    session.now(),
  );
  const names = new Set(ended.map(({ id, token }) => nameOf(id, token)));
  return all.map((each) => {
    const name = nameOf(each.claim.id, each.claim.token);
    return byClaim.get(name) === each && names.has(name);
  });
}

async function find({ rows, session }: Run, id: string): Promise<StoredExecution | undefined> {
  const [row] = await rows(
    `SELECT ${WITHOUT_PAYLOAD} FROM automate.executions WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)`,
    id,
    session.now(),
  );
  return row === undefined ? undefined : executionOf(row);
}

async function list({ rows, session }: Run, filter: StoredExecutionFilter): Promise<readonly StoredExecution[]> {
  const { connector, principal, status, deadLetters, before, limit } = filter;
  const values: unknown[] = [];
  const is = (condition: (sign: string) => string, value: unknown): readonly string[] =>
    value === undefined ? [] : [condition(`$${values.push(value)}`)];
  const conditions = [
    ...is((now) => `(expires_at IS NULL OR expires_at > ${now})`, session.now()),
    ...is((sign) => `connector = ${sign}`, connector),
    ...is((sign) => `principal = ${sign}`, principal),
    ...is((sign) => `status = ANY (${sign}::text[])`, status),
    ...is((sign) => `seq < ${sign}`, before),
    ...(deadLetters === true ? [`status IN ('failed', 'unknown') AND rerun_as IS NULL`] : []),
  ];
  const found = await rows(
    `SELECT ${LISTED}, CASE WHEN status = 'succeeded' THEN NULL ELSE outcome END AS outcome FROM automate.executions
     WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT ${limit}`,
    ...values,
  );
  return found.map(executionOf);
}

async function countKept({ rows }: Run): Promise<{ rows: number; bytes: number }> {
  const [row] = await rows(
    `SELECT count(*) AS rows, pg_total_relation_size('automate.executions') AS bytes FROM automate.executions`,
  );
  return { rows: Number(row?.['rows']), bytes: Number(row?.['bytes']) };
}
