import type { ConnectorInfo, HealthFinding } from '../../api/types.ts';

/** Since when a connector has the status that it has, as far back as its findings are kept; undefined where they do not say. */
export function sinceWhen(findings: readonly HealthFinding[], status: ConnectorInfo['status']): string | undefined {
  const other = findings.findLastIndex((finding) => finding.status !== status);
  return findings[other + 1]?.at;
}
