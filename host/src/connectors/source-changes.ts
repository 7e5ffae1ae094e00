import { isDeepStrictEqual } from 'node:util';
import type { PluginReport, Problem } from '@automate/contract';
import type { HostConfig } from '../config/host-config.ts';
import type { loadConfig } from '../config/load-config.ts';
import type { HostLog } from '../log/host-log.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { PluginScanner } from '../plugins/plugin-scanner.ts';
import type { AppliedChange, Changes } from './changes.ts';

/** What a reload did. */
export type ReloadResult =
  | {
      readonly ok: true;
      readonly added: readonly string[];
      readonly updated: readonly string[];
      readonly removed: readonly string[];
    }
  /** The file is broken: everything is as it was. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface SourceChangesOptions {
  readonly changes: Changes;
  readonly scanner: PluginScanner;
  load(): ReturnType<typeof loadConfig>;
  /** Hears of a configuration before it is put to work. */
  learn(config: HostConfig): void;
  readonly log: HostLog;
}

/** The changes of what connectors are made of: the file, the packages, the kinds of the embedding program. */
export class SourceChanges {
  readonly #options: SourceChangesOptions;

  constructor(options: SourceChangesOptions) {
    this.#options = options;
  }

  /** Puts to work what stands, as the host starts. */
  start(): Promise<AppliedChange> {
    return this.#options.changes.ofAll(() => () => ({ answer: (change) => change }));
  }

  /** Reads the file again. */
  reload(): Promise<ReloadResult> {
    const { changes, scanner, load, learn, log } = this.#options;
    return changes
      .ofAll<ReloadResult>(async () => {
        // Read in its turn, so that an older reading never comes last.
        const next = await load();
        if (!next.ok) throw new BrokenFile(next.problems);
        learn(next.config);
        return (now) => ({
          sources: {
            config: next.config,
            ...(isDeepStrictEqual(now.sources.config.plugins, next.config.plugins)
              ? {}
              : { kinds: now.sources.kinds.withDiscovered(scanner.scan(next.config.plugins, { full: false })) }),
          },
          answer: ({ warnings, ...names }) => {
            for (const warning of warnings) log.warn({}, warning);
            log.info(names, 'the configuration was read again');
            return { ok: true, ...names };
          },
        });
      })
      .catch((error: unknown) => {
        if (!(error instanceof BrokenFile)) throw error;
        log.error({ problems: error.problems }, 'the configuration file is broken: everything stays as it was');
        return { ok: false, problems: error.problems };
      });
  }

  /** Looks for packages again, in the whole of `node_modules`. */
  rescan(): Promise<PluginReport> {
    const { changes, scanner } = this.#options;
    return changes.ofAll(() => ({ sources: { config, kinds } }) => ({
      sources: { kinds: kinds.withDiscovered(scanner.scan(config.plugins, { full: true })) },
      answer: () => scanner.lastReport,
    }));
  }

  /** Adds a kind of the embedding program's. */
  register(kind: Kind): Promise<void> {
    return this.#options.changes.ofAll(() => ({ sources: { kinds } }) => ({
      sources: { kinds: kinds.withRegistered(kind) },
      answer: () => undefined,
    }));
  }
}

/** Ends the change that a file asked for which cannot be taken. */
class BrokenFile extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the configuration file is broken');
    this.problems = problems;
  }
}
