import type { BatchTable } from './answer-batches.ts';
import type { KeptFinding } from './health-history-store.ts';
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

/** What the table is asked: to add some, for those of a connector, and to forget them. */
export type HealthStep =
  | { readonly add: readonly KeptFinding[] }
  | { readonly list: string }
  | { readonly forget: string };

/** How connectors were, in the database at `file`. A power cut may cost the last findings, and nothing else. */
export function openHealthTable(file: string): BatchTable<HealthStep, readonly KeptFinding[]> {
  const database = openDatabase(file, { migrations: HEALTH_TABLES, what: 'how connectors were cannot be read' });
  database.exec('PRAGMA synchronous = NORMAL');
  const insert = database.prepare('INSERT INTO health_findings (connector, host, at, finding) VALUES (?, ?, ?, ?)');
  const trim = database.prepare(
    `DELETE FROM health_findings WHERE connector = ? AND seq <=
       (SELECT seq FROM health_findings WHERE connector = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
  );
  const last = database.prepare(
    'SELECT host, at, finding FROM health_findings WHERE connector = ? ORDER BY seq DESC LIMIT ?',
  );
  const remove = database.prepare('DELETE FROM health_findings WHERE connector = ?');
  const list = (connector: string): readonly KeptFinding[] =>
    last
      .all(connector, KEPT_FINDINGS)
      .toReversed()
      .map((row) => ({
        connector,
        host: String(row['host']),
        finding: findingOfText(String(row['finding']), Number(row['at'])),
      }));
  const change = (step: Exclude<HealthStep, { readonly list: string }>): void => {
    if ('forget' in step) return void remove.run(step.forget);
    for (const { connector, host, finding } of step.add)
      insert.run(connector, host, Date.parse(finding.at), textOfFinding(finding));
    for (const connector of new Set(step.add.map((each) => each.connector)))
      trim.run(connector, connector, KEPT_FINDINGS);
  };
  return {
    run: (steps) =>
      steps.map((step) => {
        if ('list' in step) return list(step.list);
        inTransaction(database, () => change(step));
        return [];
      }),
    close: () => database.close(),
  };
}
