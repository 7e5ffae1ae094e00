import type { JsonValue } from '@automate/contract';
import type { SecretId, SecretName } from '../store/secret-store.ts';

const PREFIX = 'connector.';

/** Where the secrets are kept that the registration of a connector brought along. */
export function ownNamespace(connector: string): string {
  return `${PREFIX}${connector}`;
}

/** The connector that a namespace belongs to; undefined for those that are everyone's. */
export function connectorOfNamespace(namespace: string): string | undefined {
  return namespace.startsWith(PREFIX) ? namespace.slice(PREFIX.length) : undefined;
}

/** What the name of a secret begins with that was no text in its registration: it is kept as JSON. */
export const JSON_NAME = 'json.';

/** What a connector is given for a secret. */
export function valueOfSecret({ namespace, name }: SecretName, text: string): JsonValue {
  const wasNoText = connectorOfNamespace(namespace) !== undefined && name.startsWith(JSON_NAME);
  return wasNoText ? (JSON.parse(text) as JsonValue) : text;
}

/** The reference to one version, as a registration has it. */
export function referenceTo({ namespace, name, version }: SecretId): string {
  return `secretref://store/${namespace}/${name}?version=${version}`;
}
