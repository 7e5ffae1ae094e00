import { CompiledQuery } from 'kysely';
import type { HostRow, LivingHost, Placement, PlacementStore, PluginSet } from '../placement-store.ts';
import { LEASE_MS } from '../placement-store.ts';
import { lockForConnector } from './advisory-lock.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';

const WHAT = 'which host runs which connector cannot be settled';
const EXPIRY = `clock_timestamp() + interval '${LEASE_MS} milliseconds'`;

const JOIN = `INSERT INTO automate.hosts (id, instance, version, address, labels, pid, held, memory_bytes, name, digest, plugins, since, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp(), ${EXPIRY})
  ON CONFLICT (id) DO UPDATE SET instance = excluded.instance, name = excluded.name, version = excluded.version, address = excluded.address,
    digest = excluded.digest, plugins = excluded.plugins, labels = excluded.labels, pid = excluded.pid, held = excluded.held, memory_bytes = excluded.memory_bytes, since = excluded.since, expires_at = excluded.expires_at`;
const RENEW = `UPDATE automate.hosts SET held = $3, memory_bytes = $4, digest = $5, plugins = coalesce($6, plugins),
  expires_at = ${EXPIRY} WHERE id = $1 AND instance = $2`;
const LIVING = `SELECT id, instance, name, version, address, labels, pid, held, memory_bytes AS "memoryBytes", digest, since,
    expires_at - interval '${LEASE_MS} milliseconds' AS "lastBeatAt"
  FROM automate.hosts WHERE expires_at > clock_timestamp() ORDER BY id`;
const SETS = `SELECT DISTINCT plugins FROM automate.hosts WHERE digest = ANY ($1)`;
const ALL_TAKEN = 'SELECT connector, host, fence, health FROM automate.placements';
/** Longer than a transaction may take that another one did not see. */
const LATELY_TAKEN = `${ALL_TAKEN} WHERE since > clock_timestamp() - interval '15 seconds'
  OR health_at > clock_timestamp() - interval '15 seconds'`;
const TAKE = `INSERT INTO automate.placements AS held (connector, host, fence, since)
  SELECT $1, $2, 1, clock_timestamp()
    WHERE EXISTS (SELECT FROM automate.hosts WHERE id = $2 AND instance = $3 AND expires_at > clock_timestamp())
  ON CONFLICT (connector) DO UPDATE SET host = excluded.host, fence = held.fence + 1, since = excluded.since
    WHERE held.host = excluded.host
      OR NOT EXISTS (SELECT FROM automate.hosts WHERE id = held.host AND expires_at > clock_timestamp())
  RETURNING connector, host, fence, health`;
const HELD = `SELECT placements.connector, placements.host, placements.fence, placements.health FROM automate.placements
  JOIN automate.hosts ON hosts.id = placements.host AND hosts.expires_at > clock_timestamp() WHERE placements.connector = $1`;
// The row stays, so that the next one who takes it has a higher number.
const RELEASE = `UPDATE automate.placements SET host = '', since = clock_timestamp() WHERE connector = $1 AND host = $2`;
const TELL = `UPDATE automate.placements SET health = news.health, health_at = clock_timestamp()
  FROM unnest($2::text[], $3::text[]) AS news (connector, health)
  WHERE placements.connector = news.connector AND placements.host = $1`;
const LEAVE = 'DELETE FROM automate.hosts WHERE id = $1 AND instance = $2';

/**
 * Beats have a connection of their own, since a lease that waits behind calls for one lapses.
 *
 * @param database for all but the beats; it stays its owner's to close
 */
export function openPostgresPlacementStore(url: string, database: PostgresDatabase): PlacementStore {
  const beats = openPostgresDatabase(url, { connections: 1 });
  return {
    beat: (host, { first, all, plugins, knownSets, onSend }) =>
      beats.write(WHAT, async (session) => {
        onSend();
        const { id, instance, name, version, address, labels, pid, held, memoryBytes, digest } = host;
        const set = plugins === undefined ? null : JSON.stringify(plugins);
        const said = [id, instance, version, address, labels, pid, held, memoryBytes, name, digest, set ?? ''];
        const count = first
          ? await session.count(CompiledQuery.raw(JOIN, said))
          : await session.count(CompiledQuery.raw(RENEW, [id, instance, held, memoryBytes, digest, set]));
        const living = await readLiving(session);
        const unknown = living.map((each) => each.digest).filter((each) => each !== '' && !knownSets.includes(each));
        return {
          renewed: count > 0,
          living,
          sets: unknown.length === 0 ? [] : await readSets(session, unknown),
          placements: await readTaken(session, all),
        };
      }),
    take: (connector, { id, instance }) =>
      database.write(WHAT, async (session) => {
        // What the next statement sees was committed before: whoever took it meanwhile, and that he lives.
        await session.rows(lockForConnector(connector));
        const [taken] = await session.rows<Row>(CompiledQuery.raw(TAKE, [connector, id, instance]));
        const [held] = taken === undefined ? await session.rows<Row>(CompiledQuery.raw(HELD, [connector])) : [taken];
        return held && placementOf(held);
      }),
    async release(connector, host) {
      await database.write(WHAT, (session) => session.count(CompiledQuery.raw(RELEASE, [connector, host])));
    },
    async tellHealth(host, health) {
      const said = [host, [...health.keys()], [...health.values()]];
      await database.write(WHAT, (session) => session.count(CompiledQuery.raw(TELL, said)));
    },
    async leave({ id, instance }) {
      await database.write(WHAT, (session) => session.count(CompiledQuery.raw(LEAVE, [id, instance])));
    },
    close: () => beats.close(),
  };
}

/** 64 bits come as text. */
type Row = Omit<Placement, 'fence'> & { readonly fence: string };

function placementOf({ connector, host, fence, health }: Row): Placement {
  return { connector, host, fence: Number(fence), health };
}

async function readTaken(session: Session, all: boolean): Promise<readonly Placement[]> {
  return (await session.rows<Row>(CompiledQuery.raw(all ? ALL_TAKEN : LATELY_TAKEN))).map(placementOf);
}

async function readLiving(session: Session): Promise<readonly LivingHost[]> {
  type LivingRow = Omit<HostRow, 'memoryBytes'> & {
    readonly memoryBytes: string;
    readonly since: Date;
    readonly lastBeatAt: Date;
  };
  const rows = await session.rows<LivingRow>(CompiledQuery.raw(LIVING));
  return rows.map((row) => ({
    ...row,
    memoryBytes: Number(row.memoryBytes),
    since: row.since.toISOString(),
    lastBeatAt: row.lastBeatAt.toISOString(),
  }));
}

async function readSets(session: Session, digests: readonly string[]): Promise<readonly PluginSet[]> {
  const rows = await session.rows<{ readonly plugins: string }>(CompiledQuery.raw(SETS, [digests]));
  return rows.map(({ plugins }) => JSON.parse(plugins) as PluginSet);
}
