import type { ConfigPlan, ConnectorError, PlannedConnector, Problem, TrialFinding } from '@automate/contract';
import { ConfigInvalidError, describeProblem } from '@automate/contract';
import { appendPath } from '@automate/contract/schemas';
import type { HostConfig } from '../config/host-config.ts';
import type { Proposal, Trial } from './changes.ts';
import type { FailedTrial } from './config-faults.ts';
import { changedSections, ownKeys, sharedKeys } from './config-keys.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { Registry } from './registry.ts';

/** A configuration that is looked at. */
export interface Candidate {
  readonly config: HostConfig;
  /** Its warnings, as it was read. */
  readonly warnings: readonly string[];
}

/** A plan but for what is wrong with it. */
export interface DraftedPlan extends Omit<ConfigPlan, 'problems'> {
  /** Connectors that would not work. */
  readonly failed: readonly FailedTrial[];
}

/** A plan of what cannot even be read. */
export function planOfProblems(problems: readonly Problem[]): ConfigPlan {
  return { connectors: [], unchanged: 0, sections: [], problems, warnings: [] };
}

/**
 * What a proposal comes to, for people and programs.
 *
 * @param runs whether anything runs: where nothing does, everything is new
 */
export function describeProposal(
  { draft, trials }: Proposal,
  { now, candidate, runs }: { readonly now: Registry; readonly candidate: Candidate; readonly runs: boolean },
): DraftedPlan {
  const idle = runs ? [] : draft.kept.filter(({ owner }) => owner === 'file');
  const planned: PlannedConnector[] = [
    ...[...draft.added, ...idle].map(({ id }) => ({
      id,
      change: 'added' as const,
      keys: [],
      ...trialOf(trials.get(id)),
    })),
    ...draft.updated.map(({ after }) => ({
      ...compare(now.get(after.id), after, runs),
      ...trialOf(trials.get(after.id)),
    })),
    ...draft.removed.map((id) => ({ id, change: 'removed' as const, keys: [] })),
  ];
  const places = new Map(
    candidate.config.connectors.map(({ config }, index) => [config.id, appendPath('connectors', index)]),
  );
  const ailing = [...trials.values()].filter(({ tolerated }) => tolerated === true);
  return {
    connectors: planned.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    unchanged: draft.kept.length - idle.length,
    sections: runs ? changedSections(now.sources.config, candidate.config) : [],
    failed: [...trials.values()].flatMap(({ after, failure }) => {
      const before = now.find(after.id);
      const section = before && sharedKeys(before, after)[0];
      return failure === undefined ? [] : [{ entry: after, failure, at: places.get(after.id), section }];
    }),
    warnings: [
      ...candidate.warnings,
      ...draft.warnings,
      ...ailing.map(({ after: { id }, finding: { message = '' } = {} }) =>
        runs && now.find(id)?.state.phase === 'usable'
          ? `connector "${id}" is not well, as it is now: ${message}`
          : `connector "${id}", which is new, is not well: ${message}; that keeps nothing from being applied`,
      ),
    ],
  };
}

/** The error of a configuration that is not applied. */
export function configNotApplied(problems: readonly Problem[]): ConnectorError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new ConfigInvalidError(
    `nothing was applied, and everything is as it was: ${first === undefined ? 'no reason given' : describeProblem(first)}${more}`,
    { problems },
  );
}

function compare(before: ConnectorEntry, after: ConnectorEntry, runs: boolean): PlannedConnector {
  const { id } = after;
  if (!runs) return { id, change: 'added', keys: [] };
  const own = ownKeys(before, after);
  return own.length > 0
    ? { id, change: 'changed', keys: own }
    : { id, change: 'restarted', keys: sharedKeys(before, after) };
}

function trialOf(trial: Trial | undefined): { readonly trial?: TrialFinding } {
  if (trial?.finding === undefined) return {};
  const { status, message } = trial.finding;
  return {
    trial: { status, message, ...(trial.finding.status === 'unhealthy' ? { blame: trial.finding.blame } : {}) },
  };
}
