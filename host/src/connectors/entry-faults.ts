import type { JsonObject, Problem } from '@automate/contract';
import { ConnectorError, quote } from '@automate/contract';
import { appendPath, formatPath, looksLikeSecretReference } from '@automate/contract/schemas';
import type { FilesPolicy } from '@automate/sdk/runtime';
import { mergeSettings } from '../config/connection-profiles.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { WorkerConfig } from '../runtime/runtime.ts';
import { checkWithKind } from './check-with-kind.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { kindOf } from './connector-state.ts';
import { findDeniedTargets } from './denied-target.ts';
import type { Descriptions } from './descriptions.ts';
import type { PathOwner } from './files-policy.ts';
import { leavesOf } from './json-leaves.ts';
import type { NetworkPolicies } from './network-policies.ts';

export interface EntryFaultsOptions {
  readonly descriptions: Pick<Descriptions, 'inspect'>;
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
 * Everything that is wrong with a connector as it is configured, each fault at its path in the file, found without connecting to
 * anything: its kind, what its kind says of its settings, secrets that cannot be read, files and addresses that it may not use. A worker
 * stops at the first of these. One that is not to run has none.
 */
export type FindEntryFaults = (suspect: Suspect) => Promise<readonly Problem[]>;

export function createEntryFaults(options: EntryFaultsOptions): FindEntryFaults {
  return async ({ entry, at, lost = [] }) => {
    const { config, state, profile } = entry;
    if (state.phase === 'disabled') return [];
    const kind = kindOf(entry);
    const missing = state.phase === 'missing' && !lost.includes('kind') ? [missingKind(config.kind, state.reason)] : [];
    const secrets = await readSecrets(options, entry, lost);
    // What a profile would bring that is not there is not known.
    const isWhole = config.profile === undefined || profile !== undefined;
    const inSettings =
      kind === undefined || !isWhole ? [] : await askKind(options, { entry, kind, settings: secrets.settings });
    const unread = [...lost, ...secrets.problems.map(({ path }) => path), ...secrets.unresolved];
    const settings = mergeSettings(config, profile);
    const denied = await findDeniedTargets({ ...config, settings }, options.networkOf(entry, kind));
    const problems = [
      ...missing,
      ...checkWithKind(config, kind),
      ...secrets.problems,
      ...inSettings.filter(({ path }) => !touches(unread, path)),
      ...denied.map(({ path, message }) => ({ path, ...DENIED, message })),
    ];
    return problems
      .filter(({ path }) => !isBelow(lost, path))
      .map((problem) => ({ ...problem, path: placeOf(problem.path, at, entry) }));
  };
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

async function askKind(
  { descriptions, filesOf }: EntryFaultsOptions,
  { entry, kind, settings }: { readonly entry: ConnectorEntry; readonly kind: Kind; readonly settings: JsonObject },
): Promise<readonly Problem[]> {
  const { id, config, profile } = entry;
  const profileSettings = profile?.owner === 'file' ? profile.settings : undefined;
  const files = filesOf({ ...entry, kind, profileSettings });
  try {
    const check = { settings, tls: config.tls, isolation: config.isolation, files };
    return (await descriptions.inspect(id, kind, check)).problems;
  } catch (reason) {
    const { message } = ConnectorError.from(reason);
    return [{ path: 'kind', expected: 'a kind that can be asked', received: quote(kind.name), message }];
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
