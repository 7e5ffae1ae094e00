import { randomUUID } from 'node:crypto';
import { UnavailableError } from '@automate/contract';
import { CompiledQuery } from 'kysely';
import { lockFor } from './advisory-lock.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';
import { CallersFault } from './postgres-database.ts';

/** For how long somebody is taken to live after they last said so, in SQL. */
const LEASE = `interval '5 seconds'`;
const RENEW_MS = 1_000;
/** What the owner is called that moves a store. */
const MOVER = 'mover';
const WHAT = 'the store cannot be used';

const RENEW = `INSERT INTO automate.leases (owner, expires_at) VALUES ($1, clock_timestamp() + ${LEASE})
  ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at`;

/** Says that a process lives which uses the store. */
export interface Lease {
  /** In whose name. */
  readonly owner: string;
  /** Renews it in a transaction of somebody else's, where that was not done for too long. */
  keepAlive(session: Session): Promise<void>;
  /** Ends it. Where that cannot be written it lapses. May be called again. */
  close(): Promise<void>;
}

export interface LeaseOptions {
  /** Whether the store is to be moved: nobody else may use it then. */
  readonly moves?: boolean;
  /** Done again and again, in the transaction that renews the lease. What fails is tried again the next time. */
  keepUp?(session: Session): Promise<void>;
  /** Hears each time that it has been renewed, or why it could not be. */
  onRenewed?(fault?: Error): void;
}

/**
 * Takes a lease of five seconds, and renews it until it is closed. It does not keep the program alive.
 *
 * @throws UnavailableError, reason `store_busy`, where the store is being moved, or is to be and is in use
 */
export async function holdLease(
  database: PostgresDatabase,
  { moves = false, keepUp, onRenewed }: LeaseOptions,
): Promise<Lease> {
  const owner = moves ? MOVER : randomUUID();
  await database.write(WHAT, async (session) => {
    await session.rows(lockFor('leases'));
    const live = CompiledQuery.raw('SELECT owner FROM automate.leases WHERE expires_at > clock_timestamp()');
    const others = await session.rows<{ readonly owner: string }>(live);
    const isMoved = others.some((other) => other.owner === MOVER);
    if (isMoved || (moves && others.length > 0))
      throw new CallersFault('', { cause: storeBusy(database.where, isMoved) });
    await session.count(CompiledQuery.raw(RENEW, [owner]));
  });
  let renewedAt = performance.now();
  let turn: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    await database.write(WHAT, async (session) => {
      await session.count(CompiledQuery.raw(RENEW, [owner]));
      await keepUp?.(session);
    });
    renewedAt = performance.now();
  };
  const timer = setInterval(() => {
    turn ??= renew()
      .then(() => onRenewed?.(), onRenewed)
      .finally(() => (turn = undefined));
  }, RENEW_MS).unref();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await turn;
    const letGo = CompiledQuery.raw('DELETE FROM automate.leases WHERE owner = $1', [owner]);
    await database.write(WHAT, (session) => session.count(letGo)).catch(() => undefined);
  };
  return {
    owner,
    async keepAlive(session) {
      if (performance.now() - renewedAt > 2 * RENEW_MS) await session.count(CompiledQuery.raw(RENEW, [owner]));
    },
    close: () => (closing ??= close()),
  };
}

function storeBusy(where: string, isMoved: boolean): UnavailableError {
  return new UnavailableError(
    isMoved
      ? `the store at ${where} is being moved by "automate store migrate": wait until that has ended`
      : `the store at ${where} is in use by a host: stop every host that uses it; one that was killed counts for five seconds more`,
    { blame: 'operator', effect: 'none', details: { reason: 'store_busy', database: where } },
  );
}
