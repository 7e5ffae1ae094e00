import type { Patience, Problem } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { appendPath } from '@automate/contract/schemas';
import type { HostConfig } from '../config/host-config.ts';
import type { ConfigRest } from '../config/parse-config.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { FindEntryFaults } from './entry-faults.ts';
import { isBelow } from './entry-faults.ts';
import { explainFileRoot } from './files-policy.ts';
import { entryOfFile } from './plan-connectors.ts';
import type { Sources } from './registry.ts';
import { describeOwner } from './registry.ts';

/** A connector that was tried out and would not work. */
export interface FailedTrial {
  readonly entry: ConnectorEntry;
  readonly failure: string;
  /** Its place in the file, as problems write it; absent where it does not stand there. */
  readonly at?: string | undefined;
  /** The section of the file that changes it, where it does not stand there itself. */
  readonly section?: string | undefined;
}

/** Finds everything that is wrong with configurations, each fault at its path in the file. */
export interface ConfigFaults {
  /** With what can be read of one, beside what is known already, of which nothing is said that only follows from it. */
  inRest(
    rest: ConfigRest,
    known: readonly Problem[],
    sources: Sources,
    patience: Patience,
  ): Promise<readonly Problem[]>;
  /** With connectors that would not work. */
  ofTrials(failed: readonly FailedTrial[], patience: Patience): Promise<readonly Problem[]>;
  /** With directories that are not granted yet. */
  inRoots(config: HostConfig, granted: readonly string[]): readonly Problem[];
}

export function createConfigFaults(options: {
  readonly find: FindEntryFaults;
  /** The host's own files and directories. */
  readonly closed: readonly string[];
}): ConfigFaults {
  const { find, closed } = options;
  const inRoots: ConfigFaults['inRoots'] = ({ fileRoots }, granted) =>
    fileRoots.flatMap((root, index) => {
      const why = granted.includes(root) ? undefined : explainFileRoot(root, closed);
      const expected = "a directory that there is, and that is none of the host's own";
      return why === undefined
        ? []
        : [{ path: appendPath('files.roots', index), expected, received: why, message: `${root} ${why}` }];
    });
  return {
    async inRest({ config, places }, known, sources, patience) {
      const reported = known.flatMap(({ path }) => (path === '' ? [] : [path]));
      const suspects = config.connectors.map((configured, at) => {
        const { index = at, lost = [] } = places[at] ?? {};
        return { entry: entryOfFile(configured, sources), at: appendPath('connectors', index), lost };
      });
      const found = await find(suspects, patience);
      // What was left out moves those behind it.
      const roots = reported.some((path) => isBelow(['files'], path)) ? [] : inRoots(config, []);
      return withoutRepeats([...roots, ...found.flat()].filter(({ path }) => !isBelow(reported, path)));
    },
    async ofTrials(failed, patience) {
      const found = await find(
        failed.map(({ entry, at = '' }) => ({ entry, at })),
        patience,
      );
      const problems = failed.flatMap((trial, index): readonly Problem[] => {
        const { entry, failure, at, section = '' } = trial;
        const own = found[index] ?? [];
        if (at !== undefined) return own.length > 0 ? own : [notWorking(trial, at)];
        const why = own.map(describeProblem).join('; ') || failure;
        return [notWorking({ entry, failure: `${why} (${describeOwner(entry.owner)})` }, section)];
      });
      return withoutRepeats(problems);
    },
    inRoots,
  };
}

function notWorking({ entry: { id }, failure }: FailedTrial, path: string): Problem {
  const message = `connector "${id}" would not work: ${failure}`;
  return { path, expected: 'a connector that works', received: 'one that does not', message };
}

/** A profile may be in the way of several connectors. */
function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  return [
    ...new Map(problems.map((problem) => [`${problem.path} ${problem.message ?? problem.expected}`, problem])).values(),
  ];
}
