import { CompiledQuery } from 'kysely';
import type { Beat, HostRow, LivingHost, Placement, PlacementStore, PluginSet } from '../placement-store.ts';
import { LEASE_MS } from '../placement-store.ts';
import { lockForConnector } from './advisory-lock.ts';
import { LIFE, openPostgresDatabase } from './postgres-database.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';

const WHAT = 'which host runs which connector cannot be settled';
const EXPIRY = `clock_timestamp() + interval '${LEASE_MS} milliseconds'`;

/** What a host says of itself when it joins, but for its id, and of that what it says with each beat, first. */
const BEAT_COLUMNS = 'instance, held, load, memory_bytes, memory_limit, memory_free, is_leaving, digest, plugins'.split(
  ', ',
);
const COLUMNS = [...BEAT_COLUMNS, 'version', 'address', 'labels', 'pid', 'name'];
const JOIN = `INSERT INTO automate.hosts (id, ${COLUMNS.join(', ')}, since, expires_at)
  VALUES ($1, ${COLUMNS.map((column, index) => (column === 'plugins' ? `coalesce($${index + 2}, '')` : `$${index + 2}`)).join(', ')}, clock_timestamp(), ${EXPIRY})
  ON CONFLICT (id) DO UPDATE SET ${[...COLUMNS, 'since', 'expires_at'].map((column) => `${column} = excluded.${column}`).join(', ')}`;
const RENEW = `UPDATE automate.hosts SET held = $3, load = $4, memory_bytes = $5, memory_limit = $6, memory_free = $7, is_leaving = $8,
  digest = $9, plugins = coalesce($10, plugins), expires_at = ${EXPIRY} WHERE id = $1 AND instance = $2`;
const LIVING = `SELECT id, instance, name, version, address, labels, pid, held, load, memory_bytes AS "memoryBytes",
    memory_limit AS "memoryLimitBytes", memory_free AS "memoryFreeBytes", is_leaving AS "isLeaving", digest, since, expires_at - interval '${LEASE_MS} milliseconds' AS "lastBeatAt"
  FROM automate.hosts WHERE expires_at > clock_timestamp() ORDER BY id`;
const SETS = `SELECT DISTINCT plugins FROM automate.hosts WHERE digest = ANY ($1)`;
const PLACEMENT = `connector, host, fence, health, extract(epoch FROM clock_timestamp() - moved_at)::float8 * 1000 AS "movedMsAgo"`;
const ALL_TAKEN = `SELECT ${PLACEMENT} FROM automate.placements`;
/**
 * What transactions have written that another one did not see, by their numbers: those that ran then, and later ones. Other programs'
 * transactions of the same server may run for long; ours do not for as long as fifteen seconds. Rows that were copied from another server
 * have numbers that are yet to come here.
 */
const CHANGED = `${ALL_TAKEN} WHERE changed >= $1::xid8 AND changed < pg_snapshot_xmax(pg_current_snapshot())
  AND greatest(since, health_at) > to_timestamp($2) - interval '15 seconds'`;
const NOW = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid, extract(epoch FROM clock_timestamp())::float8 AS at, ${LIFE} AS life`;
const TAKE = `INSERT INTO automate.placements AS held (connector, host, fence, since, changed)
  SELECT $1, $2, 1, clock_timestamp(), pg_current_xact_id()
    WHERE EXISTS (SELECT FROM automate.hosts WHERE id = $2 AND instance = $3 AND expires_at > clock_timestamp())
  ON CONFLICT (connector) DO UPDATE SET host = excluded.host, fence = held.fence + 1, since = excluded.since, changed = excluded.changed
    WHERE held.host = excluded.host
      OR NOT EXISTS (SELECT FROM automate.hosts WHERE id = held.host AND expires_at > clock_timestamp())
  RETURNING ${PLACEMENT}`;
const HELD = `${ALL_TAKEN} WHERE connector = $1
  AND EXISTS (SELECT FROM automate.hosts WHERE id = placements.host AND expires_at > clock_timestamp())`;
const HAND = `UPDATE automate.placements SET host = $3, fence = fence + 1, since = clock_timestamp(), changed = pg_current_xact_id(),
    moved_at = CASE WHEN $4 THEN clock_timestamp() ELSE moved_at END
  WHERE connector = $1 AND host = $2 AND EXISTS (SELECT FROM automate.hosts WHERE id = $3 AND expires_at > clock_timestamp())`;
// The row stays, so that the next one who takes it has a higher number.
const RELEASE = `UPDATE automate.placements SET host = '', since = clock_timestamp(), changed = pg_current_xact_id()
  WHERE connector = $1 AND host = $2`;
const TELL = `UPDATE automate.placements SET health = news.health, health_at = clock_timestamp(), changed = pg_current_xact_id()
  FROM unnest($2::text[], $3::text[]) AS news (connector, health)
  WHERE placements.connector = news.connector AND placements.host = $1`;
/** Of hosts that were killed and never came back. */
const SWEEP = `DELETE FROM automate.hosts WHERE expires_at < clock_timestamp() - interval '1 day'`;
const LEAVE = 'DELETE FROM automate.hosts WHERE id = $1 AND instance = $2';

/**
 * Beats have a connection of their own, since a lease that waits behind calls for one lapses.
 *
 * @param database for all but the beats; it stays its owner's to close
 */
export function openPostgresPlacementStore(url: string, database: PostgresDatabase): PlacementStore {
  const beats = openPostgresDatabase(url, { connections: 1 });
  return {
    beat: (host, { first, plugins, seen, knownSets, onSend }) =>
      beats.write(WHAT, async (session) => {
        onSend();
        const { id, instance, name, version, address, labels, pid, digest } = host;
        const set = plugins === undefined ? null : JSON.stringify(plugins);
        const bytes = [host.memoryBytes, host.memoryLimitBytes, host.memoryFreeBytes];
        const said = [id, instance, host.held, host.load, ...bytes, host.isLeaving, digest, set];
        const count = first
          ? await session.count(CompiledQuery.raw(JOIN, [...said, version, address, labels, pid, name]))
          : await session.count(CompiledQuery.raw(RENEW, said));
        if (first) await session.count(CompiledQuery.raw(SWEEP));
        const living = await readLiving(session);
        const unknown = living.map((each) => each.digest).filter((each) => each !== '' && !knownSets.includes(each));
        return {
          renewed: count > 0,
          living,
          sets: unknown.length === 0 ? [] : await readSets(session, unknown),
          ...(await readChanged(session, seen)),
        };
      }),
    find: (connector) =>
      database.read(WHAT, async (session) => (await session.rows<Placement>(CompiledQuery.raw(HELD, [connector])))[0]),
    take: (connector, { id, instance }) =>
      database.write(WHAT, async (session) => {
        // What the next statement sees was committed before: whoever took it meanwhile, and that he lives.
        await session.rows(lockForConnector(connector));
        const [taken] = await session.rows<Placement>(CompiledQuery.raw(TAKE, [connector, id, instance]));
        return taken ?? (await session.rows<Placement>(CompiledQuery.raw(HELD, [connector])))[0];
      }),
    hand: (connector, { from, to, isMove }) =>
      database.write(WHAT, async (session) => {
        await session.rows(lockForConnector(connector));
        return (await session.count(CompiledQuery.raw(HAND, [connector, from, to, isMove]))) > 0;
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
    now: () => database.now(),
    close: () => beats.close(),
  };
}

/** A number of transactions and a time, before what is read next, of a server. */
interface Moment {
  readonly xid: string;
  readonly at: number;
  readonly life: string;
}

async function readChanged(session: Session, seen: string | undefined): Promise<Pick<Beat, 'placements' | 'seen'>> {
  const [now] = await session.rows<Moment>(CompiledQuery.raw(NOW));
  if (now === undefined) throw new Error('a SELECT without FROM gave no row');
  const before = seen === undefined ? undefined : (JSON.parse(seen) as Moment);
  // Another server that has taken its place lacks what came last, and gives its numbers to other changes; or its clock was set back.
  const isSame = before !== undefined && before.life === now.life && now.at >= before.at;
  const query = isSame ? CompiledQuery.raw(CHANGED, [before.xid, before.at]) : CompiledQuery.raw(ALL_TAKEN);
  return { placements: await session.rows<Placement>(query), seen: JSON.stringify(now) };
}

async function readLiving(session: Session): Promise<readonly LivingHost[]> {
  type LivingRow = HostRow & { readonly since: Date; readonly lastBeatAt: Date };
  const rows = await session.rows<LivingRow>(CompiledQuery.raw(LIVING));
  return rows.map((row) => ({
    ...row,
    since: row.since.toISOString(),
    lastBeatAt: row.lastBeatAt.toISOString(),
  }));
}

async function readSets(session: Session, digests: readonly string[]): Promise<readonly PluginSet[]> {
  const rows = await session.rows<{ readonly plugins: string }>(CompiledQuery.raw(SETS, [digests]));
  return rows.map(({ plugins }) => JSON.parse(plugins) as PluginSet);
}
