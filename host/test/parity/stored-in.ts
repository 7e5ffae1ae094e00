import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The registered connectors of a project as its store holds them, in order of id, read past the host. */
export function storedIn(root: string): readonly unknown[] {
  const db = new DatabaseSync(join(root, '.automate', 'connectors.db'), { readOnly: true });
  try {
    return db
      .prepare('select config from connectors order by id')
      .all()
      .map((row) => JSON.parse(String(row['config'])) as unknown);
  } finally {
    db.close();
  }
}
