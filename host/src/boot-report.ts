import type { ConnectorInfo, PluginEntry, PluginReport } from '@automate/contract';

/** One step of the start and how long it took. */
export interface BootStage {
  readonly name: string;
  readonly durationMs: number;
}

/** What the host found and did while it started. */
export interface BootReport {
  readonly version: string;
  readonly projectDir: string;
  /** The configuration file; absent when there is none. */
  readonly configFile?: string;
  readonly plugins: PluginReport;
  readonly connectors: readonly ConnectorInfo[];
  /** Things that work but should be looked at. */
  readonly warnings: readonly string[];
  readonly grpcAddress?: string;
  readonly httpAddress?: string;
  readonly stages: readonly BootStage[];
}

/** Measures the stages of the start, one after the other. */
export class BootTimer {
  readonly #stages: BootStage[] = [];
  #last = performance.now();

  /** Ends the stage that has been running since the last mark. */
  mark(name: string): void {
    const now = performance.now();
    this.#stages.push({ name, durationMs: Math.round((now - this.#last) * 10) / 10 });
    this.#last = now;
  }

  get stages(): readonly BootStage[] {
    return this.#stages;
  }
}

/** The report for people. */
export function formatBootReport(report: BootReport): string {
  const { plugins, connectors } = report;
  const admitted = plugins.plugins.filter((plugin) => plugin.status === 'admitted');
  const refused = plugins.plugins.filter((plugin) => plugin.status !== 'admitted');
  const usable = connectors.filter((connector) => connector.enabled && connector.lastError === '');
  const lines = [
    `automate ${report.version} in ${report.projectDir}`,
    `  configuration  ${report.configFile ?? 'no file: "automate init" writes one'}`,
    `  plugins        ${count(admitted.length, 'admitted')}, ${count(refused.length, 'refused')}`,
    ...admitted.map((plugin) => `    + ${plugin.package} ${plugin.version ?? ''}: ${plugin.kinds.join(', ')}`),
    ...refused.flatMap(formatRefused),
    ...plugins.problems.map((problem) => `    ! ${problem.path}: expected ${problem.expected}, received ${problem.received}: ${problem.remedy}`),
    `  connectors     ${count(connectors.length, 'configured')}, ${usable.length} usable`,
    ...connectors.map(formatConnector),
    ...report.warnings.map((warning) => `  warning        ${warning}`),
    ...(report.grpcAddress === undefined ? [] : [`  gRPC           ${report.grpcAddress}`]),
    ...(report.httpAddress === undefined ? [] : [`  REST           ${report.httpAddress}/api/v1`]),
    `  started in     ${formatStages(report.stages)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function formatRefused(plugin: PluginEntry): readonly string[] {
  return [
    `    - ${plugin.package} ${plugin.version ?? ''}: ${plugin.message ?? plugin.reason ?? 'refused'}`,
    ...plugin.problems.map((problem) => `        ${problem.path}: expected ${problem.expected}, received ${problem.received}: ${problem.remedy}`),
  ];
}

function formatConnector(connector: ConnectorInfo): string {
  const state = !connector.enabled ? 'disabled' : connector.lastError === '' ? connector.endpoint : connector.lastError;
  const inline = connector.isolation === 'none' ? ' (not isolated)' : '';
  return `    ${connector.lastError === '' ? ' ' : '!'} ${connector.id} (${connector.kind})${inline}${state === '' ? '' : `: ${state}`}`;
}

function formatStages(stages: readonly BootStage[]): string {
  const total = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  return `${Math.round(total)} ms: ${stages.map((stage) => `${stage.name} ${Math.round(stage.durationMs)}`).join(', ')}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}`;
}
