import { LINE_LEVELS } from '@automate/contract';
import type { Overlay, OverlayStore } from '../overlay-store.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { TABLES } from './tables.ts';

/** The overlays in PostgreSQL. It does not end the database. */
export function openPostgresOverlayStore(database: PostgresDatabase): OverlayStore {
  const all = TABLES.selectFrom('overlays').selectAll();
  return {
    load: () =>
      database.read(
        'what was set over the API beside configurations cannot be read',
        async (session) => new Map((await session.rows(all)).map((row) => [row.id, readOverlay(row)])),
      ),
    put: (id, overlay) =>
      database.write(`what is set of the connector "${id}" cannot be stored`, async (session) => {
        const { pausedSince = null, enabled = null, logLevel = null } = overlay;
        const values = { paused_since: pausedSince, enabled, log_level: logLevel };
        const insert = TABLES.insertInto('overlays').values({ id, ...values });
        await session.count(
          Object.keys(overlay).length === 0
            ? TABLES.deleteFrom('overlays').where('id', '=', id)
            : insert.onConflict((conflict) => conflict.column('id').doUpdateSet(values)),
        );
      }),
    async close() {},
  };
}

interface Row {
  readonly paused_since: string | null;
  readonly enabled: boolean | null;
  readonly log_level: string | null;
}

function readOverlay({ paused_since: pausedSince, enabled, log_level: level }: Row): Overlay {
  const logLevel = LINE_LEVELS.find((known) => known === level);
  return {
    ...(pausedSince === null ? {} : { pausedSince }),
    ...(enabled === null ? {} : { enabled }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}
