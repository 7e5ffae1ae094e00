import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './attempt.ts';
import type { HealthHistoryStore } from './health-history-store.ts';
import { findingOfText, KEPT_FINDINGS, textOfFinding } from './health-history-store.ts';
import { inTransaction } from './in-transaction.ts';
import { openDatabase } from './open-database.ts';

export const HEALTH_TABLES: readonly string[] = [
  `CREATE TABLE health_findings (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     connector TEXT NOT NULL,
     host TEXT NOT NULL,
     at INTEGER NOT NULL,
     finding TEXT NOT NULL CHECK (json_valid(finding))
   ) STRICT;
   CREATE INDEX findings_by_connector ON health_findings (connector, seq)`,
];

/** How connectors were, in `health.db` of a data directory, with mode 0600. The file is made with the first finding. */
export function openSqliteHealthHistoryStore(directory: string): HealthHistoryStore {
  const file = join(directory, 'health.db');
  let opened: ReturnType<typeof openTable> | undefined;
  const table = () => (opened ??= openTable(file));
  const isEmpty = (): boolean => opened === undefined && !existsSync(file);
  return {
    add: (findings) =>
      attempt('how connectors were cannot be stored', file, () => {
        const { database, insert, trim } = table();
        inTransaction(database, () => {
          for (const { connector, host, finding } of findings)
            insert.run(connector, host, Date.parse(finding.at), textOfFinding(finding));
          for (const connector of new Set(findings.map((each) => each.connector)))
            trim.run(connector, connector, KEPT_FINDINGS);
        });
      }),
    list: async (connector) =>
      isEmpty()
        ? []
        : attempt('how connectors were cannot be read', file, () =>
            table()
              .last.all(connector, KEPT_FINDINGS)
              .toReversed()
              .map((row) => ({
                connector,
                host: String(row['host']),
                finding: findingOfText(String(row['finding']), Number(row['at'])),
              })),
          ),
    async forget(connector) {
      if (!isEmpty())
        await attempt(`how "${connector}" was cannot be removed`, file, () => void table().remove.run(connector));
    },
    async close() {
      opened?.database.close();
      opened = undefined;
    },
  };
}

function openTable(file: string) {
  const database = openDatabase(file, { migrations: HEALTH_TABLES, what: 'how connectors were cannot be read' });
  // Nothing waits within SQLite, or for the disk, as the whole host would: a power cut may cost the last findings, and nothing else.
  database.exec('PRAGMA busy_timeout = 0; PRAGMA synchronous = NORMAL');
  return {
    database,
    insert: database.prepare('INSERT INTO health_findings (connector, host, at, finding) VALUES (?, ?, ?, ?)'),
    trim: database.prepare(
      `DELETE FROM health_findings WHERE connector = ? AND seq <=
         (SELECT seq FROM health_findings WHERE connector = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
    ),
    last: database.prepare(
      'SELECT host, at, finding FROM health_findings WHERE connector = ? ORDER BY seq DESC LIMIT ?',
    ),
    remove: database.prepare('DELETE FROM health_findings WHERE connector = ?'),
  };
}
