import type { ConnectorDescription } from '@automate/contract';
import type { Declaration } from '../../plugins/discovery/declaration.ts';
import type { KindChange } from '../../plugins/lock/compare-kinds.ts';
import { compareDescriptions, compareLocked } from '../../plugins/lock/compare-kinds.ts';
import type { ConnectorsLock, LockedPackage } from '../../plugins/lock/connectors-lock.ts';
import { lockPackage } from '../../plugins/lock/lock-package.ts';
import type { DescribedKind } from './describe-kinds.ts';
import { describeKinds } from './describe-kinds.ts';
import type { LookedAt } from './look-at-plugins.ts';
import type { PackageChange } from './plugin-changes.ts';
import { registeredName } from './spec-names.ts';

/** What a change of the packages comes to. */
export interface PluginPlan {
  readonly changes: readonly PackageChange[];
  /** Sentences: why it must not be. */
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
  readonly lock: ConnectorsLock;
}

export interface Refusal {
  readonly package: string;
  readonly reason: string;
  /** Whether another version may be for this host. */
  readonly isForOtherHost: boolean;
}

export interface PlanOptions {
  readonly before: LookedAt;
  readonly after: LookedAt;
  /** What was accepted; undefined where there is no lock yet. */
  readonly lock: ConnectorsLock | undefined;
  /** Those that the user named. */
  readonly named: readonly string[];
}

/** Plans what a change of packages does to the connectors, describing those kinds whose code is another, or is in no lock. */
export async function planPlugins({ before, after, lock = {}, named }: PlanOptions): Promise<PluginPlan> {
  const names = [...new Set([...after.entries.keys(), ...before.entries.keys(), ...Object.keys(lock)])].toSorted();
  const isSame = (name: string): boolean =>
    before.facts.get(name)?.integrity === after.facts.get(name)?.integrity &&
    (lock[name] === undefined || isAccepted(lock[name], after, name));
  const fresh = names.filter((name) => after.facts.has(name) && !(isSame(name) && lock[name] !== undefined));
  const replaced = fresh.filter((name) => before.facts.has(name) && !isSame(name));
  const described = await describeKinds([
    ...fresh.flatMap((name) => after.kindsOf(name)),
    ...replaced.flatMap((name) => before.kindsOf(name)),
  ]);
  const refusals: Refusal[] = [];
  const warnings: string[] = [];
  const locked: Record<string, LockedPackage> = {};
  const changes: PackageChange[] = [];
  for (const name of names) {
    const entry = after.entries.get(name);
    const facts = after.facts.get(name);
    const [was, to] = [before.facts.get(name)?.version, facts?.version];
    const from = was === undefined || was === to ? (lock[name]?.version ?? was) : was;
    const isNamed = named.includes(name);
    if (facts === undefined) {
      const isRefused = entry !== undefined && (isNamed || before.facts.has(name));
      if (isRefused)
        refusals.push({
          package: name,
          reason: `${name} ${entry.version ?? ''} ${entry.message ?? 'cannot be used'}`,
          isForOtherHost: entry.reason === 'incompatible',
        });
      // One that was refused goes, too, where it is removed.
      const left = from ?? (entry === undefined ? before.entries.get(name)?.version : undefined);
      if (!isRefused && left !== undefined) changes.push({ package: name, from: left, changes: [] });
      continue;
    }
    if (!fresh.includes(name)) {
      locked[name] = { ...(lock[name] as LockedPackage), ...withGrants(lock[name] as LockedPackage, facts.granted) };
      continue;
    }
    const { descriptions, failures } = sortOut(after.kindsOf(name), described);
    if (failures.length > 0) {
      // A package that stays as it was is not what the user asked about.
      if (isSame(name) && !isNamed) warnings.push(`${name} is not in the lock: ${failures.join('; ')}`);
      else
        refusals.push(
          ...failures.map((reason) => ({
            package: name,
            reason: `${name} ${facts.version}: ${reason}`,
            isForOtherHost: false,
          })),
        );
      if (isSame(name) && !isNamed) continue;
    }
    const next = lockPackage(facts, descriptions);
    locked[name] = { ...next, ...keepPrevious(lock[name], next, before, name) };
    if (isSame(name) && !isNamed) continue;
    const old = sortOut(before.kindsOf(name), described).descriptions;
    changes.push({
      package: name,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(entry === undefined ? {} : { entry }),
      changes: compareKinds(old, descriptions, lock[name], next),
    });
  }
  return { changes, refusals, warnings, lock: locked };
}

/** By what was installed, where it could be described; else by the lock. Where both can tell, what was accepted counts for effects. */
function compareKinds(
  before: ReadonlyMap<string, ConnectorDescription>,
  after: ReadonlyMap<string, ConnectorDescription>,
  locked: LockedPackage | undefined,
  next: LockedPackage,
): readonly KindChange[] {
  const changes = [...after].flatMap(([kind, description]) => {
    const old = before.get(kind);
    const [was, is] = [locked?.kinds[kind], next.kinds[kind]];
    const byLock = was === undefined || is === undefined ? [] : compareLocked(kind, was, is);
    if (old === undefined) return byLock;
    const byCode = compareDescriptions(old, description);
    const accepted = byLock.filter(({ weight }) => weight === 'writes');
    return [...accepted, ...byCode.filter(({ message }) => !accepted.some((each) => each.message === message))];
  });
  const gone = [...new Set([...before.keys(), ...Object.keys(locked?.kinds ?? {})])].filter((kind) => !after.has(kind));
  return [
    ...changes.filter(({ weight }) => weight === 'writes'),
    ...gone.map((kind): KindChange => ({ weight: 'breaking', message: `the kind "${kind}" is gone` })),
    ...changes.filter(({ weight }) => weight !== 'writes'),
  ];
}

function isAccepted(locked: LockedPackage, { facts }: LookedAt, name: string): boolean {
  const found = facts.get(name);
  return found?.integrity === locked.integrity && found.manifest === locked.manifest;
}

function withGrants(
  { kinds }: LockedPackage,
  granted: Readonly<Record<string, LockedPackage['kinds'][string]['granted']>>,
): Pick<LockedPackage, 'kinds'> {
  const entries = Object.entries(kinds).map(([kind, { granted: _former, ...rest }]) => {
    const now = granted[kind];
    return [kind, { ...rest, ...(now === undefined ? {} : { granted: now }) }] as const;
  });
  return { kinds: Object.fromEntries(entries) };
}

function sortOut(
  declarations: readonly Declaration[],
  described: ReadonlyMap<Declaration, DescribedKind>,
): { readonly descriptions: ReadonlyMap<string, ConnectorDescription>; readonly failures: readonly string[] } {
  const descriptions = new Map<string, ConnectorDescription>();
  const failures: string[] = [];
  for (const declaration of declarations) {
    const found = described.get(declaration);
    if (found?.ok === true) descriptions.set(declaration.kind, found.description);
    else if (found !== undefined) failures.push(found.reason);
  }
  return { descriptions, failures };
}

/** What a rollback returns to: what was accepted before, or else what was installed. */
function keepPrevious(
  locked: LockedPackage | undefined,
  next: LockedPackage,
  before: LookedAt,
  name: string,
): Pick<LockedPackage, 'previous' | 'signature'> {
  const signature = locked?.integrity === next.integrity ? locked.signature : undefined;
  const version = locked?.version ?? before.facts.get(name)?.version;
  const spec = version === undefined ? undefined : previousSpec(name, version, before.asked.get(name) ?? '');
  const former = version === next.version ? locked?.previous : version && spec ? { version, spec } : undefined;
  return {
    ...(former === undefined ? {} : { previous: former }),
    ...(signature === undefined ? {} : { signature }),
  };
}

/** How the package manager is told to install that version again; undefined where it can not be told. */
export function previousSpec(name: string, version: string, asked: string): string | undefined {
  const registered = registeredName(name, asked);
  if (registered !== undefined)
    return registered === name ? `${name}@${version}` : `${name}@npm:${registered}@${version}`;
  // What a folder or a repository held before is nowhere any more.
  return /\.(tgz|tar\.gz|tar)$/.test(asked) ? asked : undefined;
}
