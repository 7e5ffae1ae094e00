import { hash } from 'node:crypto';
import type { ActionDescription, ConnectorDescription, JsonValue, KindPermission } from '@automate/contract';
import { hashInstalled } from '../discovery/hash-manifest.ts';
import { grantedSet } from '../grants.ts';
import type { Effect, LockedKind, LockedPackage } from './connectors-lock.ts';
import { toLockedGrants } from './connectors-lock.ts';
import { hashPackage } from './hash-package.ts';

/** A package that is installed. */
export interface InstalledPackage {
  /** Real directory. */
  readonly packageDir: string;
  readonly version: string;
  readonly kinds: readonly string[];
  readonly permissions: readonly KindPermission[];
}

/** What can be told of a package without running it. */
export type InstalledFacts = Pick<LockedPackage, 'version' | 'integrity' | 'manifest'> & {
  readonly granted: Readonly<Record<string, LockedKind['granted']>>;
};

/** @throws Error where its files cannot be read */
export function factsOf({ packageDir, version, kinds, permissions }: InstalledPackage): InstalledFacts {
  const grantedOf = (kind: string): LockedKind['granted'] =>
    toLockedGrants(grantedSet(permissions.filter((each) => each.kind === kind)));
  return {
    version,
    integrity: hashPackage(packageDir).integrity,
    manifest: `sha256-${hashInstalled(packageDir) ?? ''}`,
    granted: Object.fromEntries(kinds.map((kind) => [kind, grantedOf(kind)])),
  };
}

/** What the lock says of a package whose kinds were described. */
export function lockPackage(
  { granted, ...facts }: InstalledFacts,
  descriptions: ReadonlyMap<string, ConnectorDescription>,
): LockedPackage {
  const kinds = [...descriptions].map(([kind, description]) => [kind, lockKind(description, granted[kind])] as const);
  return { ...facts, kinds: Object.fromEntries(kinds) };
}

/** What an author declares of an action's effect, in a word. */
export function effectOf({ sideEffects, idempotent }: ActionDescription): Effect {
  if (!sideEffects) return 'read';
  return idempotent ? 'repeatable write' : 'write';
}

/** What the lock says of a kind. */
export function lockKind(
  { configSchema, actions, open }: ConnectorDescription,
  granted?: LockedKind['granted'],
): LockedKind {
  const locked = actions.map((action) => [
    action.name,
    { effect: effectOf(action), schema: hashSchema([action.input, action.output ?? null]) },
  ]);
  return {
    settings: hashSchema(configSchema ?? null),
    ...(open ? { open } : {}),
    ...(granted === undefined ? {} : { granted }),
    actions: Object.fromEntries(locked) as LockedKind['actions'],
  };
}

/** The order of an object's keys says nothing. */
function hashSchema(schema: unknown): string {
  return `sha256-${hash('sha256', JSON.stringify(sortKeys(schema as JsonValue)), 'base64')}`;
}

function sortKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortKeys(each)]));
}
