import { parseStoredObject } from '../parse-stored-object.ts';
import type { ProfileStore, StoredProfile } from '../profile-store.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { TABLES } from './tables.ts';

/** The profiles in PostgreSQL. It does not end the database. */
export function openPostgresProfileStore(database: PostgresDatabase): ProfileStore {
  const all = TABLES.selectFrom('profiles').select(['name', 'config']).orderBy('name');
  return {
    load: () =>
      database.read('the profiles cannot be read', async (session) =>
        (await session.rows(all)).map((row) => readProfile(row, database.where)),
      ),
    put: (name, config) =>
      database.write(`the profile "${name}" cannot be stored`, async (session) => {
        const values = { config: JSON.stringify(config), updated_at: new Date() };
        const insert = TABLES.insertInto('profiles').values({ name, ...values });
        await session.count(insert.onConflict((conflict) => conflict.column('name').doUpdateSet(values)));
      }),
    delete: (name) =>
      database.write(
        `the profile "${name}" cannot be removed`,
        async (session) => (await session.count(TABLES.deleteFrom('profiles').where('name', '=', name))) > 0,
      ),
    async close() {},
  };
}

/** A row that somebody else has changed must not keep the others from being read. */
function readProfile(
  { name, config: text }: { readonly name: string; readonly config: string },
  where: string,
): StoredProfile {
  const config = parseStoredObject(text);
  if (config !== undefined) return { name, config };
  const fault = `its row in the table "profiles" of ${where} holds no JSON object: remove it, with "automate profiles remove ${name}", and set it anew`;
  return { name, config: {}, fault };
}
