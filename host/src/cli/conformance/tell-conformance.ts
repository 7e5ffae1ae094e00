import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ConformanceCliOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import type { FormatTable } from '../format-table.ts';
import type { ProgramOptions } from '../plugins/run-installer.ts';
import { checkCompatibility } from './check-compatibility.ts';
import type { Former } from './find-former.ts';
import { findFormer } from './find-former.ts';
import type { CheckResult, Suite, SuiteReport } from './load-suite.ts';
import { loadSuite } from './load-suite.ts';
import { packageIntegrity } from './package-integrity.ts';
import { renderBadge } from './render-badge.ts';

export interface ConformanceMachine extends Omit<ProgramOptions, 'cwd'> {
  readonly projectDir: string;
  /** Where the host's own package lies. */
  readonly hostDir: string;
  readonly createHost: unknown;
  readonly formatTable: FormatTable;
}

const WORDS: Readonly<Record<CheckResult['status'], string>> = {
  passed: 'ok',
  failed: 'FAILED',
  not_tried: 'not tried',
  not_concerned: '-',
};

/** Makes every check on a package, and tells the scorecard for people or for programs. */
export async function tellConformance(
  { target, checks, badge, against, json }: ConformanceCliOptions & { readonly target: string; readonly json: boolean },
  machine: ConformanceMachine,
): Promise<{ readonly text: string; readonly full: boolean }> {
  const directory = findPackage(target, machine.projectDir);
  const suite = await loadSuite([directory, machine.projectDir, machine.hostDir]);
  const { projectDir, env, signal } = machine;
  const former =
    against === undefined
      ? undefined
      : await findFormer(against, {
          packageName: nameOf(directory),
          places: [directory, projectDir],
          suite,
          env,
          signal,
        });
  const ran = await suite.runConformance(directory, {
    createHost: machine.createHost,
    ...(checks === undefined ? {} : { only: checks }),
  });
  const report = former === undefined ? ran : await compareWith(former, directory, { suite, report: ran });
  if (report.total === 0) throw new CliExit(EXIT.usage, `there is no check ${(checks ?? []).join(', ')}`);
  const facts = {
    package: report.package,
    version: report.version,
    passed: report.passed,
    total: report.total,
    integrity: await packageIntegrity(directory),
  };
  if (badge !== undefined) await writeFile(resolve(badge), renderBadge(facts));
  const full = report.passed === report.total;
  if (!json) return { text: formatReport(report, facts.integrity, machine.formatTable), full };
  const kinds = report.kinds.map((each) => ({
    kind: each.kind,
    checks: each.checks.map(({ tookMs, ...check }) => ({ ...check, took_ms: tookMs })),
  }));
  return { text: JSON.stringify({ ...facts, full, kinds }, undefined, 2), full };
}

/** The report with one more check of each kind: what it promised before. */
async function compareWith(
  former: Former,
  directory: string,
  { suite, report }: { readonly suite: Suite; readonly report: SuiteReport },
): Promise<SuiteReport> {
  const described = await suite.describeKinds(directory);
  const gone = former.kinds.filter((kind) => report.kinds.every((each) => each.kind !== kind));
  const kinds = [
    ...report.kinds.map(({ kind, checks }) => {
      const now = described.find((each) => each.kind === kind);
      return { kind, checks: [...checks, checkCompatibility(now, former, report.version)] };
    }),
    ...gone.map((kind) => ({ kind, checks: [checkCompatibility('gone', former, report.version)] })),
  ];
  const added = kinds.map(({ checks }) => checks.at(-1)?.status).filter((status) => status !== 'not_concerned');
  const passed = added.filter((status) => status === 'passed').length;
  return { ...report, kinds, total: report.total + added.length, passed: report.passed + passed };
}

function nameOf(directory: string): string {
  const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { readonly name?: unknown };
  return typeof name === 'string' ? name : '';
}

/** A directory, or a package of the project by its name. */
function findPackage(target: string, projectDir: string): string {
  const places = [resolve(target), join(projectDir, 'node_modules', target)];
  const found = places.find((place) => existsSync(join(place, 'package.json')));
  if (found === undefined)
    throw new CliExit(EXIT.usage, `there is no package ${target}: neither ${places.join(' nor ')} has a package.json`);
  return realpathSync(found);
}

function formatReport(report: SuiteReport, integrity: string, formatTable: FormatTable): string {
  const rows = report.kinds.flatMap(({ kind, checks }) =>
    checks.map(({ name, title, status, message }) => [
      kind,
      name,
      WORDS[status],
      // In one line: a comparison runs over many.
      status === 'passed' || message === undefined ? title : message.replaceAll(/\s+/g, ' ').slice(0, 300),
    ]),
  );
  return [
    formatTable(['KIND', 'CHECK', 'RESULT', 'WHAT'], rows),
    '',
    `${report.package} ${report.version}: ${report.passed} of ${report.total} passed`,
    integrity,
  ].join('\n');
}
