// Long, as the file, a text in its place and the packages come into force in one way, which stands here whole.
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ConfigPlan, ConfigText, Patience, PluginReport, Problem } from '@automate/contract';
import { ConfigInvalidError, describeProblem } from '@automate/contract';
import type { ReadConfig } from '../config/explain-mistake.ts';
import { explainMistake, isCut } from '../config/explain-mistake.ts';
import type { HostConfig, PluginsConfig } from '../config/host-config.ts';
import type { loadConfig, LoadedConfig, UnusableConfig } from '../config/load-config.ts';
import type { HostEvents, SourceNews } from '../events/host-events.ts';
import { patienceOf } from '../execution/wait-within.ts';
import type { HostLog } from '../log/host-log.ts';
import type { Kind, KindCatalog } from '../plugins/kind-catalog.ts';
import type { PluginScanner } from '../plugins/plugin-scanner.ts';
import type { Snapshots } from '../plugins/snapshots/snapshots.ts';
import type { AppliedChange, Changes, Proposal } from './changes.ts';
import type { ConfigFaults } from './config-faults.ts';
import type { DraftedPlan } from './config-plans.ts';
import { configNotApplied, describeProposal, planOfProblems } from './config-plans.ts';
import type { Registry, Sources } from './registry.ts';
import { reportHeldBack } from './report-held-back.ts';

/** How long a file has to stay as it is that is the first part of what it was, in milliseconds. */
const SETTLE_MS = 1_000;

/** What a reload did. */
export type ReloadResult =
  | ({ readonly ok: true } & Omit<AppliedChange, 'warnings'>)
  /** The file is broken, or taken for a mistake: everything is as it was. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface SourceChangesOptions {
  readonly changes: Changes;
  readonly scanner: PluginScanner;
  readonly snapshots: Pick<Snapshots, 'markBuilds'>;
  /** The configuration that the host starts with. */
  readonly loaded: ReadConfig;
  load(): ReturnType<typeof loadConfig>;
  /** Called when what a scan found has been put to work. */
  onScanned(): Promise<void>;
  /** Hears of a configuration before anything of it is tried out or put to work. */
  learn(config: HostConfig): void;
  /** Hears of a configuration that is about to be in force. */
  enforce(config: HostConfig): void;
  /** In what packages differ from what was locked, where these settings hold to that. */
  drift(settings: PluginsConfig, report: PluginReport): readonly Problem[];
  /** Reads a text as if it were the file's. */
  parse(text: string, name: string | undefined): LoadedConfig;
  /** Puts a text in the place of the file. */
  replaceFile(text: string): Promise<void>;
  /** Everything that is wrong with a configuration of which a part can be read, or of which connectors do not work. */
  readonly faults: ConfigFaults;
  /** Names of packages that this run of the host does without. */
  readonly without: readonly string[];
  /** Whether connectors run here, so that there is something to compare with. */
  readonly runs: boolean;
  readonly log: HostLog;
  readonly events: HostEvents;
}

/** The kinds that there are with a configuration, and what was found of them; nothing of it is in force. */
interface Scanned {
  readonly kinds: KindCatalog;
  /** Absent: what is known already. */
  readonly scanned?: PluginScanner;
}

/** A configuration that was read, of which nothing is in force. */
interface Candidate extends Scanned {
  readonly next: ReadConfig;
}

/** A plan before it is known all that is wrong with it. */
interface Drawn extends DraftedPlan {
  /** What is wrong with it beside the connectors. */
  readonly problems: readonly Problem[];
  readonly locate: (problems: readonly Problem[]) => readonly Problem[];
}

/** The changes of what connectors are made of: the file, the packages, the kinds of the embedding program. */
export class SourceChanges {
  readonly #options: SourceChangesOptions;
  #inForce: ReadConfig;

  constructor(options: SourceChangesOptions) {
    this.#options = options;
    this.#inForce = options.loaded;
  }

  /** Of the file that is in force; empty where there is none. */
  get text(): string {
    return this.#inForce.text;
  }

  /** Puts to work what stands, as the host starts: the file, and what was set over the API. */
  start(kept: Pick<Sources, 'setProfiles' | 'overlays'>): Promise<AppliedChange> {
    return this.#options.changes.ofAll(() => () => ({ sources: kept, answer: (change) => change }));
  }

  /** Reads the file again. */
  reload(): Promise<ReloadResult> {
    const { changes, learn, log } = this.#options;
    return changes
      .ofAll<ReloadResult>(async ({ sources }) => {
        // Read in its turn, so that an older reading never comes last.
        const next = await this.#read(sources);
        const { config } = next;
        learn(config);
        const { kinds, scanned } = isDeepStrictEqual(sources.config.plugins, config.plugins)
          ? { kinds: sources.kinds }
          : this.#scan(sources.kinds, config.plugins, false);
        return () => ({
          sources: { config, kinds },
          write: async () => this.#putInForce(config, scanned),
          answer: ({ warnings, ...names }) => {
            this.#inForce = next;
            this.#tell('reload', names, [sources.kinds, kinds]);
            for (const warning of [...(next.warnings ?? []), ...warnings]) log.warn({}, warning);
            log.info(names, 'the configuration was read again');
            if (names.reachOnly.length > 0)
              log.info(
                { event: 'network_policy', connectors: names.reachOnly },
                `network has changed in the configuration file: ${names.reachOnly.length} connectors start anew under it, of which nothing else has changed`,
              );
            return { ok: true, ...names };
          },
        });
      })
      .catch((error: unknown) => {
        if (!(error instanceof UnusableSources)) throw error;
        this.#tell('reload', undefined, []);
        return { ok: false, problems: error.problems };
      });
  }

  /** What a configuration would do: the text, or what the file holds now. Changes nothing. */
  async planConfig(given: ConfigText, call: CallOptions = {}): Promise<ConfigPlan> {
    const { changes, runs } = this.#options;
    const patience = patienceOf(call);
    let drawn: Drawn | undefined;
    try {
      await changes.preview(async (now) => {
        const candidate = await this.#candidate(given, now.sources, patience);
        return (standing) => ({
          sources: { config: candidate.next.config, kinds: candidate.kinds },
          nothingRuns: !runs,
          review: (proposal) => {
            drawn = this.#draw(proposal, standing, candidate);
            return 'leave';
          },
          answer: () => undefined,
        });
      }, patience);
      return drawn === undefined ? planOfProblems([]) : await this.#finish(drawn, patience);
    } catch (error) {
      if (error instanceof UnusableSources) return planOfProblems(error.problems);
      throw error;
    }
  }

  /** The same, and makes it: all of it, with the text in the place of the file, or nothing, as where the caller leaves before. */
  async applyConfig(given: ConfigText, call: CallOptions = {}): Promise<ConfigPlan> {
    const { changes, replaceFile, runs } = this.#options;
    const patience = patienceOf(call);
    let drawn: Drawn | undefined;
    try {
      return await changes.ofAll<ConfigPlan>(async (before) => {
        const candidate = await this.#candidate(given, before.sources, patience);
        const { next, kinds, scanned } = candidate;
        const former = before.sources.kinds;
        let plan = planOfProblems([]);
        return (standing) => ({
          sources: { config: next.config, kinds },
          nothingRuns: !runs,
          review: (proposal) => {
            const { failed, problems, locate: _locate, ...rest } = (drawn = this.#draw(proposal, standing, candidate));
            if (failed.length > 0 || problems.length > 0) throw new UnusableSources([]);
            plan = { ...rest, problems: [] };
            return 'make';
          },
          write: async () => {
            if (given.yaml !== undefined) await replaceFile(given.yaml);
            this.#putInForce(next.config, scanned);
          },
          answer: ({ warnings: _warnings, ...names }) => {
            this.#inForce = next;
            if (runs) this.#tell('apply', names, [former, kinds]);
            this.#options.log.info(names, 'a configuration was applied');
            return plan;
          },
        });
      }, patience);
    } catch (error) {
      if (!(error instanceof UnusableSources)) throw error;
      throw configNotApplied(drawn === undefined ? error.problems : (await this.#finish(drawn, patience)).problems);
    }
  }

  /** What a proposal comes to, as far as it can be told at once. */
  #draw(proposal: Proposal, now: Registry, { next }: Candidate): Drawn {
    const { runs, faults, without } = this.#options;
    const granted = runs ? now.sources.config.fileRoots : [];
    const warnings = [...(next.warnings ?? []), ...(without.length > 0 ? [describeWithout(without)] : [])];
    return {
      ...describeProposal(proposal, { now, candidate: { config: next.config, warnings }, runs }),
      problems: faults.inRoots(next.config, granted),
      locate: next.problemsWith ?? ((problems) => problems),
    };
  }

  /** With everything that is wrong with it. */
  async #finish({ failed, problems, locate, ...plan }: Drawn, patience: Patience): Promise<ConfigPlan> {
    const { changes, faults } = this.#options;
    const found = await changes.wait(patience, () => faults.ofTrials(failed, patience));
    return { ...plan, problems: locate([...problems, ...found]) };
  }

  async #candidate(given: ConfigText, sources: Sources, patience: Patience): Promise<Candidate> {
    const { load, parse, learn } = this.#options;
    const next = given.yaml === undefined ? await load() : parse(given.yaml, given.name);
    if (!next.ok) throw new UnusableSources(await this.#everyFault(next, sources, patience));
    const mistake = explainMistake(this.#inForce, next);
    if (mistake !== undefined)
      throw new UnusableSources([{ ...mistake, ...(given.name === undefined ? {} : { file: given.name }) }]);
    learn(next.config);
    const { problems, ...found } = this.#kindsWith(next.config, sources);
    if (problems.length > 0) throw new UnusableSources(problems);
    return { next, ...found };
  }

  /** The kinds that there are with a configuration of which nothing is in force, and what keeps it from being put in force. */
  #kindsWith({ plugins }: HostConfig, { config, kinds }: Sources): Scanned & { readonly problems: readonly Problem[] } {
    const { scanner, snapshots, drift } = this.#options;
    if (isDeepStrictEqual(config.plugins, plugins)) return { kinds, problems: [] };
    const aside = scanner.aside();
    const found = snapshots.markBuilds(aside.scan(plugins, { full: false }), { admits: false });
    const problems = drift(plugins, aside.lastReport);
    return { kinds: kinds.withDiscovered(found), scanned: aside, problems };
  }

  /** What is wrong with a configuration that cannot be used: with what can be read of it as well. */
  async #everyFault(
    { problems, rest }: UnusableConfig,
    sources: Sources,
    patience: Patience = {},
  ): Promise<readonly Problem[]> {
    if (rest === undefined) return problems;
    const { changes, faults, learn } = this.#options;
    learn(rest.config);
    const { kinds } = this.#kindsWith(rest.config, sources);
    const around = { ...sources, config: rest.config, kinds };
    return rest.problemsWith(await changes.wait(patience, () => faults.inRest(rest, problems, around, patience)));
  }

  /** Looks for packages again, in the whole of `node_modules`. */
  async rescan(): Promise<PluginReport> {
    const { changes, scanner, onScanned } = this.#options;
    const report = await changes
      .ofAll(({ sources: { config, kinds } }) => {
        const { kinds: found, scanned } = this.#scan(kinds, config.plugins, true);
        return (now) => ({
          sources: { kinds: found },
          write: async () => scanner.adopt(scanned),
          answer: (change) => {
            this.#tell('rescan', change, [kinds, found]);
            return reportHeldBack(scanner.report(), now);
          },
        });
      })
      .catch((error: unknown) => {
        if (!(error instanceof UnusableSources)) throw error;
        const { problems } = error;
        throw new ConfigInvalidError(`everything goes on as it was: ${problems.map(describeProblem).join('; ')}`, {
          problems,
        });
      });
    await onScanned();
    return report;
  }

  /** Tells what a change did, and which packages came and went with it; without a change, that the file could not be taken. */
  #tell(
    operation: SourceNews['operation'],
    change: Omit<AppliedChange, 'warnings'> | undefined,
    [before, after]: readonly KindCatalog[],
  ): void {
    const { added = [], updated = [], removed = [], heldBack = [], reachOnly = [] } = change ?? {};
    const [old, now] = [packagesOf(before), packagesOf(after)];
    const packages = [
      ...[...old].filter((each) => !now.has(each)).map((each) => `- ${each}`),
      ...[...now].filter((each) => !old.has(each)).map((each) => `+ ${each}`),
    ];
    const ids = { added, updated, removed, reachOnly, heldBack: heldBack.map(({ id }) => id) };
    this.#options.events.emit('sourced', { operation, failed: change === undefined, ...ids, packages });
  }

  /** What holds beside the connectors holds before them, and not before all else has been found right. */
  #putInForce(config: HostConfig, scanned: PluginScanner | undefined): void {
    const { scanner, enforce } = this.#options;
    if (scanned !== undefined) scanner.adopt(scanned);
    enforce(config);
  }

  #scan(kinds: KindCatalog, settings: PluginsConfig, full: boolean): Required<Scanned> {
    const { scanner, snapshots, drift, log } = this.#options;
    const aside = scanner.aside();
    const found = aside.scan(settings, { full });
    const problems = drift(settings, aside.lastReport);
    if (problems.length > 0) {
      log.error({ problems }, 'the packages are not those of connectors.lock: everything stays as it was');
      throw new UnusableSources(problems);
    }
    return { kinds: kinds.withDiscovered(snapshots.markBuilds(found)), scanned: aside };
  }

  /** The file as it is to be put to work. */
  async #read(sources: Sources): Promise<ReadConfig> {
    const { load, log } = this.#options;
    let next = await load();
    // Whoever writes the file anew may be at it.
    if (next.ok && isCut(this.#inForce, next) && explainMistake(this.#inForce, next) === undefined) {
      await delay(SETTLE_MS, undefined, { ref: false });
      next = await load();
    }
    if (!next.ok) {
      const problems = await this.#everyFault(next, sources);
      log.error({ problems }, 'the configuration file is broken: everything stays as it was');
      throw new UnusableSources(problems);
    }
    const mistake = explainMistake(this.#inForce, next);
    if (mistake === undefined) return next;
    log.warn({ problems: [mistake] }, 'the configuration file is taken for a mistake: everything stays as it was');
    throw new UnusableSources([mistake]);
  }

  /** Adds a kind of the embedding program's. */
  register(kind: Kind): Promise<void> {
    return this.#options.changes.ofAll(() => ({ sources: { kinds } }) => ({
      sources: { kinds: kinds.withRegistered(kind) },
      answer: () => undefined,
    }));
  }
}

/** What is planned holds for this run of the host, which its next start may not be. */
function describeWithout(without: readonly string[]): string {
  const options = without.map((name) => `--without ${name}`).join(' ');
  return `this host was started with ${options}: what these packages provide cannot be tried out here, and comes back when it is started without that`;
}

/** The packages that kinds come from, as `name@version`. */
function packagesOf(kinds: KindCatalog | undefined): ReadonlySet<string> {
  const sources = (kinds?.all() ?? []).map(({ source }) => source);
  return new Set(
    sources.flatMap((source) => (source.via === 'package' ? [`${source.packageName}@${source.packageVersion}`] : [])),
  );
}

/** Ends a change whose file or whose packages cannot be taken. */
class UnusableSources extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('what connectors are to be made of cannot be used');
    this.problems = problems;
  }
}
