import { attempt } from './attempt.ts';
import { openMainDatabase } from './open-main-database.ts';
import { parseStoredObject } from './parse-stored-object.ts';
import type { ProfileStore, StoredProfile } from './profile-store.ts';

/** Opens the profiles in the database at `file`, which it makes if need be. Throws as `openDatabase` does. */
export function openSqliteProfileStore(file: string): ProfileStore {
  const what = 'the profiles cannot be read';
  const database = openMainDatabase(file, what);
  const all = database.prepare('SELECT name, config FROM profiles ORDER BY name');
  const upsert = database.prepare(
    `INSERT INTO profiles (name, config, updated_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET config = excluded.config, updated_at = excluded.updated_at`,
  );
  const remove = database.prepare('DELETE FROM profiles WHERE name = ?');
  return {
    load: () => attempt(what, file, () => all.all().map((row) => readProfile(row, file))),
    put: (name, config) =>
      attempt(
        `the profile "${name}" cannot be stored`,
        file,
        () => void upsert.run(name, JSON.stringify(config), new Date().toISOString()),
      ),
    delete: (name) => attempt(`the profile "${name}" cannot be removed`, file, () => remove.run(name).changes > 0),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

/** A row that somebody else has changed must not keep the others from being read. */
function readProfile(row: Record<string, unknown>, file: string): StoredProfile {
  const name = String(row['name']);
  const config = parseStoredObject(String(row['config']));
  if (config !== undefined) return { name, config };
  const fault = `its row in the table "profiles" of ${file} holds no JSON object: remove it, with "automate profiles remove ${name}", and set it anew`;
  return { name, config: {}, fault };
}
