// Long, as the steps of a change of packages stand together, in order.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { HostConfig } from '../../config/host-config.ts';
import { discover } from '../../plugins/compatibility/discover.ts';
import type { InstallVerb, PackageManager } from '../../plugins/install/package-manager.ts';
import { findPackageManager } from '../../plugins/install/package-manager.ts';
import type { Stage } from '../../plugins/install/stage.ts';
import { openStage, repairStage, StageTakenError } from '../../plugins/install/stage.ts';
import type { ConnectorsLock } from '../../plugins/lock/connectors-lock.ts';
import { formatLock, LOCK_FILE, replaceLock } from '../../plugins/lock/connectors-lock.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { formatChange } from './format-change.ts';
import type { LookedAt } from './look-at-plugins.ts';
import type { ProjectState } from './look-at-project.ts';
import { lookAtProject } from './look-at-project.ts';
import type { PluginOutcome, PluginRequest } from './plugin-changes.ts';
import type { PluginMachine } from './plugin-machine.ts';
import type { PluginPlan } from './plugin-plan.ts';
import { planPlugins, previousSpec } from './plugin-plan.ts';
import { findRegistryFacts, findWorkingVersion } from './registry-facts.ts';
import { runInstaller } from './run-installer.ts';
import { isPath, nameIn, registeredName } from './spec-names.ts';

/**
 * Changes the packages of a project: in a copy of it, which takes the place of the project once everything has been looked at, described and accepted.
 * Throws CliExit where something speaks against it, and then nothing was changed.
 */
export async function changePlugins(request: PluginRequest, machine: PluginMachine): Promise<PluginOutcome> {
  const { projectDir, tell } = machine;
  tellRepair(repairStage(projectDir, machine.isAlive), tell);
  const state = await lookAtProject(machine);
  const warnings: string[] = [];
  const warn = (warning: string): void => {
    warnings.push(warning);
    tell(`warning: ${warning}`);
  };
  if (request.installed) return acceptInstalled(request, machine, { ...state, warnings, warn });
  const { config, lock, looked: before } = state;
  const named = request.specs.flatMap((spec) => nameIn(spec) ?? []);
  const told = tellInstaller(request, { machine, before, lock });
  requireKnown(request, named, { before, lock });
  if (told.specs.length === 0) {
    tell('nothing to do: there are no packages of connectors');
    return { changes: [], warnings };
  }
  const found = findPackageManager(projectDir);
  if (!found.ok) throw new CliExit(EXIT.failed, found.message);
  const outside = leadsOut([...told.specs, ...config.plugins.paths], projectDir);
  const takesAll = request.verb === 'update' && request.specs.length === 0;
  for (let { specs } = told; ;) {
    const stage = takeStage(machine, outside);
    try {
      const args = found.manager.args(told.verb, specs);
      await machine.during('installing', () => install(found.manager, args, { stage, machine }));
      const after = state.look(stage.directory);
      const changed = [...after.asked]
        .filter(([name, wanted]) => before.asked.get(name) !== wanted)
        .map(([name]) => name);
      const wanted = request.verb === 'remove' ? [] : [...new Set([...named, ...changed])];
      const plan = await machine.during('describing', () => planPlugins({ before, after, lock, named: wanted }));
      const reasons = await whyRefused(plan, wanted, {
        after,
        before,
        machine,
        stage,
        strict: config.plugins.strict,
        installer: found.manager.name,
      });
      const good = specs.filter((name) => !reasons.has(name));
      // Who wants what is newest of all does not want less of it for the sake of one that is broken.
      if (takesAll && reasons.size > 0 && good.length > 0 && good.length < specs.length) {
        for (const name of specs) if (reasons.has(name)) warn(`not updated: ${reasons.get(name) ?? name}`);
        specs = good;
        continue;
      }
      if (reasons.size > 0) throw new CliExit(EXIT.failed, ['nothing was changed:', ...reasons.values()].join('\n'));
      if (!isWorthAsking(plan, { projectDir, lock, tell }, 'what is wanted is installed and accepted already'))
        return { changes: [], warnings };
      await show(plan, { machine, stage, after, warn });
      tellUsers(plan, before, config, warn);
      tellUnsigned(stage.directory, config, machine.hostVersion, warn);
      await accept(request, machine, 'Install that?');
      writeFileSync(join(stage.directory, LOCK_FILE), formatLock(plan.lock));
      stage.commit();
      // Before anybody looks: what has two names is taken for what a package manager keeps in its store.
      stage.discard();
      return { changes: plan.changes, warnings, ...(await rescan(machine)) };
    } finally {
      stage.discard();
    }
  }
}

interface Told {
  readonly warnings: readonly string[];
  readonly warn: (warning: string) => void;
}

/** Accepts what another program installed: the lock is written, and a running host looks again. */
async function acceptInstalled(
  request: PluginRequest,
  machine: PluginMachine,
  { looked: after, lock, warnings, warn }: Pick<ProjectState, 'looked' | 'lock'> & Told,
): Promise<PluginOutcome> {
  const { projectDir, tell } = machine;
  // What was there before is told by the lock alone.
  const plan = await planPlugins({ before: { ...after, kindsOf: () => [] }, after, lock, named: [] });
  if (plan.refusals.length > 0) throw new CliExit(EXIT.failed, plan.refusals.map(({ reason }) => reason).join('\n'));
  if (!isWorthAsking(plan, { projectDir, lock, tell }, 'what is installed is accepted already'))
    return { changes: [], warnings };
  await show(plan, { machine, stage: undefined, after, warn });
  await accept(request, machine, 'Accept what is installed?');
  replaceLock(projectDir, plan.lock);
  return { changes: plan.changes, warnings, ...(await rescan(machine)) };
}

/** Whether anything would change. What changes in the lock alone is told. */
function isWorthAsking(
  { changes, lock: next }: PluginPlan,
  {
    projectDir,
    lock,
    tell,
  }: { readonly lock: ConnectorsLock | undefined } & Pick<PluginMachine, 'projectDir' | 'tell'>,
  otherwise: string,
): boolean {
  if (changes.length > 0) return true;
  if (isSameLock(projectDir, formatLock(next))) {
    tell(`nothing to do: ${otherwise}`);
    return false;
  }
  const names = Object.entries(next).map(([name, { version }]) => `${name} ${version}`);
  if (names.length === 0 && lock === undefined) {
    tell('nothing to do: there are no packages of connectors');
    return false;
  }
  tell(`${LOCK_FILE} will have ${names.length === 0 ? 'no packages: none is installed' : names.join(', ')}`);
  return true;
}

function tellRepair(repaired: ReturnType<typeof repairStage>, tell: (text: string) => void): void {
  if (repaired === 'finished')
    tell('an earlier command was ended while it put packages in place: that was finished now');
  if (repaired === 'dropped') tell('an earlier command was ended: the copy of the project that it left was removed');
}

interface Known {
  readonly machine: PluginMachine;
  readonly before: LookedAt;
  readonly lock: ConnectorsLock | undefined;
}

/** What the package manager is told. */
function tellInstaller(
  request: PluginRequest,
  { machine, before, lock }: Known,
): { readonly verb: InstallVerb; readonly specs: readonly string[] } {
  if (request.verb === 'rollback') return { verb: 'add', specs: rollbackSpecs(request.specs, lock, before) };
  const specs = toldSpecs(request, { machine, before });
  // Not every package manager takes versions with its word for updating.
  const hasVersions = request.verb === 'update' && specs.some((spec) => spec.lastIndexOf('@') > 0);
  return { verb: hasVersions ? 'add' : request.verb, specs };
}

/** Paths as they are seen from the project. */
function toldSpecs(
  { verb, specs }: PluginRequest,
  { machine: { projectDir, cwd }, before }: Omit<Known, 'lock'>,
): readonly string[] {
  if (verb === 'update' && specs.length === 0)
    return [...before.entries.keys()].filter((name) => before.asked.has(name));
  return specs.map((spec) => {
    if (!isPath(spec)) return spec;
    const path = relative(projectDir, resolve(cwd, spec.replace(/^file:/, '')));
    return path.startsWith('..') ? path : `./${path}`;
  });
}

/** Whether something is named by a path that leads out of the project. */
function leadsOut(paths: readonly string[], projectDir: string): boolean {
  const manifest = readFileSync(join(projectDir, 'package.json'), 'utf8');
  return paths.some((path) => path.startsWith('..')) || /"(?:(?:file|link|portal):)?\.\.\//.test(manifest);
}

function requireKnown(
  { verb }: PluginRequest,
  named: readonly string[],
  { before: { asked, entries }, lock }: Omit<Known, 'machine'>,
): void {
  if (verb === 'add') return;
  const unknown = named.filter((name) => !asked.has(name));
  const foreign = named.filter((name) => asked.has(name) && !entries.has(name) && lock?.[name] === undefined);
  if (verb === 'remove' && unknown.length === 0 && foreign.length > 0)
    throw new CliExit(
      EXIT.failed,
      `nothing was changed: ${foreign.join(', ')}: no connector package that is installed; remove it with the package manager`,
    );
  if (unknown.length === 0) return;
  throw new CliExit(
    EXIT.failed,
    `${unknown.join(', ')}: not among the project's dependencies; "automate plugins list" shows what there is`,
  );
}

/** Back to what was accepted, where something else is installed; else to what was accepted before. */
function rollbackSpecs(
  names: readonly string[],
  lock: ConnectorsLock | undefined,
  { facts, asked }: LookedAt,
): readonly string[] {
  return names.map((name) => {
    const locked = lock?.[name];
    if (locked === undefined)
      throw new CliExit(
        EXIT.failed,
        `${name}: ${LOCK_FILE} knows no earlier version of it; name the one that you want: automate plugins add ${name}@VERSION`,
      );
    // An alias stands for another package than the registry has under its name.
    const accepted = previousSpec(name, locked.version, asked.get(name) ?? '');
    if (accepted !== undefined && facts.has(name) && facts.get(name)?.version !== locked.version) return accepted;
    if (locked.previous !== undefined) return locked.previous.spec;
    throw new CliExit(
      EXIT.failed,
      `${name}: ${LOCK_FILE} knows no version before ${locked.version}; name the one that you want: automate plugins add ${name}@VERSION`,
    );
  });
}

function takeStage({ projectDir, pid, isAlive }: PluginMachine, outside: boolean): Stage {
  try {
    return openStage({ projectDir, pid, isAlive, leadsOut: outside });
  } catch (error) {
    if (error instanceof StageTakenError) throw new CliExit(EXIT.failed, error.message);
    throw new Error(`${projectDir} cannot be copied: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function install(
  manager: PackageManager,
  args: readonly string[],
  { stage, machine }: { readonly stage: Stage; readonly machine: PluginMachine },
): Promise<void> {
  const { env, signal } = machine;
  try {
    await runInstaller(manager, args, { cwd: stage.directory, env, signal });
  } catch (error) {
    if (signal.aborted) throw new CliExit(EXIT.failed, 'interrupted: nothing was changed');
    const said = error instanceof Error ? error.message : String(error);
    throw new CliExit(EXIT.failed, `nothing was changed: ${inProject(said, stage, machine)}`);
  }
}

interface Judged {
  readonly before: LookedAt;
  readonly after: LookedAt;
  readonly machine: PluginMachine;
  readonly stage: Stage;
  readonly strict: boolean;
  readonly installer: PackageManager['name'];
}

/** What speaks against the plan, by package: everything at once, with a version that works where one is known. */
async function whyRefused(
  plan: PluginPlan,
  wanted: readonly string[],
  { before, after, machine, stage, strict, installer }: Judged,
): Promise<ReadonlyMap<string, string>> {
  const isOurs = (name: string): boolean => after.entries.has(name) || before.entries.has(name);
  const foreign = wanted
    .filter((name) => !isOurs(name))
    .map(
      (name) => [name, `${name} is no connector package: it has no "automate.connectors" in its package.json`] as const,
    );
  const options = { cwd: stage.directory, env: machine.env, signal: machine.signal };
  const host = { hostVersion: machine.hostVersion, strict };
  const refused = plan.refusals.map(async ({ package: name, reason, isForOtherHost }) => {
    const registered = registeredName(name, after.asked.get(name) ?? '');
    const known =
      isForOtherHost && registered !== undefined ? await findWorkingVersion(registered, host, options) : undefined;
    const spec = registered === name ? `${name}@${known ?? ''}` : `${name}@npm:${registered ?? ''}@${known ?? ''}`;
    const stays = before.facts.get(name)?.version;
    const sentence = [
      inProject(reason, stage, machine),
      ...(installer === 'yarn' && isWithoutSdk(reason) ? [YARN_PEERS] : []),
      ...(known === undefined ? [] : [`version ${known} is for this host: automate plugins add ${spec}`]),
      ...(stays === undefined ? [] : [`version ${stays} stays installed`]),
    ].join('; ');
    return [name, sentence] as const;
  });
  const reasons = new Map<string, string>(foreign);
  for (const [name, sentence] of await Promise.all(refused))
    reasons.set(name, [...(reasons.has(name) ? [reasons.get(name)] : []), sentence].join('\n'));
  return reasons;
}

const YARN_PEERS = 'Yarn installs no peers by itself: say "yarn add @automate/sdk" first';

function isWithoutSdk(reason: string): boolean {
  return reason.includes('@automate/sdk, which the package asks for, is not installed');
}

interface Shown extends Pick<Told, 'warn'> {
  readonly machine: PluginMachine;
  readonly stage: Stage | undefined;
  readonly after: LookedAt;
}

async function show(plan: PluginPlan, { machine, stage, after, warn }: Shown): Promise<void> {
  const { env, signal, hostVersion } = machine;
  for (const change of plan.changes) {
    const name = registeredName(change.package, after.asked.get(change.package) ?? '');
    const isInstalled = change.to !== undefined && stage !== undefined && name !== undefined;
    const asked = isInstalled ? `${name}@${change.to}` : undefined;
    const cwd = stage?.directory ?? machine.projectDir;
    machine.tell(formatChange(change, { hostVersion, registry: await findRegistryFacts(asked, { cwd, env, signal }) }));
  }
  for (const warning of plan.warnings) warn(warning);
}

/** Which connectors of the configuration file will be without their kind. */
function tellUsers(plan: PluginPlan, { kindsOf }: LookedAt, { connectors }: HostConfig, warn: Told['warn']): void {
  for (const { package: name, to } of plan.changes) {
    if (to !== undefined) continue;
    const kinds = kindsOf(name).map(({ kind }) => kind);
    const ids = connectors.flatMap(({ config }) => (kinds.includes(config.kind) ? [JSON.stringify(config.id)] : []));
    if (ids.length > 0) warn(`without ${name} these connectors have no kind: ${ids.join(', ')}`);
  }
}

/** What a host would refuse for that, once it is installed: only what lies there can be signed. */
function tellUnsigned(root: string, { plugins }: HostConfig, hostVersion: string, warn: Told['warn']): void {
  if (plugins.signatures !== 'require') return;
  for (const { package: name, reason, message } of discover({ root, hostVersion, ...plugins }).report.plugins)
    if (reason === 'unsigned') warn(`${name} ${message ?? ''}`);
}

async function accept({ yes }: PluginRequest, { confirm }: PluginMachine, question: string): Promise<void> {
  if (yes) return;
  const answer = await confirm(`${question} [y/N] `);
  if (answer === true) return;
  throw new CliExit(
    EXIT.failed,
    answer === undefined
      ? 'nothing was changed: there is no terminal to ask on; say it again with --yes to accept what is shown'
      : 'nothing was changed',
  );
}

/** The running host looks at once, and does not wait until it notices. */
async function rescan({ openRunning, signal }: PluginMachine): Promise<Pick<PluginOutcome, 'running'>> {
  try {
    await using service = await openRunning();
    if (service === undefined) return {};
    return { running: (await service.rescanPlugins({ signal })).plugins };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliExit(
      EXIT.failed,
      `that is installed; but the running host could not look at it: ${reason}; say "automate plugins check" once that is mended`,
    );
  }
}

function isSameLock(projectDir: string, text: string): boolean {
  try {
    return readFileSync(join(projectDir, LOCK_FILE), 'utf8') === text;
  } catch {
    return false;
  }
}

/** Names places as the user knows them. */
function inProject(text: string, stage: Stage, { projectDir }: PluginMachine): string {
  return text.replaceAll(stage.directory, projectDir);
}
