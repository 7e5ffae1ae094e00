import type { ConnectorInfo, KindPermission, PluginEntry, PluginProblem, PluginReport } from '@automate/contract';

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
  /** Path of the socket for programs of the host's own user; absent where there is none. */
  readonly socketPath?: string;
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

/** Marks words for people who look at a terminal. */
export type ReportStyle = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

const plain: ReportStyle = (_format, text) => text;

/** The report for people: what was found, refused and why, what is configured, where it listens, how long it took. */
export function formatBootReport(report: BootReport, style: ReportStyle = plain): string {
  const { plugins, connectors, stages } = report;
  const admitted = plugins.plugins.filter((plugin) => plugin.status === 'admitted');
  const refused = plugins.plugins.filter((plugin) => plugin.status !== 'admitted');
  const usable = connectors.filter((connector) => connector.enabled && connector.lastError === '');
  const section = (title: string, words: string): string => `  ${style('bold', title.padEnd(13))}  ${words}`;
  const total = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  const lines = [
    `${style('bold', `automate ${report.version}`)} in ${report.projectDir}`,
    section('configuration', report.configFile ?? 'no file: "automate init" writes one'),
    section(
      'plugins',
      plugins.plugins.length === 0 ? noneFound(plugins) : `${admitted.length} admitted, ${refused.length} refused`,
    ),
    ...formatAdmitted(admitted, style),
    ...refused.flatMap((plugin) => formatRefused(plugin, style)),
    ...plugins.problems.map((problem) => `    ${style('red', '!')} ${problem.path}: ${describePluginProblem(problem)}`),
    section(
      'connectors',
      connectors.length === 0 ? 'none configured' : `${connectors.length} configured, ${usable.length} usable`,
    ),
    ...formatConnectors(connectors, style),
    ...report.warnings.map((warning) => section('warning', style('yellow', warning))),
    ...(report.grpcAddress === undefined ? [] : [section('gRPC', report.grpcAddress)]),
    ...(report.httpAddress === undefined ? [] : [section('REST', `${report.httpAddress}/api/v1`)]),
    ...(report.socketPath === undefined ? [] : [section('socket', report.socketPath)]),
    section(
      'ready after',
      `${Math.round(total)} ms ${style('dim', `(${stages.map(({ name, durationMs }) => `${name} ${Math.round(durationMs)}`).join(', ')})`)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Adding a package is of no use while something keeps all of them from being found. */
export function noneFound({ problems }: PluginReport): string {
  return problems.length === 0 ? 'none found: add one with "automate plugins add"' : 'none found';
}

function formatAdmitted(plugins: readonly PluginEntry[], style: ReportStyle): readonly string[] {
  const names = plugins.map((plugin) => `${plugin.package} ${plugin.version ?? ''}`.trim());
  const width = Math.max(0, ...names.map((name) => name.length));
  return plugins.flatMap((plugin, index) => [
    `    ${style('green', '+')} ${(names[index] ?? '').padEnd(width)}  ${plugin.kinds.join(', ')}${asked(plugin, style)}`,
    ...plugin.warnings.map((warning) => `        ${style('yellow', warning)}`),
  ]);
}

function asked({ permissions }: PluginEntry, style: ReportStyle): string {
  return permissions.length === 0 ? '' : style('dim', `  asks for ${describePermissions(permissions)}`);
}

/** What is asked for, each once, and what of it is not granted. */
export function describePermissions(permissions: readonly KindPermission[]): string {
  const words = permissions.map(({ permission, value, granted }) => {
    const what = permission === 'child_process' ? permission : `${permission} ${value}`;
    if (granted.length === 0) return `${what} (not granted)`;
    return granted[0] === value ? what : `${what} (granted ${granted.join(', ')})`;
  });
  return [...new Set(words)].join(', ');
}

function formatRefused(plugin: PluginEntry, style: ReportStyle): readonly string[] {
  const name = `${plugin.package} ${plugin.version ?? ''}`.trim();
  return [
    `    ${style('red', '-')} ${name}: ${plugin.message ?? plugin.reason ?? 'refused'}`,
    ...plugin.problems.map((problem) => `        ${problem.path}: ${describePluginProblem(problem)}`),
  ];
}

function describePluginProblem({ expected, received, remedy }: PluginProblem): string {
  return `expected ${expected}, received ${received}: ${remedy}`;
}

function formatConnectors(connectors: readonly ConnectorInfo[], style: ReportStyle): readonly string[] {
  const names = connectors.map(({ id, kind }) => (id === kind ? id : `${id} (${kind})`));
  const width = Math.max(0, ...names.map((name) => name.length));
  return connectors.map((connector, index) => {
    const { enabled, endpoint, isolation, lastError } = connector;
    const [mark, state] = !enabled
      ? [style('dim', '-'), style('dim', 'disabled')]
      : lastError === ''
        ? [style('green', '+'), endpoint]
        : [style('red', '!'), lastError];
    const inline = isolation === 'none' ? 'not isolated' : '';
    const words = [state, inline].filter((word) => word !== '').join(', ');
    return `    ${mark} ${(names[index] ?? '').padEnd(width)}  ${words}`.trimEnd();
  });
}
