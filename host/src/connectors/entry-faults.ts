import type { JsonObject, Patience, Problem } from '@automate/contract';
import { ConnectorError, quote } from '@automate/contract';
import { appendPath, formatPath, looksLikeSecretReference } from '@automate/contract/schemas';
import type { FilesPolicy } from '@automate/sdk/runtime';
import { mergeSettings } from '../config/connection-profiles.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConfigCheck, WorkerConfig } from '../runtime/runtime.ts';
import { checkWithKind } from './check-with-kind.ts';
import type { ConnectorRuntime } from './connector-runtime.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { kindOf } from './connector-state.ts';
import { findDeniedTargets } from './denied-target.ts';
import type { PathOwner } from './files-policy.ts';
import { leavesOf } from './json-leaves.ts';
import type { NetworkPolicies } from './network-policies.ts';
import { severalAtATime } from './several-at-a-time.ts';

export interface EntryFaultsOptions {
  readonly examine: ConnectorRuntime['examine'];
  /** The configuration for its worker; rejects with CONFIG_INVALID that names every field. */
  resolve(entry: ConnectorEntry): Promise<WorkerConfig>;
  filesOf(owner: PathOwner): FilesPolicy;
  networkOf: NetworkPolicies['of'];
}

/** A connector that is looked at. */
export interface Suspect {
  readonly entry: ConnectorEntry;
  /** Its place in the file, as problems write it; empty: paths begin below it. */
  readonly at: string;
  /** Paths below it of what cannot be read of it, which is told elsewhere. */
  readonly lost?: readonly string[];
}

/**
 * Everything that is wrong with each of these connectors as they are configured, each fault at its path in the file, found without
 * connecting to anything: its kind, what its kind says of its settings, secrets that cannot be read, files and addresses that it may not
 * use. A worker stops at the first of these. One that is not to run has none.
 */
export type FindEntryFaults = (
  suspects: readonly Suspect[],
  patience: Patience,
) => Promise<readonly (readonly Problem[])[]>;

/** How many connectors are looked at at a time: some of what they name may be looked up in the network. */
const LOOKS_AT_A_TIME = 64;
/** How many kinds are asked at a time: each costs a worker. */
const KINDS_AT_A_TIME = 4;

export function createEntryFaults(options: EntryFaultsOptions): FindEntryFaults {
  return async (suspects, patience) => {
    const looks = await severalAtATime(LOOKS_AT_A_TIME, suspects, (suspect) => lookAt(options, suspect), patience);
    const questions = looks.flatMap(({ question }) => question ?? []);
    // What a kind says of many costs little more than what it says of one.
    const groups = Map.groupBy(questions, ({ kind, check }) => JSON.stringify([kind.name, check.isolation, check.tls]));
    const answers = new Map<Question, readonly Problem[]>();
    const askKind = (group: readonly Question[]): Promise<void> => askOf(options, group, answers);
    await severalAtATime(KINDS_AT_A_TIME, [...groups.values()], askKind, patience);
    return looks.map(({ suspect: { entry, at, lost = [] }, found, question, unread }) => {
      const inSettings = (question && answers.get(question)) ?? [];
      return [...found, ...inSettings.filter(({ path }) => !touches(unread, path))]
        .filter(({ path }) => !isBelow(lost, path))
        .map((problem) => ({ ...problem, path: placeOf(problem.path, at, entry) }));
    });
  };
}

/** What is to be shown to a kind. */
interface Question {
  readonly kind: Kind;
  readonly check: ConfigCheck;
}

interface Look {
  readonly suspect: Suspect;
  readonly found: readonly Problem[];
  /** Absent where there is no kind, or not enough is known. */
  readonly question?: Question;
  /** Paths of what the kind would not be shown as it is meant. */
  readonly unread: readonly string[];
}

/** All but what the kind says. */
async function lookAt(options: EntryFaultsOptions, suspect: Suspect): Promise<Look> {
  const { entry, lost = [] } = suspect;
  const { config, state, profile } = entry;
  if (state.phase === 'disabled') return { suspect, found: [], unread: [] };
  const kind = kindOf(entry);
  const missing = state.phase === 'missing' && !lost.includes('kind') ? [missingKind(config.kind, state.reason)] : [];
  const secrets = await readSecrets(options, entry, lost);
  const settings = mergeSettings(config, profile);
  const denied = await findDeniedTargets({ ...config, settings }, options.networkOf(entry, kind));
  const found = [
    ...missing,
    ...checkWithKind(config, kind),
    ...secrets.problems,
    ...denied.map(({ path, message }) => ({ path, ...DENIED, message })),
  ];
  const unread = [...lost, ...secrets.problems.map(({ path }) => path), ...secrets.unresolved];
  // What a profile would bring that is not there is not known.
  if (kind === undefined || (config.profile !== undefined && profile === undefined)) return { suspect, found, unread };
  const profileSettings = profile?.owner === 'file' ? profile.settings : undefined;
  const files = options.filesOf({ ...entry, kind, profileSettings });
  const check = {
    settings: secrets.settings,
    tls: config.tls,
    webhook: config.webhook,
    isolation: config.isolation,
    files,
  };
  return { suspect, found, question: { kind, check }, unread };
}

const DENIED = {
  expected: 'an address that it may connect to',
  received: 'one that the network policy denies',
} as const;

function missingKind(name: string, message: string): Problem {
  return { path: 'kind', expected: 'the name of an installed kind', received: quote(name), message };
}

interface ReadSecrets {
  readonly settings: JsonObject;
  readonly problems: readonly Problem[];
  /** Paths of references that stand in `settings` in the place of what they lead to. */
  readonly unresolved: readonly string[];
}

async function readSecrets(
  { resolve }: EntryFaultsOptions,
  entry: ConnectorEntry,
  lost: readonly string[],
): Promise<ReadSecrets> {
  const { config, profile } = entry;
  const isWhole = config.profile === undefined || profile !== undefined;
  try {
    const { settings } = await resolve(isWhole ? entry : { ...entry, config: { ...config, profile: undefined } });
    return { settings, problems: [], unresolved: [] };
  } catch (reason) {
    const { problems = [], message } = ConnectorError.from(reason);
    const settings = mergeSettings(config, profile);
    const references = leavesOf(settings, ['settings']).filter(
      ({ value }) => typeof value === 'string' && looksLikeSecretReference(value),
    );
    const found = problems.length > 0 ? problems : [{ ...UNREADABLE, message }];
    return {
      settings,
      // What is missing may stand in what cannot be read.
      problems: isWhole && lost.length === 0 ? found : found.filter(({ received }) => received !== 'nothing'),
      unresolved: references.map(({ path }) => formatPath(path)),
    };
  }
}

const UNREADABLE = { path: '', expected: 'a configuration that can be read', received: 'another' } as const;

/** Shows a kind what it is to be shown. One that has died or does not answer is shown no more. */
async function askOf(
  { examine }: EntryFaultsOptions,
  group: readonly Question[],
  answers: Map<Question, readonly Problem[]>,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { kind, check: like } = first;
  const unanswered = (reason: unknown): readonly Problem[] => {
    const { message } = ConnectorError.from(reason);
    return [{ path: 'kind', expected: 'a kind that can be asked', received: quote(kind.name), message }];
  };
  try {
    await examine(kind, like, async (validate) => {
      for (const question of group)
        answers.set(
          question,
          await validate(question.check).catch((reason: unknown) => {
            if (ConnectorError.is(reason) && ['TIMEOUT', 'WORKER_LOST', 'UNAVAILABLE'].includes(reason.code))
              throw reason;
            return unanswered(reason);
          }),
        );
    });
  } catch (reason) {
    for (const question of group) if (!answers.has(question)) answers.set(question, unanswered(reason));
  }
}

/** A path of the file: what the connector has from a profile is mended there. */
function placeOf(path: string, at: string, { config, profile }: ConnectorEntry): string {
  const own = [at, path].filter(Boolean).join('.');
  if (profile === undefined) return own;
  const shared = appendPath('profiles', profile.name);
  const isShared = isBelow([shared], path);
  if (isShared && profile.owner === 'file') return path;
  const named = [at, 'profile'].filter(Boolean).join('.');
  if (isShared) return named;
  const inherited = Object.keys(profile.settings)
    .filter((key) => !Object.hasOwn(config.settings, key))
    .map((key) => appendPath('settings', key));
  if (!isBelow(inherited, path)) return own;
  return profile.owner === 'file' ? `${shared}.${path}` : named;
}

/** Whether the path is one of these, or lies below one. */
export function isBelow(paths: readonly string[], path: string): boolean {
  return paths.some((above) => path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`));
}

/** The same, or above one. */
function touches(paths: readonly string[], path: string): boolean {
  return isBelow(paths, path) || paths.some((each) => path !== '' && isBelow([path], each));
}
