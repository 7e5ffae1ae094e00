import type { ExportedConfig, JsonObject } from '@automate/contract';
import { dump } from 'js-yaml';
import type { ConnectorStore } from '../store/connector-store.ts';
import type { ProfileStore } from '../store/profile-store.ts';

export interface ExportOptions {
  readonly store: Pick<ConnectorStore, 'load'>;
  readonly profileStore: Pick<ProfileStore, 'load'>;
}

/**
 * What was set over the API, as the text of a configuration file. Both write texts in the same way, and secrets are references to the
 * store already, so that what is stored can stand there as it is. What cannot be read is left out; the start of the host says so.
 */
export async function exportConfig({ store, profileStore }: ExportOptions): Promise<ExportedConfig> {
  const rows = (await store.load()).filter(({ fault, sealed }) => fault === undefined && sealed);
  const profiles = (await profileStore.load()).filter(({ fault }) => fault === undefined);
  const document = {
    connectors: rows.map(({ id, config }): JsonObject => ({ id, ...config })),
    ...(profiles.length === 0
      ? {}
      : { profiles: Object.fromEntries(profiles.map(({ name, config }) => [name, config])) }),
  };
  return {
    yaml: `# Connectors and profiles that were set over the API.\n${dump(document, { noRefs: true, lineWidth: -1 })}`,
    connectors: rows.map(({ id }) => id),
    profiles: profiles.map(({ name }) => name),
  };
}
