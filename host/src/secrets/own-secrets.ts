import type { JsonValue } from '@automate/contract';
import type { SecretId, SecretName } from '../store/secret-store.ts';

/** What a secret came with over the API, and changes with. */
export interface SecretOwner {
  readonly kind: 'connector' | 'profile';
  readonly name: string;
}

/** How the secrets of profiles are named: others whose namespace begins like theirs may be older than they are. */
const OF_PROFILE = /^(?:json\.)?(?:(?:secrets|settings)\.|_[\da-f]{40}$)/;

/** Where the secrets are kept that a connector or profile brought along. */
export function ownNamespace({ kind, name }: SecretOwner): string {
  return `${kind}.${name}`;
}

/** What a secret belongs to; undefined for those that are everyone's. */
export function ownerOfSecret({ namespace, name }: SecretName): SecretOwner | undefined {
  const [kind = ''] = namespace.split('.', 1);
  const owner = namespace.slice(kind.length + 1);
  if (kind === 'connector' && namespace.includes('.')) return { kind, name: owner };
  return kind === 'profile' && namespace.includes('.') && OF_PROFILE.test(name) ? { kind, name: owner } : undefined;
}

/** What the name of a secret begins with that was no text in its registration: it is kept as JSON. */
export const JSON_NAME = 'json.';

/** What a connector is given for a secret. */
export function valueOfSecret(secret: SecretName, text: string): JsonValue {
  const wasNoText = ownerOfSecret(secret) !== undefined && secret.name.startsWith(JSON_NAME);
  return wasNoText ? (JSON.parse(text) as JsonValue) : text;
}

/** The reference to one version, as a registration has it. */
export function referenceTo({ namespace, name, version }: SecretId): string {
  return `secretref://store/${namespace}/${name}?version=${version}`;
}
