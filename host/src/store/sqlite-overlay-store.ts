import { LINE_LEVELS } from '@automate/contract';
import { attempt } from './attempt.ts';
import { openMainDatabase } from './open-main-database.ts';
import type { Overlay, OverlayStore } from './overlay-store.ts';

/** Opens the overlays in the database at `file`, which it makes if need be. Throws as `openDatabase` does. */
export function openSqliteOverlayStore(file: string): OverlayStore {
  const what = 'what was set over the API beside configurations cannot be read';
  const database = openMainDatabase(file, what);
  const all = database.prepare('SELECT id, paused_since, enabled, log_level FROM overlays');
  const upsert = database.prepare(
    `INSERT INTO overlays (id, paused_since, enabled, log_level) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET
       paused_since = excluded.paused_since, enabled = excluded.enabled, log_level = excluded.log_level`,
  );
  const remove = database.prepare('DELETE FROM overlays WHERE id = ?');
  return {
    load: () => attempt(what, file, () => new Map(all.all().map((row) => [String(row['id']), readOverlay(row)]))),
    put: (id, overlay) =>
      attempt(`what is set of the connector "${id}" cannot be stored`, file, () => {
        const { pausedSince = null, enabled, logLevel = null } = overlay;
        if (Object.keys(overlay).length === 0) remove.run(id);
        else upsert.run(id, pausedSince, enabled === undefined ? null : Number(enabled), logLevel);
      }),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

function readOverlay({ paused_since: pausedSince, enabled, log_level: level }: Record<string, unknown>): Overlay {
  const logLevel = LINE_LEVELS.find((known) => known === level);
  return {
    ...(typeof pausedSince === 'string' ? { pausedSince } : {}),
    ...(typeof enabled === 'number' ? { enabled: enabled === 1 } : {}),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}
