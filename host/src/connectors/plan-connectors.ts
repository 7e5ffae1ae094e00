import { isDeepStrictEqual } from 'node:util';
import { describeProblem } from '@automate/contract';
import { parseConnectorConfig } from '@automate/contract/schemas';
import type { ConfiguredConnector } from '../config/host-config.ts';
import { parseRegistered } from '../config/parse-registered.ts';
import { findUnusedGrants } from '../plugins/grants.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { StoredConnector } from '../store/connector-store.ts';
import { findClearSecrets } from './clear-texts.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { decideState, withScheme } from './connector-state.ts';
import type { Sources } from './registry.ts';
import { findProfile } from './registry.ts';
import { explainSealedRow } from './sealed-row.ts';

export interface PlanOptions extends Sources {
  readonly stored: readonly StoredConnector[];
  readonly healthIntervalMs: number;
  /** The one id that is asked about. Absent: all. */
  readonly only?: string | undefined;
}

export interface PlannedConnectors {
  readonly entries: ReadonlyMap<string, ConnectorEntry>;
  /** What was left out, and why; what works but should be looked at. */
  readonly warnings: readonly string[];
}

type EntryInput = Pick<ConnectorEntry, 'owner' | 'anyPath' | 'anyAddress' | 'config' | 'written'>;

/** What is written anew each time is older than no rule. */
const NOT_OLD = { anyPath: false, anyAddress: false } as const;

/**
 * The connectors that there should be: those of the file, those that were registered, and one for each kind that needs
 * no configuration. Ids are unique; the file comes first, since its author can see what it says.
 */
export function planConnectors(options: PlanOptions): PlannedConnectors {
  const { config, kinds, stored, healthIntervalMs, only } = options;
  const isAsked = (id: string): boolean => only === undefined || id === only;
  const inputs = new Map<string, EntryInput>();
  const warnings: string[] = [];
  for (const { config: own, written } of config.connectors)
    if (isAsked(own.id)) inputs.set(own.id, { owner: 'file', ...NOT_OLD, config: own, written });
  for (const { id, config: wire, anyPath, anyAddress, fault } of stored) {
    if (inputs.has(id)) {
      warnings.push(
        `the connector "${id}" is registered over the API and also stands in the configuration file, which wins; once it stands there no more, the registration is back: "automate connectors remove ${id}" takes it out`,
      );
      continue;
    }
    const unreadable = fault ?? explainSealedRow(id, wire);
    if (unreadable !== undefined) {
      warnings.push(`the registered connector "${id}" is left out: ${unreadable}`);
      continue;
    }
    const parsed = parseRegistered(wire, { healthIntervalMs });
    const clear = only === undefined ? findClearSecrets(wire, { kind: 'connector', name: id }) : [];
    if (clear.length > 0)
      warnings.push(
        `the registered connector "${id}" has what seems to be a secret in ${clear.map(({ path }) => path).join(', ')}, which lies in the database in clear: change it`,
      );
    if (parsed.ok)
      inputs.set(id, { owner: 'api', anyPath, anyAddress, config: parsed.config, written: parsed.written });
    else
      warnings.push(`the registered connector "${id}" is left out: ${parsed.problems.map(describeProblem).join('; ')}`);
  }
  for (const kind of kinds.all()) {
    if (!kind.autoconfigure || !isAsked(kind.name) || inputs.has(kind.name)) continue;
    const wire = { id: kind.name, name: kind.title ?? kind.name };
    const parsed = parseConnectorConfig(wire, { defaults: { healthIntervalMs } });
    if (parsed.ok)
      inputs.set(kind.name, { owner: 'plugin', ...NOT_OLD, config: parsed.config, written: parsed.config });
    else
      warnings.push(
        `the kind "${kind.name}" asks for a connector without configuration, which cannot be made: ${parsed.problems.map(describeProblem).join('; ')}`,
      );
  }
  const remote = [...inputs.values()].flatMap(({ config: own }) => (own.mode === 'remote' ? [`"${own.id}"`] : []));
  if (remote.length > 0)
    warnings.push(
      `mode: remote of ${remote.join(', ')} is shown and changes nothing: where requests go is said by host, port and scheme`,
    );
  if (only === undefined)
    for (const name of options.setProfiles.keys())
      if (config.profiles.has(name))
        warnings.push(
          `the profile "${name}" was set over the API and also stands in the configuration file, which wins; once it stands there no more, the other is back: "automate profiles remove ${name}" takes it out`,
        );
  if (only === undefined)
    for (const line of findUnusedGrants(config.plugins.grants, kinds.all().flatMap(askedBy)))
      warnings.push(`plugins: ${line} grants what no kind asks for that was found: remove it, or correct it`);
  return { entries: new Map([...inputs].map(([id, input]) => [id, makeEntry(input, options)])), warnings };
}

function askedBy({ source, permissions }: Kind): readonly { packageName: string; permissions: Kind['permissions'] }[] {
  return source.via === 'package' ? [{ packageName: source.packageName, permissions }] : [];
}

/** What a connector of the file would be with what else there is. */
export function entryOfFile(configured: ConfiguredConnector, sources: Sources): ConnectorEntry {
  return makeEntry({ owner: 'file', ...NOT_OLD, ...configured }, sources);
}

function makeEntry(
  { owner, anyPath, anyAddress, ...input }: EntryInput,
  { kinds, config: file, setProfiles, overlays }: Sources,
): ConnectorEntry {
  const kind = kinds.find(input.config.kind);
  const overlay = overlays.get(input.config.id);
  const { enabled = input.config.enabled } = overlay ?? {};
  const config = withScheme({ ...input.config, enabled }, kind);
  return {
    id: config.id,
    owner,
    anyPath,
    anyAddress,
    config,
    written: withScheme(input.written, kind),
    state: decideState(config, kind, (name) => kinds.explainMissing(name)),
    profile: findProfile({ config: file, setProfiles }, config.profile),
    fileRoots: owner === 'api' ? file.fileRoots : [],
    // Of a connector of the operator's own the rest changes nothing.
    network: owner === 'api' ? file.network : { ...file.network, registeredAllow: [] },
    overlay,
  };
}

/** Whether a worker of the one entry may go on as the other, where it takes another content of its profile. */
export function differsInProfile(a: ConnectorEntry, b: ConnectorEntry): boolean {
  const isUsable = a.profile?.enabled === true && b.profile?.enabled === true && a.profile.kind === b.profile.kind;
  return isUsable && isSameConnector({ ...a, profile: b.profile }, b);
}

/** Whether a worker of the one entry may go on as the other. */
export function isSameConnector(a: ConnectorEntry, b: ConnectorEntry): boolean {
  // Kinds are compared as objects: the catalog keeps the old one as long as its code is the same.
  const kindOf = (entry: ConnectorEntry): unknown =>
    entry.state.phase === 'missing' ? entry.state.reason : entry.state.kind;
  return (
    a.owner === b.owner &&
    a.anyPath === b.anyPath &&
    a.anyAddress === b.anyAddress &&
    kindOf(a) === kindOf(b) &&
    isDeepStrictEqual(
      [a.config, a.written, a.profile, a.fileRoots, a.network],
      [b.config, b.written, b.profile, b.fileRoots, b.network],
    )
  );
}
