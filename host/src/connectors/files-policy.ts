import type { ConnectorConfig, ConnectorOwner, JsonObject } from '@automate/contract';
import type { FilesPolicy } from '@automate/sdk/runtime';
import type { HostSettings } from '../host-settings.ts';

export interface FilesPolicyOptions {
  readonly settings: Pick<HostSettings, 'dataDir' | 'secretsDir'>;
  /** The configuration file, where there is one. */
  readonly configFile: string | undefined;
}

/** Whose paths a policy is for. */
export interface PathOwner {
  readonly owner: ConnectorOwner;
  readonly anyPath: boolean;
  readonly config: ConnectorConfig;
  /** Of its profile, which the operator wrote. */
  readonly profileSettings: JsonObject | undefined;
  /** `files.roots` of the file. */
  readonly fileRoots: readonly string[];
}

/** Which files a connector may use: the operator's own all but the host's, others only what the operator granted. */
export function createFilesPolicy(options: FilesPolicyOptions): (of: PathOwner) => FilesPolicy {
  const closed = closedPaths(options);
  return ({ owner, anyPath, config, profileSettings = {}, fileRoots }) => {
    if (owner !== 'api') return { closed };
    return {
      closed,
      roots: fileRoots,
      ofProfile: Object.keys(profileSettings).filter((key) => !Object.hasOwn(config.settings, key)),
      lenient: anyPath,
    };
  };
}

/** The host's own files. What a process may see of itself and its kin, its environment included, is among them. */
export function closedPaths({ settings, configFile }: FilesPolicyOptions): readonly string[] {
  const { dataDir, secretsDir } = settings;
  return ['/proc', dataDir, ...[secretsDir, configFile].filter((path) => path !== undefined)];
}
