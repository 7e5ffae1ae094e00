import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { ConnectorConfig, ConnectorOwner, JsonObject } from '@automate/contract';
import { isAmong, placesOf as pathsOf, realPathOf } from '@automate/sdk/runtime';
import type { FilesPolicy } from '@automate/sdk/runtime';
import { grantedSet } from '../plugins/grants.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { HostSettings } from '../host-settings.ts';

export interface FilesPolicyOptions {
  /** The directory in which relative paths of configurations begin. */
  readonly base: string;
  /** The host's own files and directories. */
  readonly closed: readonly string[];
}

export interface PlacesOptions {
  readonly settings: Pick<HostSettings, 'dataDir' | 'secretsDir' | 'masterKeyFile' | 'tls'>;
  /** The configuration file, where there is one. */
  readonly configFile: string | undefined;
}

/** Whose paths a policy is for. */
export interface PathOwner {
  readonly owner: ConnectorOwner;
  readonly anyPath: boolean;
  readonly config: ConnectorConfig;
  /** Of its profile, where the operator wrote that. */
  readonly profileSettings: JsonObject | undefined;
  /** `files.roots` of the file. */
  readonly fileRoots: readonly string[];
  /** Its kind, where there is one. */
  readonly kind: Kind | undefined;
}

/** Where the paths of configurations begin, and where none may lead. */
export function placesOf(options: PlacesOptions & { readonly projectDir: string }): FilesPolicyOptions {
  const { configFile, projectDir } = options;
  return { base: configFile === undefined ? projectDir : dirname(configFile), closed: closedPaths(options) };
}

/** Which files a connector may use: the operator's own all but the host's, others only what the operator granted. */
export function createFilesPolicy({ base, closed }: FilesPolicyOptions): (of: PathOwner) => FilesPolicy {
  return ({ owner, anyPath, config, profileSettings = {}, fileRoots, kind }) => {
    const common = { base, closed, programs: mayStartPrograms(kind) };
    if (owner !== 'api') return common;
    return {
      ...common,
      // As they are: a connector with walls cannot find out where they lead.
      roots: fileRoots.map((root) => realOrWritten(root)),
      ofProfile: Object.fromEntries(
        Object.entries(profileSettings).filter(([key]) => !Object.hasOwn(config.settings, key)),
      ),
      lenient: anyPath,
    };
  };
}

/** What a program hands over by itself is its own code. */
function mayStartPrograms(kind: Kind | undefined): boolean {
  if (kind === undefined) return false;
  return kind.source.via !== 'package' || grantedSet(kind.permissions).childProcess;
}

/** Why a directory cannot be granted, as what is said of it; undefined where it can. */
export function explainFileRoot(root: string, closed: readonly string[]): string | undefined {
  const real = realPathOf(root);
  if (real === undefined || !existsSync(real)) return 'does not exist';
  return isAmong(pathsOf(closed), real)
    ? "lies among the host's own files (data, secrets, configuration), which no connector may use"
    : undefined;
}

/** A configuration with the whole paths of the files under `tls`, which the host reads as well as the worker. */
export function withWholePaths<Config extends Pick<ConnectorConfig, 'tls'>>(config: Config, base: string): Config {
  const { tls } = config;
  if (tls === undefined) return config;
  const whole = (path: string | undefined) => (path === undefined || isAbsolute(path) ? path : `${base}/${path}`);
  const files = { caFile: whole(tls.caFile), certFile: whole(tls.certFile), keyFile: whole(tls.keyFile) };
  const given = Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined));
  return { ...config, tls: { ...tls, ...given } };
}

/** Where a path leads; as it is written where nothing is there yet. */
export function realOrWritten(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** The host's own files. What a process may see of itself and its kin, its environment included, is among them. */
export function closedPaths({ settings, configFile }: PlacesOptions): readonly string[] {
  const { dataDir, secretsDir, masterKeyFile, tls } = settings;
  return [
    '/proc',
    dataDir,
    ...[secretsDir, masterKeyFile, tls?.keyFile, configFile].filter((path) => path !== undefined),
  ];
}
