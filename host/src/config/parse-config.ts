import type { ConnectorConfig, JsonObject, PermissionSet, Problem, ProfileOwner } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { locateField, parseConfigFile, parseDuration } from '@automate/contract/schemas';
import type {
  ConfigDefaults,
  ConfigFileRest,
  WireAccess,
  WireExecutions,
  WireGrant,
  WireMcp,
  WirePlugins,
  WireProfile,
} from '@automate/contract/schemas';
import { isSecretKey } from '@automate/sdk/runtime/masking';
import { DEFAULT_MCP, DEFAULT_PLUGINS } from './host-config.ts';
import type {
  AccessConfig,
  ConfiguredConnector,
  ExecutionsConfig,
  HostConfig,
  McpConfig,
  PluginsConfig,
  ProfileConfig,
} from './host-config.ts';
import type { Environment } from './interpolate.ts';
import { variablesIn } from './interpolate.ts';
import { readConfigText } from './read-config-text.ts';
import type { ResolvedValues, WrittenText } from './resolve-variables.ts';
import { toWrittenForm, withWrittenTexts } from './written-form.ts';

/** What can be read of a configuration in which something is wrong. */
export interface ConfigRest {
  readonly config: HostConfig;
  /** Of each of its connectors, its index in the file, and the paths of what was left out of it, which begin below the connector. */
  readonly places: readonly { readonly index: number; readonly lost: readonly string[] }[];
}

export type ParsedConfig = (
  | { readonly ok: true; readonly config: HostConfig }
  /** `rest` is absent where nothing can be read. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly rest?: ConfigRest }
) & {
  /** All that is wrong with the text, in its order, each with line and column, and this besides, of which only the path is known. */
  readonly problemsWith: (found: readonly Problem[]) => readonly Problem[];
};

export interface ParseConfigOptions {
  /** Named in the problems. */
  readonly file?: string;
  readonly environment: Environment;
  readonly defaults?: ConfigDefaults;
}

/**
 * Reads the text of a configuration file: everything it says, or every problem in the order of the file, each with
 * line and column. Where the text itself cannot be read, that is the only problem. Never throws.
 */
export function parseConfig(text: string, options: ParseConfigOptions): ParsedConfig {
  const { values, problemsWith } = readConfigText(text, options.environment);
  const parsed = parseConfigFile(values.value, options.defaults === undefined ? {} : { defaults: options.defaults });
  const inContents = parsed.ok ? [] : parsed.problems;
  const all = (found: readonly Problem[]): readonly Problem[] => problemsWith([...inContents, ...found], options.file);
  const problems = all([]);
  const read = parsed.ok
    ? { ...parsed, places: parsed.connectors.map((_, index) => ({ index, lost: [] })) }
    : parsed.rest;
  if (read === undefined) return { ok: false, problems, problemsWith: all };
  const config = toHostConfig(read, values, options.environment);
  return problems.length === 0
    ? { ok: true, config, problemsWith: all }
    : { ok: false, problems, rest: { config, places: read.places }, problemsWith: all };
}

function toHostConfig(file: ConfigFileRest, values: ResolvedValues, environment: Environment): HostConfig {
  const { plugins, files, network } = file;
  return {
    connectors: file.connectors.map((config, at) => configured(config, file.places[at]?.index ?? at, values)),
    listsConnectors: isJsonObject(values.value) && Array.isArray(values.value['connectors']),
    plugins: toPlugins(plugins),
    fileRoots: files.roots ?? [],
    network: {
      allow: network.allow ?? [],
      deny: network.deny ?? [],
      registeredAllow: network.registered?.allow ?? [],
    },
    access: toAccess(file.access),
    mcp: toMcp(file.mcp),
    executions: toExecutions(file.executions),
    secretVariables: [
      ...[...values.written.values()].flatMap((text) => secretsOf(text, environment)),
      ...Object.values(plugins.grants ?? {}).flatMap(({ env = [] }) => secretsAmong(env, environment)),
    ],
    profiles: new Map(Array.from(file.profiles, ([name, profile]) => [name, configuredProfile(name, profile, values)])),
  };
}

function configured(config: ConnectorConfig, index: number, values: ResolvedValues): ConfiguredConnector {
  const texts = [...values.written.values()]
    .filter(({ path }) => path[0] === 'connectors' && path[1] === index)
    .map(({ path, text }) => ({ path: path.slice(2), text }));
  return { config, written: toWrittenForm(config, texts) };
}

/** Variables in which shells keep the working directory. By their names alone they would be taken for passwords. */
const DIRECTORIES = new Set(['PWD', 'OLDPWD']);

function secretsOf({ path, text }: WrittenText, environment: Environment): readonly string[] {
  // Where a whole may be shown that a variable made secret, what is no word is taken for a token.
  const inUrl = path[0] === 'connectors' && locateField(path.slice(2)).row?.url === true;
  return variablesIn(text, environment)
    .filter(
      ({ name, value }) =>
        (isSecretKey(name, 'value') && !DIRECTORIES.has(name)) || (inUrl && /\d/.test(value) && /[A-Za-z]/.test(value)),
    )
    .map(({ value }) => value);
}

/** Of variables that connectors are granted. */
function secretsAmong(names: readonly string[], environment: Environment): readonly string[] {
  return names.filter((name) => isSecretKey(name, 'value')).flatMap((name) => environment[name] ?? []);
}

function toPlugins({
  minimum_isolation: minimumIsolation = {},
  trusted_keys: trustedKeys = {},
  grants = {},
  ...plugins
}: WirePlugins): PluginsConfig {
  const granted = Object.entries(grants).map(([pattern, grant]) => [pattern, toPermissions(grant)] as const);
  return { ...DEFAULT_PLUGINS, ...plugins, minimumIsolation, trustedKeys, grants: Object.fromEntries(granted) };
}

function toAccess({ clients = {}, limits = {} }: WireAccess): AccessConfig {
  const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseDuration(text));
  const { requests_per_second: requestsPerSecond, calls_in_flight: callsInFlight } = limits;
  const { connections_per_address: connectionsPerAddress } = limits;
  const [headerTimeoutMs, bodyTimeoutMs] = [ms(limits.header_timeout), ms(limits.body_timeout)];
  return {
    clients: clients as AccessConfig['clients'],
    limits: {
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
      ...(callsInFlight === undefined ? {} : { callsInFlight }),
      ...(connectionsPerAddress === undefined ? {} : { connectionsPerAddress }),
      ...(headerTimeoutMs === undefined ? {} : { headerTimeoutMs }),
      ...(bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs }),
    },
  };
}

function toMcp({ expose: { read_only: readOnly = false, ...patterns } = {} }: WireMcp): McpConfig {
  return { expose: { ...DEFAULT_MCP.expose, ...patterns, readOnly } };
}

function toExecutions({ callback_secret: callbackSecret, callbacks = [] }: WireExecutions): ExecutionsConfig {
  return { callbacks, ...(callbackSecret === undefined ? {} : { callbackSecret }) };
}

function toPermissions({
  network = [],
  env = [],
  fs = {},
  child_process: childProcess = false,
}: WireGrant): PermissionSet {
  return { network, env, fs: { read: fs.read ?? [], write: fs.write ?? [] }, childProcess };
}

function configuredProfile(name: string, wire: WireProfile, { written }: ResolvedValues): ProfileConfig {
  const profile = toProfile(name, 'file', wire);
  const texts = [...written.values()]
    .filter(({ path }) => path[0] === 'profiles' && path[1] === name)
    .map(({ path, text }) => ({ path: path.slice(2), text }));
  return { ...profile, written: withWrittenTexts(profile.written, texts) };
}

/** With its defaults. */
export function toProfile(name: string, owner: ProfileOwner, profile: WireProfile): ProfileConfig {
  const values = { settings: (profile.settings ?? {}) as JsonObject, secrets: profile.secrets ?? {} };
  return {
    name,
    owner,
    kind: profile.kind,
    environment: profile.environment ?? 'prod',
    ...values,
    enabled: profile.enabled ?? true,
    written: values,
  };
}
