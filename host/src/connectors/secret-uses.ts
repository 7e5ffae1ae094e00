import type { ConnectorConfig, JsonValue, SecretUser } from '@automate/contract';
import { parseSecretReference } from '@automate/contract/schemas';
import type { SecretReference } from '@automate/contract/schemas';
import type { ProfileConfig } from '../config/host-config.ts';
import { resolvedParts } from '../secrets/resolver.ts';
import type { SecretUse } from '../secrets/secret-operations.ts';
import type { SecretId, SecretName } from '../store/secret-store.ts';
import { leavesOf } from './json-leaves.ts';
import type { Registry } from './registry.ts';
import { allProfiles } from './registry.ts';

/** Every use of a secret of the store: by connectors themselves, by profiles, and by the configuration of the host. */
export function secretUses(registry: Registry): readonly SecretUse[] {
  return [
    ...registry.all().flatMap(({ id, config }) => usesOf('connector', id, referencesOf(config))),
    ...[...allProfiles(registry.sources).values()].flatMap((profile) =>
      usesOf('profile', profile.name, profileReferences(profile)),
    ),
    ...usesOf(
      'configuration',
      'executions.callback_secret',
      storeReferences([registry.sources.config.executions.callbackSecret ?? null]),
    ),
  ];
}

/** Whether anything uses this version of a secret; one that is named without a version may be any of them. */
export function isUsedSecret(registry: Registry, { namespace, name, version }: SecretId): boolean {
  return secretUses(registry).some(
    ({ secret, user }) =>
      secret.namespace === namespace && secret.name === name && (user.version ?? version) === version,
  );
}

/** Ids of the connectors whose worker is given a secret of the store, by themselves or by their profile. */
export function connectorsWith(registry: Registry, { namespace, name }: SecretName): readonly string[] {
  return registry
    .all()
    .filter(({ config, profile }) =>
      [...referencesOf(config), ...(profile === undefined ? [] : profileReferences(profile))].some(
        (reference) => reference.namespace === namespace && reference.name === name,
      ),
    )
    .map(({ id }) => id);
}

function usesOf(kind: SecretUser['kind'], name: string, references: readonly SecretReference[]): SecretUse[] {
  return references.map(({ namespace, name: secret, version }) => ({
    secret: { namespace, name: secret },
    user: { kind, name, ...(version === undefined ? {} : { version }) },
  }));
}

/** The references to the store in what is resolved for a worker. */
function referencesOf(config: ConnectorConfig): readonly SecretReference[] {
  return storeReferences(resolvedParts(config));
}

function profileReferences({ settings, secrets }: ProfileConfig): readonly SecretReference[] {
  return storeReferences([settings, secrets]);
}

function storeReferences(whole: JsonValue): readonly SecretReference[] {
  return leavesOf(whole).flatMap(({ value }) => {
    const parsed = typeof value === 'string' ? parseSecretReference(value) : undefined;
    return parsed?.ok === true && parsed.reference.backend === 'store' ? [parsed.reference] : [];
  });
}
