import { CompiledQuery } from 'kysely';
import type { SharedPart } from '../stores.ts';
import { CHANNEL } from './hear-notices.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';

/** Those that listen hear of it at the commit. */
const BUMP = `WITH bumped AS (UPDATE automate.revisions SET revision = revision + 1 WHERE part = $1 RETURNING revision)
  SELECT revision, pg_notify('${CHANNEL}', $1) FROM bumped`;
const ALL = 'SELECT part, revision FROM automate.revisions';

/** Hears which parts others have changed. What it rejects with has it called again later. */
export type HearChanges = (parts: ReadonlySet<SharedPart>) => Promise<void>;

/** By which hosts that share a store find out what others have changed: a number for each part, which goes up with each change. */
export interface Revisions {
  /** The database, in which each write is one of this part. */
  noting(part: SharedPart): PostgresDatabase;
  /** Reads the numbers, in a transaction of somebody else's. */
  look(session: Session): Promise<void>;
  /** Tells of what has changed since it was last told of, and of these; while something is still being heard, after that. */
  tell(more: readonly SharedPart[]): void;
  /** Reads the numbers by itself, and tells of what has changed. */
  catchUp(): void;
  follow(hear: HearChanges): void;
}

/** Nothing is read yet: the first look counts as what this host knows. */
export function openRevisions(database: PostgresDatabase): Revisions {
  /** What this host knows of, and what there is. */
  const known = new Map<SharedPart, number>();
  const found = new Map<SharedPart, number>();
  let listener: HearChanges | undefined;
  let isHearing = false;
  /** What was to be told meanwhile. */
  let missed: Set<SharedPart> | undefined;
  const writing = new Set<Promise<unknown>>();
  let looking: Promise<void> | undefined;
  let again = false;
  const look = async (session: Session): Promise<void> => {
    const rows = await session.rows<{ readonly part: SharedPart; readonly revision: string }>(CompiledQuery.raw(ALL));
    for (const { part, revision } of rows) {
      found.set(part, Number(revision));
      if (!known.has(part)) known.set(part, Number(revision));
    }
  };
  const tell = (more: readonly SharedPart[]): void => {
    const news = [...found].filter(([part, revision]) => revision > (known.get(part) ?? revision));
    const parts = new Set([...more, ...news.map(([part]) => part)]);
    if (listener === undefined || parts.size === 0) return;
    if (isHearing) {
      missed = new Set([...(missed ?? []), ...more]);
      return;
    }
    isHearing = true;
    listener(parts)
      .then(
        () => {
          for (const [part, revision] of news) known.set(part, Math.max(revision, known.get(part) ?? 0));
        },
        () => undefined,
      )
      .finally(() => {
        isHearing = false;
        const late = missed;
        missed = undefined;
        if (late !== undefined) tell([...late]);
      });
  };
  const catchUp = async (): Promise<void> => {
    while (again) {
      again = false;
      const isRead = await database.read('what other hosts have changed cannot be read', look).then(
        () => true,
        () => false,
      );
      // What this host has written it may hear of before it knows that it has.
      await Promise.allSettled(writing);
      if (isRead) tell([]);
    }
    looking = undefined;
  };
  return {
    noting: (part) => ({
      ...database,
      async write(what, work) {
        let revision = 0;
        const written = database
          .write(what, async (session) => {
            const done = await work(session);
            const [row] = await session.rows<{ readonly revision: string }>(CompiledQuery.raw(BUMP, [part]));
            revision = Number(row?.revision);
            return done;
          })
          .then((value) => {
            // Nobody else has changed it in between.
            if (known.get(part) === revision - 1) known.set(part, revision);
            return value;
          })
          .finally(() => writing.delete(written));
        writing.add(written);
        return written;
      },
    }),
    look,
    tell,
    catchUp() {
      again = true;
      looking ??= catchUp();
    },
    follow: (hear) => (listener = hear),
  };
}
