import { isDeepStrictEqual } from 'node:util';
import type { ConfiguredConnector, HostConfig } from './host-config.ts';

/** What a new configuration means for the connectors that run. */
export interface ConfigDiff {
  readonly added: readonly ConfiguredConnector[];
  readonly changed: readonly { readonly before: ConfiguredConnector; readonly after: ConfiguredConnector }[];
  readonly removed: readonly ConfiguredConnector[];
  readonly unchanged: readonly ConfiguredConnector[];
  /** Whether packages have to be looked for again. */
  readonly pluginsChanged: boolean;
}

/**
 * Compares two configurations by what matters to each connector: its resolved configuration, how it is written, and the
 * profile that it uses. The order of connectors and of keys does not matter.
 */
export function diffConfig(before: HostConfig, after: HostConfig): ConfigDiff {
  const old = new Map(before.connectors.map((connector) => [connector.config.id, connector]));
  const added: ConfiguredConnector[] = [];
  const changed: { before: ConfiguredConnector; after: ConfiguredConnector }[] = [];
  const unchanged: ConfiguredConnector[] = [];
  for (const connector of after.connectors) {
    const previous = old.get(connector.config.id);
    old.delete(connector.config.id);
    if (previous === undefined) added.push(connector);
    else if (isDeepStrictEqual(relevant(before, previous), relevant(after, connector))) unchanged.push(connector);
    else changed.push({ before: previous, after: connector });
  }
  return {
    added,
    changed,
    removed: [...old.values()],
    unchanged,
    pluginsChanged: !isDeepStrictEqual(before.plugins, after.plugins),
  };
}

function relevant({ profiles }: HostConfig, connector: ConfiguredConnector): unknown {
  const { profile } = connector.config;
  return { connector, profile: profile === undefined ? undefined : profiles.get(profile) };
}
