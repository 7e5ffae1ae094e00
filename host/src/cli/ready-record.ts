import type { BootReport } from '../boot-report.ts';

/** The record with which a host that logs JSON says that it serves, and where. */
export function readyRecord(report: BootReport, now: Date): Readonly<Record<string, unknown>> {
  return {
    level: 'info',
    time: now.toISOString(),
    event: 'ready',
    msg: 'the host serves',
    version: report.version,
    project: report.projectDir,
    config: report.configFile ?? null,
    grpc: report.grpcAddress,
    http: report.httpAddress,
    socket: report.socketPath ?? null,
    plugins: report.plugins.plugins.map(({ package: name, version, status, kinds, reason, message }) => ({
      package: name,
      version,
      status,
      kinds,
      reason,
      message,
    })),
    problems: report.plugins.problems,
    connectors: report.connectors.map(({ id, kind, enabled, status, lastError }) => ({
      id,
      kind,
      enabled,
      status,
      ...(lastError === '' ? undefined : { last_error: lastError }),
    })),
    warnings: report.warnings,
    stages: Object.fromEntries(report.stages.map(({ name, durationMs }) => [name, durationMs])),
  };
}
