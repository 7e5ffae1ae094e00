import type { ConnectorConfig, JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';
import { CONNECTOR_FIELDS } from '@automate/contract/schemas';
import type { Fields } from '@automate/contract/schemas';
import { replaceLeaves, replaceSecretSettings } from '@automate/sdk/runtime/masking';
import type { ProfileConfig } from '../config/host-config.ts';
import { parseSecretRef } from '../secrets/parse-secret-ref.ts';
import { secretsInUrl } from '../secrets/url-secrets.ts';

/**
 * The configuration as it may be shown: literal secrets masked, `${VAR}` and references as they were written. Until the
 * kind is described nobody knows which settings are secret, so all of them are masked.
 */
export function maskConfig(
  written: ConnectorConfig,
  configSchema: JsonSchema | undefined,
  described: boolean,
): ConnectorConfig {
  const masked = {
    ...maskFields(written, CONNECTOR_FIELDS),
    settings: maskSettings(written.settings, configSchema, described),
    metadata: maskMetadata(written.metadata),
  };
  return maskUrls(masked as unknown as JsonObject) as unknown as ConnectorConfig;
}

/** A profile as it may be shown, by the same rules. */
export function maskProfile(
  { settings, secrets }: ProfileConfig['written'],
  configSchema: JsonSchema | undefined,
  described: boolean,
): ProfileConfig['written'] {
  return {
    settings: maskUrls(maskSettings(settings, configSchema, described)),
    secrets: replaceLeaves({ ...secrets }, maskLeaf) as ProfileConfig['secrets'],
  };
}

function maskSettings(settings: JsonObject, configSchema: JsonSchema | undefined, described: boolean): JsonObject {
  return described
    ? replaceSecretSettings(settings, configSchema, maskLeaf)
    : (replaceLeaves(settings, maskLeaf) as JsonObject);
}

/** Texts are shown as they are, but for URLs and paths with a secret in them: those are masked whole. */
export function maskUrls<T extends JsonValue>(value: T): T {
  return replaceLeaves(value, (leaf) =>
    typeof leaf === 'string' && secretsInUrl(leaf).length > 0 ? MASKED_SECRET : leaf,
  ) as T;
}

/** A base path as a part of a URL; one that is kept elsewhere has no place in it. */
export function maskBasePath(basePath: string): string {
  return parseSecretRef(basePath).kind === 'literal' ? maskUrls(basePath) : MASKED_SECRET;
}

/** Metadata is for words that everyone may read; those whose name sounds secret are none. */
export function maskMetadata(metadata: ConnectorConfig['metadata']): ConnectorConfig['metadata'] {
  return maskUrls(replaceSecretSettings(metadata, undefined, maskLeaf) as ConnectorConfig['metadata']);
}

/** The values that the table says are secret, masked. */
function maskFields<T extends object>(values: T, fields: Fields): T {
  const entries = Object.entries(values).map(([name, value]: [string, JsonValue]): [string, JsonValue] => {
    const row = fields[name];
    if (row?.kind === 'section') return [name, maskFields(value as JsonObject, row.fields)];
    return [name, row?.secret === true ? replaceLeaves(value, maskLeaf) : value];
  });
  return Object.fromEntries(entries) as T;
}

function maskLeaf(leaf: JsonValue): JsonValue {
  return typeof leaf === 'string' ? maskText(leaf) : MASKED_SECRET;
}

/** References say where a secret is, not what it is. Text that only contains one is masked whole. */
function maskText(text: string): string {
  return /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text) || parseSecretRef(text).kind === 'reference'
    ? text
    : MASKED_SECRET;
}
