import { CompiledQuery } from 'kysely';
import type { SharedPart } from '../stores.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';

const BUMP = 'UPDATE automate.revisions SET revision = revision + 1 WHERE part = $1 RETURNING revision';
const ALL = 'SELECT part, revision FROM automate.revisions';

/** Hears which parts others have changed. What it rejects with has it called again later. */
export type HearChanges = (parts: ReadonlySet<SharedPart>) => Promise<void>;

/** By which hosts that share a store find out what others have changed: a number for each part, which goes up with each change. */
export interface Revisions {
  /** The database, in which each write is one of this part. */
  noting(part: SharedPart): PostgresDatabase;
  /** Reads the numbers, in a transaction of somebody else's. */
  look(session: Session): Promise<void>;
  /** Tells of what has changed since it was last told of, and of these, unless something is still being heard. */
  tell(more: readonly SharedPart[]): void;
  follow(hear: HearChanges): void;
}

/** Nothing is read yet: the first look counts as what this host knows. */
export function openRevisions(database: PostgresDatabase): Revisions {
  /** What this host knows of, and what there is. */
  const known = new Map<SharedPart, number>();
  const found = new Map<SharedPart, number>();
  let listener: HearChanges | undefined;
  let isHearing = false;
  return {
    noting: (part) => ({
      ...database,
      async write(what, work) {
        let revision = 0;
        const value = await database.write(what, async (session) => {
          const done = await work(session);
          const [row] = await session.rows<{ readonly revision: string }>(CompiledQuery.raw(BUMP, [part]));
          revision = Number(row?.revision);
          return done;
        });
        // Nobody else has changed it in between.
        if (known.get(part) === revision - 1) known.set(part, revision);
        return value;
      },
    }),
    async look(session) {
      const rows = await session.rows<{ readonly part: SharedPart; readonly revision: string }>(CompiledQuery.raw(ALL));
      for (const { part, revision } of rows) {
        found.set(part, Number(revision));
        if (!known.has(part)) known.set(part, Number(revision));
      }
    },
    tell(more) {
      const news = [...found].filter(([part, revision]) => revision > (known.get(part) ?? revision));
      const parts = new Set([...more, ...news.map(([part]) => part)]);
      if (isHearing || listener === undefined || parts.size === 0) return;
      isHearing = true;
      listener(parts)
        .then(
          () => {
            for (const [part, revision] of news) known.set(part, Math.max(revision, known.get(part) ?? 0));
          },
          () => undefined,
        )
        .finally(() => (isHearing = false));
    },
    follow: (hear) => (listener = hear),
  };
}
