import { didYouMean, quote } from '@automate/contract';
import { findPackageManager } from '../../plugins/install/package-manager.ts';
import { openStage } from '../../plugins/install/stage.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { lookAtProject } from '../plugins/look-at-project.ts';
import type { PluginMachine } from '../plugins/plugin-machine.ts';
import { runInstaller } from '../plugins/run-installer.ts';
import type { BisectReport, Culprit } from './bisect-report.ts';
import type { EarlierVersion } from './earlier-versions.ts';
import { earlierVersions } from './earlier-versions.ts';
import { findCulprits, findLastGood } from './find-culprits.ts';
import type { Outcome, TrialOptions } from './try-host.ts';
import { tryHost } from './try-host.ts';

export interface BisectMachine {
  readonly plugins: PluginMachine;
  readonly trial: Pick<TrialOptions, 'automate' | 'args' | 'connect'>;
}

/** What is wrong with a host, for which a package is sought. */
interface Trouble {
  readonly kind: Outcome['kind'];
  readonly words: string;
  /** The connector that is not well, and its kind. */
  readonly connector?: { readonly id: string; readonly kind: string };
}

/** Finds the package that keeps the host from running, or a connector from being well, in hosts that are thrown away. */
export async function bisect(connector: string | undefined, machine: BisectMachine): Promise<BisectReport> {
  const { plugins: project, trial } = machine;
  const { looked } = await lookAtProject(project);
  const installed = [...looked.entries.values()].filter(({ status }) => status === 'admitted');
  const names = installed.map((entry) => entry.package);
  let trials = 0;
  const attempt = async (enabled: readonly string[], projectDir = project.projectDir): Promise<Outcome> => {
    trials += 1;
    const outcome = await project.during(`trying ${enabled.length} of ${names.length} plugins`, () =>
      tryHost({
        ...trial,
        projectDir,
        dataDir: project.settings.dataDir,
        without: names.filter((name) => !enabled.includes(name)),
        env: project.env,
        signal: project.signal,
      }),
    );
    project.signal.throwIfAborted();
    project.tell(`${trials}. with ${describeSome(enabled, names)}: ${describeOutcome(outcome)}`);
    return outcome;
  };

  const all = await attempt(names);
  if (connector !== undefined) requireChecked(connector, all);
  const trouble = troubleOf(all, connector);
  if (trouble === undefined) return { culprits: [], trials, others: [] };
  const others =
    all.kind === 'serves' ? all.unhealthy.map(({ id }) => id).filter((id) => id !== trouble.connector?.id) : [];
  const isBad = (outcome: Outcome): boolean => troubleOf(outcome, trouble.connector?.id)?.kind === trouble.kind;

  // The package of a connector has to be there for the connector to be asked.
  const own = installed
    .filter(({ kinds }) => trouble.connector !== undefined && kinds.includes(trouble.connector.kind))
    .map((entry) => entry.package);
  const alone = isBad(await attempt(own));
  if (alone && own.length === 0)
    throw new CliExit(
      EXIT.failed,
      `it is no plugin: without any of them too ${trouble.words}; "automate doctor" says more`,
    );
  const rest = names.filter((name) => !own.includes(name));
  const found = alone ? own : await findCulprits(rest, async (some) => isBad(await attempt([...own, ...some])));
  const culprits: Culprit[] = [];
  for (const name of found) {
    const version = looked.entries.get(name)?.version;
    const earlier = await earlierVersions(project.projectDir, name, version);
    const good = await findLastGood(earlier, (each) => isGoodWith(each));
    culprits.push({ package: name, version, lastGood: good?.version, mend: mendOf(name, good) });
  }
  return { trouble: trouble.words, culprits, trials, others };

  /** Whether a host is well with an earlier version, in a copy of the project. One that cannot be installed is not. */
  async function isGoodWith({ version, spec }: EarlierVersion): Promise<boolean> {
    const manager = findPackageManager(project.projectDir);
    if (!manager.ok) {
      project.tell(`${version} is not tried: ${manager.message}`);
      return false;
    }
    const stage = openStage({ ...project, leadsOut: spec.includes('..') });
    try {
      await project.during(`installing ${spec}`, () =>
        runInstaller(manager.manager, manager.manager.args('add', [spec]), {
          cwd: stage.directory,
          env: project.env,
          signal: project.signal,
        }),
      );
      project.tell(`with ${spec} installed in a copy of the project:`);
      return !isBad(await attempt(names, stage.directory));
    } catch (error) {
      project.signal.throwIfAborted();
      project.tell(`${version} cannot be tried: ${(error as Error).message.split('\n')[0]}`);
      return false;
    } finally {
      stage.discard();
    }
  }
}

/** What is not looked at would pass for well. */
function requireChecked(connector: string, outcome: Outcome): void {
  if (outcome.kind === 'ended') return;
  const { ids, unchecked } = outcome;
  if (!ids.includes(connector))
    throw new CliExit(EXIT.usage, `no connector has the id ${quote(connector)}${didYouMean(connector, ids)}`);
  const why = unchecked.get(connector);
  if (why !== undefined) throw new CliExit(EXIT.failed, `the connector "${connector}" cannot be looked at: ${why}`);
}

function troubleOf(outcome: Outcome, connector: string | undefined): Trouble | undefined {
  if (outcome.kind === 'ended') return { kind: 'ended', words: outcome.why };
  const found = outcome.unhealthy.find(({ id }) => connector === undefined || id === connector);
  return (
    found && { kind: 'serves', words: `the connector "${found.id}" is unhealthy: ${found.message}`, connector: found }
  );
}

function mendOf(name: string, good: EarlierVersion | undefined): string {
  if (good === undefined) return `automate plugins remove ${name}`;
  return good.isPrevious ? `automate plugins rollback ${name}` : `automate plugins add ${good.spec}`;
}

function describeSome(enabled: readonly string[], all: readonly string[]): string {
  if (enabled.length === 0) return 'no plugin';
  if (enabled.length === all.length) return `all ${all.length} plugins`;
  return enabled.length <= 3 ? enabled.join(', ') : `${enabled.length} of ${all.length} plugins`;
}

function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'ended') return outcome.why;
  const ids = outcome.unhealthy.map(({ id }) => id);
  return ids.length === 0 ? 'all is well' : `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''} unhealthy`;
}
