import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ConnectorConfig, JsonObject, JsonValue, Principal, Problem } from '@automate/contract';
import { hasScope, MASKED_SECRET, PermissionDeniedError, quote } from '@automate/contract';
import { configRefused } from '@automate/contract/service';
import { appendPath, isStoreReference, parseSecretReference } from '@automate/contract/schemas';
import { mergeSettings } from '../config/connection-profiles.ts';
import type { ProfileConfig } from '../config/host-config.ts';
import { JSON_NAME, ownerOfSecret, ownNamespace, referenceTo, valueOfSecret } from '../secrets/own-secrets.ts';
import type { SecretOwner } from '../secrets/own-secrets.ts';
import { resolvedParts } from '../secrets/resolver.ts';
import type { SecretVault } from '../secrets/secret-vault.ts';
import type { SecretId } from '../store/secret-store.ts';
import { describeSecret } from '../store/secret-store.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { Leaf, LeafPath } from './json-leaves.ts';
import { leafAt, leavesOf, withLeaves } from './json-leaves.ts';

/** A registration or a profile in the YAML's shape, and who sends it. */
export interface SentSecrets {
  readonly owner: SecretOwner;
  readonly wire: JsonObject;
  readonly principal: Principal;
  /** What stands under the name, in the same shape. */
  readonly before: JsonObject | undefined;
  /** The error of what is not accepted. */
  refuse(problems: readonly Problem[]): Error;
}

/**
 * What was sent with `[secret]` as the reference that stands in that field. Throws for what refers to a secret that is not the
 * caller's to name: that which stands in the field already may be sent back, any other needs the scope `secrets`, and the secrets of
 * another connector or profile nobody may name.
 */
export function settleReferences({ owner, wire, principal, before, refuse }: SentSecrets): JsonObject {
  const problems: Problem[] = [];
  const kept: Leaf[] = [];
  for (const { path, value } of leavesOf(wire)) {
    if (typeof value !== 'string') continue;
    const stood = leafAt(before, path);
    if (value === MASKED_SECRET) {
      if (typeof stood === 'string' && isStoreReference(stood)) kept.push({ path, value: stood });
      else {
        const expected = 'the secret itself, or the field left out: nothing is stored for it';
        problems.push({ path: describePath(path), expected, received: `"${MASKED_SECRET}"` });
      }
    } else if (isStoreReference(value) && value !== stood) {
      const parsed = parseSecretReference(value);
      const other = parsed.ok ? ownerOfSecret(parsed.reference) : undefined;
      if (other !== undefined) {
        const expected = 'a secret of its own, or one that belongs to no connector or profile';
        problems.push({
          path: describePath(path),
          expected,
          received: `one of the ${other.kind} ${quote(other.name)}`,
        });
      } else if (!hasScope(principal, 'secrets')) throw scopeMissing(principal, owner, describePath(path));
    }
  }
  if (problems.length > 0) throw refuse(problems);
  return withLeaves(wire, kept);
}

/**
 * Throws where a caller without the scope `secrets` would have secrets that they did not bring sent to another place: with a profile
 * that the connector did not name before, or with stored or profile secrets that are kept while the destination changes.
 */
export function requireBound(
  { owner, principal }: Pick<SentSecrets, 'owner' | 'principal'>,
  standing: ConnectorEntry | undefined,
  after: ConnectorConfig,
  profile: ProfileConfig | undefined,
): void {
  if (hasScope(principal, 'secrets')) return;
  const holds = profile !== undefined && (Object.keys(profile.secrets).length > 0 || refersToStore(profile.settings));
  const before = standing?.config;
  if (holds && before?.profile !== after.profile)
    throw rebindDenied(principal, owner, `the secrets of the profile "${profile.name}" would go where the caller says`);
  const isKept = holds || refersToStore(resolvedParts(after));
  if (!isKept || before === undefined) return;
  const moved = destinationOf(before).flatMap(([place, value], index) =>
    value === destinationOf(after)[index]?.[1] ? [] : [place],
  );
  const [first] = [
    ...moved,
    ...movedSettings(mergeSettings(before, standing?.profile), mergeSettings(after, profile), 'settings'),
  ];
  if (first !== undefined) throw rebindDenied(principal, owner, elsewhere(first));
}

/**
 * Throws where a caller without the scope `secrets` would have secrets that they did not bring sent to another place by a profile: those
 * that it keeps, or those of connectors that name it.
 */
export function requireBoundProfile(
  { owner, principal, before = {} }: Pick<SentSecrets, 'owner' | 'principal' | 'before'>,
  after: JsonObject,
  users: readonly ConnectorConfig[],
): void {
  if (hasScope(principal, 'secrets')) return;
  if (!refersToStore(after) && !users.some((config) => refersToStore(resolvedParts(config)))) return;
  const [first] = [
    ...(before['kind'] === undefined || before['kind'] === after['kind'] ? [] : ['kind']),
    ...(['settings', 'secrets'] as const).flatMap((part) =>
      movedSettings((before[part] ?? {}) as JsonObject, (after[part] ?? {}) as JsonObject, part),
    ),
  ];
  if (first !== undefined) throw rebindDenied(principal, owner, elsewhere(first));
}

function elsewhere(place: string): string {
  return `with another ${place} the secrets that it uses would go elsewhere: give them again`;
}

/**
 * A registration or profile with each literal secret moved into the store, and a reference in its place. Adds versions to the store,
 * which nobody uses until it stands.
 *
 * @param masked the same as it may be shown: what is masked there is a secret
 */
export async function storeLiterals(
  vault: Pick<SecretVault, 'add'>,
  owner: SecretOwner,
  wire: JsonObject,
  masked: JsonObject,
): Promise<JsonObject> {
  const literals = leavesOf(wire).filter(
    ({ path, value }) =>
      leafAt(masked, path) === MASKED_SECRET &&
      value !== MASKED_SECRET &&
      value !== '' &&
      value !== null &&
      isResolved(path, owner),
  );
  const moved: Leaf[] = [];
  for (const { path, value } of literals) {
    const secret = { namespace: ownNamespace(owner), name: nameOf(path, value) };
    // As it is meant: a registration writes `$${` for `${` itself.
    const text = typeof value === 'string' ? value.replaceAll('$${', '${') : JSON.stringify(value);
    const version = await vault.add(secret, text);
    moved.push({ path, value: referenceTo({ ...secret, version }) });
  }
  return withLeaves(wire, moved);
}

/**
 * Drops what the store has of the own secrets of a connector or profile beyond those that these refer to, or that others use, as the
 * configuration file may that has taken a registration over.
 */
export async function dropUnused(
  vault: Pick<SecretVault, 'list' | 'remove'>,
  owner: SecretOwner,
  users: readonly JsonValue[],
  isUsed: (secret: SecretId) => boolean,
): Promise<void> {
  const used = new Set(users.flatMap((user) => leavesOf(user)).map(({ value }) => value));
  for (const stored of await vault.list())
    if (isDeepStrictEqual(ownerOfSecret(stored), owner) && !used.has(referenceTo(stored)) && !isUsed(stored))
      await vault.remove(stored, stored.version);
}

/** As old as this, in milliseconds, a secret that no registration refers to is not one that is just being registered. */
const ORPHAN_AGE_MS = 3_600_000;

/** A registration or profile as it is kept; `fault` where it cannot be read. */
interface Kept {
  readonly owner: SecretOwner;
  readonly config: JsonObject;
  readonly fault?: string | undefined;
}

/** Drops the secrets of registrations and profiles that never came to stand, as their process was killed, and that nobody uses. */
export async function dropOrphans(
  vault: Pick<SecretVault, 'list' | 'remove'>,
  rows: readonly Kept[],
  isUsed: (secret: SecretId) => boolean,
): Promise<void> {
  const before = new Date(Date.now() - ORPHAN_AGE_MS).toISOString();
  const used = new Set(rows.flatMap(({ config }) => leavesOf(config).map(({ value }) => value)));
  for (const stored of await vault.list()) {
    const owner = ownerOfSecret(stored);
    if (
      owner !== undefined &&
      // What a row refers to that cannot be read is not known.
      !rows.some((row) => row.fault !== undefined && isDeepStrictEqual(row.owner, owner)) &&
      stored.createdAt < before &&
      !used.has(referenceTo(stored)) &&
      !isUsed(stored)
    )
      await vault.remove(stored, stored.version);
  }
}

/** Settings as the kind is to check them: with what references to the store lead to. Throws where one cannot be read. */
export async function readStored(
  vault: Pick<SecretVault, 'read'>,
  id: string,
  settings: JsonObject,
): Promise<JsonObject> {
  const read: Leaf[] = [];
  const problems: Problem[] = [];
  for (const { path, value } of leavesOf(settings)) {
    const parsed = typeof value === 'string' ? parseSecretReference(value) : undefined;
    if (parsed?.ok !== true || parsed.reference.backend !== 'store') continue;
    const { version, ...secret } = parsed.reference;
    const found = await vault.read(secret, version);
    if (found.ok) read.push({ path, value: valueOfSecret(secret, found.value) });
    else
      problems.push({
        path: describePath(['settings', ...path]),
        expected: 'a secret that can be read',
        received: found.reason,
        message: `the secret ${describeSecret(secret)} cannot be read: ${found.reason}`,
      });
  }
  if (problems.length > 0) throw configRefused(id, problems);
  return withLeaves(settings, read);
}

/** Where references are resolved, so that a secret can be moved. */
export function isResolved([first]: LeafPath, { kind }: SecretOwner): boolean {
  if (kind === 'profile') return first === 'settings' || first === 'secrets';
  return first === 'auth' || first === 'settings' || first === 'metadata' || first === 'proxy' || first === 'base_path';
}

/** The way to a secret as its name; other characters than names have make it a hash. */
function nameOf(path: LeafPath, value: JsonValue): string {
  const plain = path.join('.');
  const isPlain = path.every((step) => /^[A-Za-z0-9_-]+$/.test(String(step))) && plain.length <= 200;
  const name = isPlain ? plain : `_${createHash('sha256').update(JSON.stringify(path)).digest('hex').slice(0, 40)}`;
  return typeof value === 'string' ? name : JSON_NAME + name;
}

function refersToStore(value: JsonValue): boolean {
  return leavesOf(value).some((leaf) => typeof leaf.value === 'string' && isStoreReference(leaf.value));
}

/** What says where requests go, and through whom. */
function destinationOf({ kind, host, port, scheme, tls, proxy, auth }: ConnectorConfig) {
  return [
    ['kind', kind],
    ['host', host],
    ['port', port],
    ['scheme', scheme],
    ['tls', JSON.stringify(Object.entries(tls ?? {}).toSorted())],
    ['proxy', proxy],
    ['auth.token_url', auth.tokenUrl],
  ] as const;
}

const PLACE_NAME =
  /(?:^|[_-])(?:hosts?|url|urls|uri|endpoint|server|servers|address|origin|domain|brokers?|dsn|proxy|port|tls)(?:[_-]|$)/i;

/** Settings that differ and say where requests go, by their name or by what they hold. */
function movedSettings(before: JsonObject, after: JsonObject, part: string): readonly string[] {
  return leavesOf(after)
    .filter(({ path, value }) => value !== leafAt(before, path))
    .filter(
      ({ path, value }) =>
        path.some((step) => PLACE_NAME.test(snakeCase(String(step)))) ||
        (typeof value === 'string' && value.includes('://') && !isStoreReference(value)),
    )
    .map(({ path }) => describePath([part, ...path]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`);
}

export function describePath(path: LeafPath): string {
  return path.reduce<string>((base, step) => appendPath(base, step), '');
}

function scopeMissing(principal: Principal, owner: SecretOwner, path: string): PermissionDeniedError {
  return new PermissionDeniedError(
    `${quote(principal.name)} lacks the scope secrets, which a reference to a secret of the store needs (${path}): give the secret itself, or ask for a token with that scope`,
    { ...connectorOf(owner), details: { reason: 'scope_missing', scope: 'secrets' } },
  );
}

function rebindDenied(principal: Principal, owner: SecretOwner, why: string): PermissionDeniedError {
  return new PermissionDeniedError(
    `the ${owner.kind} "${owner.name}" stays as it is, as ${quote(principal.name)} lacks the scope secrets: ${why}, or ask for a token with that scope`,
    { ...connectorOf(owner), details: { reason: 'secret_rebind', scope: 'secrets' } },
  );
}

function connectorOf({ kind, name }: SecretOwner): { readonly connector?: string } {
  return kind === 'connector' ? { connector: name } : {};
}
