import { CompiledQuery } from 'kysely';
import type { PostgresDatabase, Session } from '../store/postgres/postgres-database.ts';
import type { AuditRows, ChainRow, ChainRows, FoundRow, LookAtAudit } from './audit-rows.ts';

const WHAT = 'the audit cannot be kept';

const PUT_CHAIN = `INSERT INTO automate.audit_chains (host, batch, cut_seq, cut_hash, key, seal) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (host) DO UPDATE SET batch = excluded.batch, cut_seq = excluded.cut_seq, cut_hash = excluded.cut_hash,
    key = excluded.key, seal = excluded.seal`;

const INSERT = `INSERT INTO automate.audit_records (host, seq, key, body, hash)
  SELECT $1, seq, key, body, hash FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bytea[]) AS added (seq, key, body, hash)`;

/** The chain of one host among those of others. Closing it does not end the database. */
export function openPostgresAuditRows(database: PostgresDatabase, host: string): AuditRows {
  return {
    host,
    read: (work) => database.read(WHAT, (session) => work(rowsOf(session, host))),
    write: (work) =>
      database.write(WHAT, async (session) => {
        // A command without a host that runs writes to the chain of the same data directory.
        await session.rows(
          CompiledQuery.raw(`SELECT pg_advisory_xact_lock(hashtextextended('automate audit ' || $1, 0))`, [host]),
        );
        return work(rowsOf(session, host));
      }),
    async close() {},
  };
}

function rowsOf(session: Session, host: string): ChainRows {
  const every = <Row>(query: string, ...more: readonly unknown[]): Promise<readonly Row[]> =>
    session.rows<Row>(CompiledQuery.raw(query, [host, ...more]));
  const run = async (statement: string, ...more: readonly unknown[]): Promise<void> =>
    void (await session.count(CompiledQuery.raw(statement, [host, ...more])));
  return {
    chain: () => readChain(session, host),
    putChain: ({ batch, cutSeq, cutHash, key, seal }) => run(PUT_CHAIN, batch, cutSeq, cutHash, key, seal),
    async last() {
      const [row] = await every<{ readonly seq: string; readonly hash: Uint8Array }>(
        'SELECT seq, hash FROM automate.audit_records WHERE host = $1 ORDER BY seq DESC LIMIT 1',
      );
      return row === undefined ? undefined : { seq: Number(row.seq), hash: row.hash };
    },
    insert: (added) =>
      run(
        INSERT,
        added.map(({ seq }) => seq),
        added.map(({ key }) => key),
        added.map(({ body }) => body),
        added.map(({ hash }) => hash),
      ),
    async latest(after, limit) {
      const query = 'SELECT body FROM automate.audit_records WHERE host = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3';
      return (await every<{ readonly body: string }>(query, after, limit)).map(({ body }) => body);
    },
    async oldest(limit) {
      const query = 'SELECT seq, body, hash FROM automate.audit_records WHERE host = $1 ORDER BY seq LIMIT $2';
      const rows = await every<{ readonly seq: string; readonly body: string; readonly hash: Uint8Array }>(
        query,
        Math.max(0, limit),
      );
      return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
    },
    async count() {
      const query = 'SELECT count(*) AS rows FROM automate.audit_records WHERE host = $1';
      return Number((await every<{ readonly rows: string }>(query))[0]?.rows);
    },
    removeUpTo: (seq) => run('DELETE FROM automate.audit_records WHERE host = $1 AND seq <= $2', seq),
  };
}

/** The ids of the hosts that have a chain, in order. */
export function listAuditHosts(database: PostgresDatabase): Promise<readonly string[]> {
  return database.read('the audit cannot be looked at', async (session) => {
    const rows = await session.rows<{ readonly host: string }>(
      CompiledQuery.raw('SELECT host FROM automate.audit_chains ORDER BY host', []),
    );
    return rows.map(({ host }) => host);
  });
}

/** Looks at the chain of a host. */
export function lookAtPostgresAudit(database: PostgresDatabase, host: string): LookAtAudit {
  return (work) =>
    database.read('the audit cannot be looked at', (session) =>
      work({
        fault: async () => undefined,
        chain: () => readChain(session, host),
        async records(from, direction, limit) {
          const [sign, order] = direction === 'up' ? ['>', 'ASC'] : ['<', 'DESC'];
          const found = await session.rows<{ seq: string; key: string; body: string; hash: Uint8Array }>(
            CompiledQuery.raw(
              `SELECT seq, key, body, hash FROM automate.audit_records WHERE host = $1 AND seq ${sign} $2 ORDER BY seq ${order} LIMIT $3`,
              [host, from, limit],
            ),
          );
          return found.map(({ seq, key, body, hash }): FoundRow => ({
            seq: Number(seq),
            key,
            isText: true,
            body: Buffer.from(body),
            hash,
          }));
        },
        async otherKey(seq, key) {
          const after = `SELECT seq, key FROM automate.audit_records WHERE host = $1 AND seq > $2 AND key <> $3 ORDER BY seq LIMIT 1`;
          const [next] = await session.rows<{ seq: string; key: string }>(CompiledQuery.raw(after, [host, seq, key]));
          const before =
            'SELECT max(seq) AS seq FROM automate.audit_records WHERE host = $1 AND ($2::bigint IS NULL OR seq < $2)';
          const [last] = await session.rows<{ seq: string | null }>(
            CompiledQuery.raw(before, [host, next?.seq ?? null]),
          );
          return {
            next: next === undefined ? undefined : { seq: Number(next.seq), key: next.key },
            to: Number(last?.seq ?? seq),
          };
        },
      }),
    );
}

interface Row {
  readonly batch: string;
  readonly cut_seq: string;
  readonly cut_hash: Uint8Array;
  readonly key: string;
  readonly seal: string;
}

async function readChain(session: Session, host: string): Promise<ChainRow | undefined> {
  const query = 'SELECT batch, cut_seq, cut_hash, key, seal FROM automate.audit_chains WHERE host = $1';
  const [row] = await session.rows<Row>(CompiledQuery.raw(query, [host]));
  if (row === undefined) return undefined;
  const { cut_seq: cutSeq, cut_hash: cutHash, key, seal } = row;
  return { host, batch: Number(row.batch), cutSeq: Number(cutSeq), cutHash, key, seal };
}
