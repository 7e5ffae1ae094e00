import { dirname, extname, resolve } from 'node:path';
import type { Problem } from '@automate/contract';
import type { ConfigDefaults } from '@automate/contract/schemas';
import type { ReadConfig } from './explain-mistake.ts';
import { findConfig } from './find-config.ts';
import { DEFAULT_ACCESS, DEFAULT_EXECUTIONS, DEFAULT_MCP, DEFAULT_NETWORK, DEFAULT_PLUGINS } from './host-config.ts';
import type { HostConfig } from './host-config.ts';
import type { Environment } from './interpolate.ts';
import type { ConfigRest, ParsedConfig } from './parse-config.ts';
import { parseConfig } from './parse-config.ts';
import { readConfigFile } from './read-config-file.ts';

export interface LoadConfigOptions {
  /** The project's root; configuration is looked for here, and a relative `configPath` starts here. */
  readonly cwd: string;
  /** A file that was named by hand, which must then exist. */
  readonly configPath?: string;
  /** What `${VAR}` reads. */
  readonly env: Environment;
  readonly defaults?: ConfigDefaults;
  /** Packages that are not used, whatever the file says. */
  readonly without?: readonly string[] | undefined;
}

export type LoadedConfig =
  /** `file` is absent where there is none: the configuration is empty then. */
  ({ readonly ok: true } & ReadConfig) | UnusableConfig;

export interface UnusableConfig {
  readonly ok: false;
  readonly problems: readonly Problem[];
  readonly file?: string;
  /** What can be read in spite of them; absent where nothing can. */
  readonly rest?: ConfigRest & Pick<ParsedConfig, 'problemsWith'>;
}

/** What configuration files end with. Nothing that executes. */
const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/** Finds, reads and checks the configuration; all problems at once, as values. Reads the disk anew each time. */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const found = await locateConfig(options);
  if (!found.ok) return found;
  const { file, ignored } = found;
  const { without = [] } = options;
  if (file === undefined) return emptyConfig(without);
  const read = await readConfigFile(file);
  if (!read.ok) return { ok: false, problems: read.problems, file };
  const warnings = ignored.map((other) => `${other} is not read, as ${file} is the configuration: remove one of them`);
  const loaded = readConfig(read.text, { ...options, file });
  return loaded.ok ? { ...loaded, warnings } : loaded;
}

export interface ReadConfigOptions extends Pick<LoadConfigOptions, 'env' | 'defaults' | 'without'> {
  /** Where the text lies, or would: relative paths in it start there. */
  readonly file: string;
  /** What problems call it. Default: `file`. */
  readonly name?: string | undefined;
}

/** Reads the text of a configuration file; all problems at once, as values. */
export function readConfig(
  text: string,
  { file, name = file, env: environment, defaults, without = [] }: ReadConfigOptions,
): LoadedConfig {
  const parsed = parseConfig(text, { file: name, environment, defaults });
  const { problemsWith } = parsed;
  if (parsed.ok) return { ok: true, config: inPlace(parsed.config, file, without), file, text, problemsWith };
  const { problems, rest } = parsed;
  if (rest === undefined) return { ok: false, problems, file };
  return { ok: false, problems, file, rest: { ...rest, config: inPlace(rest.config, file, without), problemsWith } };
}

/** With whole paths, as it stands in a file at this place. */
function inPlace(config: HostConfig, file: string, without: readonly string[]): HostConfig {
  const whole = (paths: readonly string[]): readonly string[] => paths.map((path) => resolve(dirname(file), path));
  const { plugins } = config;
  const grants = Object.entries(plugins.grants).map(
    ([pattern, { fs, ...grant }]) =>
      [pattern, { ...grant, fs: { read: whole(fs.read), write: whole(fs.write) } }] as const,
  );
  return {
    ...config,
    fileRoots: whole(config.fileRoots),
    plugins: { ...plugins, without, grants: Object.fromEntries(grants) },
  };
}

async function locateConfig({ cwd, configPath }: LoadConfigOptions): ReturnType<typeof findConfig> {
  if (configPath === undefined || configPath === '') return findConfig(cwd);
  const file = resolve(cwd, configPath);
  if (EXTENSIONS.has(extname(file).toLowerCase())) return { ok: true, file, ignored: [] };
  const expected = 'a file that ends with .yaml, .yml or .json';
  return { ok: false, problems: [{ path: '', expected, received: extname(file) || 'no ending', file }], file };
}

/** What holds where there is no file, or where one is not read. */
export function emptyConfig(without: readonly string[] = [], file?: string): LoadedConfig & { readonly ok: true } {
  const config: HostConfig = {
    connectors: [],
    listsConnectors: false,
    plugins: { ...DEFAULT_PLUGINS, without },
    fileRoots: [],
    network: DEFAULT_NETWORK,
    access: DEFAULT_ACCESS,
    mcp: DEFAULT_MCP,
    executions: DEFAULT_EXECUTIONS,
    profiles: new Map(),
    secretVariables: [],
  };
  return { ok: true, config, text: '', ...(file === undefined ? {} : { file }) };
}
