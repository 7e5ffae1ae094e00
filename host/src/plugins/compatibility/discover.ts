import type { PluginEntry, PluginProblem, PluginReport } from '@automate/contract';
import type { Declaration } from '../discovery/declaration.ts';
import type { Grants } from '../grants.ts';
import { decideGrants } from '../grants.ts';
import { printable } from '../discovery/fault.ts';
import type { FindOptions } from '../discovery/find-packages.ts';
import { findPackages } from '../discovery/find-packages.ts';
import { findPattern } from '../discovery/name-pattern.ts';
import type { PackageDir } from '../discovery/package-dir.ts';
import type { ReadConnector } from '../discovery/read-connector.ts';
import { readConnector } from '../discovery/read-connector.ts';
import { signatureCheck } from '../lock/require-signature.ts';
import type { TrustedKeys } from '../lock/signature.ts';
import { checkCompatibility } from './check-compatibility.ts';
import { pluginReason, explainPluginReason, explainLostKind, explainRangeFault } from './explain.ts';
import type { LostKind, Reason } from './reason.ts';
import type { SettledKinds } from './settle-kinds.ts';
import { settleKinds } from './settle-kinds.ts';

export interface DiscoverOptions extends FindOptions {
  /** This host's own version. */
  readonly hostVersion: string;
  /** Patterns of package names that may be admitted. Default `["*"]`. */
  readonly allow?: readonly string[];
  /** Patterns of package names that may not; these win. Default none. */
  readonly deny?: readonly string[];
  /** Names that none may have, for as long as the host runs; these win over all. Default none. */
  readonly without?: readonly string[];
  /** Refuse packages without a host range. Default false. */
  readonly strict?: boolean;
  /** Kind → the package that shall have it, and no other. Default none. */
  readonly prefer?: Readonly<Record<string, string>>;
  /** What is granted, by pattern of package names. Default nothing. */
  readonly grants?: Grants;
  /** Whether a package must be signed by a key that is trusted for it. Default `allow`: no. */
  readonly signatures?: 'allow' | 'require';
  readonly trustedKeys?: TrustedKeys;
}

export interface Discovery {
  readonly report: PluginReport;
  /** The kinds that can be used. */
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Kinds that were declared and cannot be used: why, as a sentence for each. */
  readonly refusals: ReadonlyMap<string, string>;
}

/**
 * Finds the connector packages of a project and decides about each. Never throws for what it finds: one bad package
 * stops nothing and is in the report. Reads files and runs none of them.
 */
export function discover(options: DiscoverOptions): Discovery {
  const found = findPackages(options);
  const { root, signatures, trustedKeys = {} } = options;
  const signed = signatures === 'require' ? signatureCheck(root, trustedKeys) : (): undefined => undefined;
  const assessed = shadowed(found.packages).flatMap(({ found: dir, by }) => {
    const each = assess(dir, by, options);
    return each === undefined ? [] : requireSigned(each, signed);
  });
  const sound = assessed.filter((each) => each.reason === undefined);
  const settled = settleKinds(
    sound.map(({ found: { name, direct }, read }) => ({
      name,
      direct,
      declarations: read.kind === 'sound' ? read.declarations : [],
    })),
    options.prefer ?? {},
  );
  const decided = assessed.map((each) => decide(each, settled.lost.get(each.found.name) ?? []));
  const plugins = decided
    .map((each) => toPluginEntry(each, options.grants ?? {}))
    .toSorted((a, b) => compareTexts(a.package, b.package) || compareTexts(a.path, b.path));
  return {
    report: { plugins, problems: [...found.problems, ...settled.unmet.map(unmetPreference)] },
    declarations: settled.declarations,
    refusals: collectRefusals(decided, settled),
  };
}

/** A package with what is known and decided about it. No reason: nothing speaks against it. */
interface Assessed {
  readonly found: PackageDir;
  readonly read: Exclude<ReadConnector, { kind: 'foreign' }>;
  readonly reason: Reason | undefined;
  readonly warnings: readonly string[];
}

/** A package in an earlier place hides one of the same name, as it does for Node.js; the same directory twice is one package. */
function shadowed(
  packages: readonly PackageDir[],
): { readonly found: PackageDir; readonly by: PackageDir | undefined }[] {
  const first = new Map<string, PackageDir>();
  return packages.flatMap((found) => {
    const by = first.get(found.name);
    if (by === undefined) first.set(found.name, found);
    return by !== undefined && by.realDir === found.realDir ? [] : [{ found, by }];
  });
}

/** `undefined` when the package is not about connectors. */
function assess(found: PackageDir, by: PackageDir | undefined, options: DiscoverOptions): Assessed | undefined {
  const read = readConnector(found);
  if (read.kind === 'foreign') return undefined;
  const warnings = read.kind === 'sound' ? read.warnings : [];
  // Nobody can tell what an unreadable package contains: its fault is reported whether or not the package is wanted.
  if (found.manifest.kind === 'unreadable') return { found, read, reason: problem(read), warnings };
  const unwanted = reasonAgainst(found, by, options);
  if (unwanted !== undefined) return { found, read, reason: unwanted, warnings };
  if (read.kind === 'faulty') return { found, read, reason: problem(read), warnings };

  const verdict = checkCompatibility({
    engines: read.engines,
    sdkPeer: read.sdkPeer,
    hostVersion: options.hostVersion,
    strict: options.strict,
  });
  switch (verdict.kind) {
    case 'admitted':
      return { found, read, reason: undefined, warnings: [...warnings, ...verdict.warnings] };
    case 'rejected':
      return { found, read, reason: verdict.reason, warnings };
    case 'faulty': {
      const problems = [{ package: printable(found.name), ...explainRangeFault(verdict.fault) }];
      const kinds = read.declarations.map(({ kind }) => kind);
      return {
        found,
        read: { kind: 'faulty', version: read.version, kinds, problems },
        reason: { kind: 'problem', problems },
        warnings,
      };
    }
    default:
      return verdict satisfies never;
  }
}

/** Asked of those alone that nothing else speaks against, as all of their files are read. */
function requireSigned(assessed: Assessed, signed: ReturnType<typeof signatureCheck>): Assessed {
  const { found, read, reason } = assessed;
  if (reason !== undefined || read.kind !== 'sound') return assessed;
  const why = signed({ name: found.name, version: read.version, packageDir: found.realDir });
  return why === undefined ? assessed : { ...assessed, reason: { kind: 'unsigned', why, package: found.name } };
}

function problem(read: Assessed['read']): Reason {
  return { kind: 'problem', problems: read.kind === 'faulty' ? read.problems : [] };
}

/** What keeps a package out whatever it contains. */
function reasonAgainst(
  found: PackageDir,
  by: PackageDir | undefined,
  { scan, allow = ['*'], deny = [], without = [] }: DiscoverOptions,
): Reason | undefined {
  // An alias must not carry a package past a pattern, so that both names are looked at.
  const left = findPattern([found.name, found.expectedName], without);
  if (left !== undefined) return { kind: 'left_out', pattern: left };
  const denied = findPattern([found.name, found.expectedName], deny);
  if (denied !== undefined) return { kind: 'denied', pattern: denied };
  if (findPattern([found.expectedName], allow) === undefined) return { kind: 'not_allowed' };
  if (scan !== 'all' && !found.direct) return { kind: 'transitive', package: found.name };
  return by === undefined ? undefined : { kind: 'shadowed', by: by.origin };
}

/** A package that loses all its kinds is rejected; one that keeps some is admitted with a warning for each that it lost. */
function decide(assessed: Assessed, lost: readonly LostKind[]): Assessed {
  if (assessed.reason !== undefined || lost.length === 0) return assessed;
  if (lost.length === kindsOf(assessed).length) return { ...assessed, reason: { kind: 'kinds_lost', lost } };
  return { ...assessed, warnings: [...assessed.warnings, ...lost.map(explainLostKind)] };
}

function toPluginEntry(assessed: Assessed, grants: Grants): PluginEntry {
  const { found, read, reason, warnings } = assessed;
  return {
    package: printable(found.name),
    // Left out rather than undefined, so that the report is the same before and after a transport.
    ...(read.version === undefined ? {} : { version: read.version }),
    path: found.realDir,
    kinds: kindsOf(assessed),
    status: reason === undefined ? 'admitted' : reason.kind === 'problem' ? 'problem' : 'rejected',
    ...(reason === undefined ? {} : { reason: pluginReason(reason), message: explainPluginReason(reason) }),
    problems: read.kind === 'faulty' ? read.problems : [],
    permissions: (read.kind === 'sound' ? read.declarations : []).flatMap((kind) =>
      decideGrants(found.name, kind, grants),
    ),
    warnings,
  };
}

function kindsOf({ read }: Assessed): readonly string[] {
  return read.kind === 'sound' ? read.declarations.map(({ kind }) => kind) : read.kinds;
}

function collectRefusals(
  decided: readonly Assessed[],
  { declarations, lost }: SettledKinds,
): ReadonlyMap<string, string> {
  const refusals = new Map<string, string>();
  for (const each of decided) {
    for (const kind of kindsOf(each)) {
      if (declarations.has(kind)) continue;
      const loss = lost.get(each.found.name)?.find((one) => one.kind === kind);
      const why = loss !== undefined ? explainLostKind(loss) : each.reason && explainPluginReason(each.reason);
      const sentence = `${printable(each.found.name)} ${why}`;
      const earlier = refusals.get(kind);
      refusals.set(kind, earlier === undefined ? sentence : `${earlier}; ${sentence}`);
    }
  }
  return refusals;
}

function unmetPreference({ kind, wanted, candidates }: SettledKinds['unmet'][number]): PluginProblem {
  return {
    path: `plugins.prefer.${kind}`,
    expected: candidates.join(' or '),
    received: wanted,
    blame: 'operator',
    remedy: 'name one of these, or install the package that is named and see that it is admitted',
  };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
