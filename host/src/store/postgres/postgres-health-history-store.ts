import { CompiledQuery } from 'kysely';
import type { HealthHistoryStore } from '../health-history-store.ts';
import { findingOfText, KEPT_FINDINGS, textOfFinding } from '../health-history-store.ts';
import type { PostgresDatabase } from './postgres-database.ts';

const INSERT = `INSERT INTO automate.health_findings (connector, host, at, finding)
  SELECT connector, host, at, finding
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS added (connector, host, at, finding, place) ORDER BY place`;

// Whom another host holds up is trimmed with the next finding: hosts that waited for each other's rows would wait in a circle.
const TRIM = `DELETE FROM automate.health_findings WHERE seq IN (
  SELECT old.seq FROM unnest($1::text[]) AS of (connector)
  CROSS JOIN LATERAL (SELECT seq FROM automate.health_findings WHERE connector = of.connector ORDER BY seq DESC LIMIT 1 OFFSET $2) AS cut
  JOIN automate.health_findings AS old ON old.connector = of.connector AND old.seq <= cut.seq
  FOR UPDATE OF old SKIP LOCKED)`;

const LAST = `SELECT host, at, finding FROM automate.health_findings WHERE connector = $1 ORDER BY seq DESC LIMIT $2`;

/** How connectors were, in PostgreSQL. It does not end the database. */
export function openPostgresHealthHistoryStore(database: PostgresDatabase): HealthHistoryStore {
  return {
    add: (findings) =>
      database.write('how connectors were cannot be stored', async (session) => {
        const columns = [
          findings.map(({ connector }) => connector),
          findings.map(({ host }) => host),
          findings.map(({ finding }) => Date.parse(finding.at)),
          findings.map(({ finding }) => textOfFinding(finding)),
        ];
        await session.count(CompiledQuery.raw(INSERT, columns));
        await session.count(
          CompiledQuery.raw(TRIM, [[...new Set(findings.map(({ connector }) => connector))], KEPT_FINDINGS]),
        );
      }),
    list: (connector) =>
      database.read('how connectors were cannot be read', async (session) => {
        const rows = await session.rows<{ readonly host: string; readonly at: string; readonly finding: string }>(
          CompiledQuery.raw(LAST, [connector, KEPT_FINDINGS]),
        );
        return rows
          .toReversed()
          .map(({ host, at, finding }) => ({ connector, host, finding: findingOfText(finding, Number(at)) }));
      }),
    forget: (connector) =>
      database.write(`how "${connector}" was cannot be removed`, async (session) => {
        await session.count(
          CompiledQuery.raw('DELETE FROM automate.health_findings WHERE connector = $1', [connector]),
        );
      }),
    async close() {},
  };
}
