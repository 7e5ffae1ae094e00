import type { z } from 'zod';
import type { ConnectorConfig } from '../config-types.ts';
import type { ConfigDefaults } from '../fill-defaults.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Problem } from '../problem.ts';
import { checkProfile } from './check-profile.ts';
import { checkShape } from './check-shape.ts';
import { AUTH_REQUIRED } from './check-together.ts';
import {
  accessSchema,
  configFileSchema,
  executionsSchema,
  filesSchema,
  mcpSchema,
  networkSchema,
  pluginsSchema,
} from './config-file.ts';
import type {
  WireAccess,
  WireExecutions,
  WireFiles,
  WireMcp,
  WireNetwork,
  WirePlugins,
  WireProfile,
} from './config-file.ts';
import { copyJson } from './copy-json.ts';
import { describeReceived } from './describe-received.ts';
import type { Finding } from './finding.ts';
import { toProblems } from './finding.ts';
import { parseProfile } from './parse-profile.ts';
import { parseConnectorConfig, readConnectorRest } from './parse-connector-config.ts';
import { takeRest } from './take-rest.ts';
import type { Rest } from './take-rest.ts';
import type { PathStep } from '../problem-path.ts';
import { appendPath } from '../problem-path.ts';
import { schemaAt, schemaType } from './schema-at.ts';
import { toWireConfig } from './translate-config.ts';
import { explainUnknownKeys } from './unknown-keys.ts';

/** What a configuration file says, section by section. */
export interface ConfigFile {
  readonly plugins: WirePlugins;
  readonly files: WireFiles;
  readonly network: WireNetwork;
  readonly access: WireAccess;
  readonly mcp: WireMcp;
  readonly executions: WireExecutions;
  readonly profiles: ReadonlyMap<string, WireProfile>;
  readonly connectors: readonly ConnectorConfig[];
}

/** What can be read of a file in which something is wrong. */
export interface ConfigFileRest extends ConfigFile {
  /** Of each of its connectors, its index in the file, and the paths of what was left out of it, which begin below the connector. */
  readonly places: readonly { readonly index: number; readonly lost: readonly string[] }[];
}

export type ParsedConfigFile =
  | ({ readonly ok: true } & ConfigFile)
  /** `rest` is absent where the content is no map. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly rest?: ConfigFileRest };

/** Most connectors of one file. */
const MAX_CONNECTORS = 10_000;

const SECTIONS = Object.keys(configFileSchema.shape).filter((key) => key !== '$schema');

/**
 * Reads the content of a whole configuration file: plugins, files, network, profiles and connectors, and what they say of each other.
 * Gives every problem at once; never throws. A file without content is an empty configuration.
 */
export function parseConfigFile(
  content: unknown,
  options: { readonly defaults?: ConfigDefaults } = {},
): ParsedConfigFile {
  if (content !== undefined && content !== null && !isJsonObject(content)) {
    const expected = `a map with the keys ${SECTIONS.join(', ')}`;
    return { ok: false, problems: [{ path: '', expected, received: describeReceived(content, true) }] };
  }
  const file: Readonly<Record<string, unknown>> = content ?? {};
  const problems: Problem[] = [...checkSections(file)];
  const sections = {
    plugins: parseSection(pluginsSchema, 'plugins', file, problems),
    files: parseSection(filesSchema, 'files', file, problems),
    network: parseSection(networkSchema, 'network', file, problems),
    access: parseSection(accessSchema, 'access', file, problems),
    mcp: parseSection(mcpSchema, 'mcp', file, problems),
    executions: parseSection(executionsSchema, 'executions', file, problems),
    profiles: parseProfiles(file.profiles ?? {}, problems),
  };
  const connectors = parseConnectors(file.connectors ?? [], options.defaults ?? {}, problems);
  problems.push(...checkIds(connectors), ...checkProfiles(connectors, sections.profiles, file.profiles));
  const read = connectors.flatMap(({ rest }) => rest?.value ?? []);
  if (problems.length === 0) return { ok: true, ...sections, connectors: read };
  const places = connectors.flatMap(({ rest }, index) => (rest === undefined ? [] : [{ index, lost: rest.lost }]));
  return { ok: false, problems, rest: { ...sections, connectors: read, places } };
}

/** Whether the value at this path of the file is a text, whatever it looks like; false where settings are free. */
export function isTextField(path: readonly PathStep[]): boolean {
  const type = schemaType(schemaAt(configFileSchema, path));
  return type === 'string' || type === 'enum';
}

/** A connector's place in the file, its id if it has one, and its configuration as far as it is right. */
interface Place {
  readonly path: string;
  readonly id: JsonValue | undefined;
  readonly rest?: Rest<ConnectorConfig> | undefined;
}

function checkSections(file: Readonly<Record<string, unknown>>): readonly Problem[] {
  const unknown = Object.keys(file).filter((key) => !SECTIONS.includes(key) && key !== '$schema');
  return toProblems(explainUnknownKeys(unknown, SECTIONS), '');
}

/** What the section says, as far as it is right. */
function parseSection<T extends object>(
  schema: z.ZodType<T>,
  name: 'plugins' | 'files' | 'network' | 'access' | 'mcp' | 'executions',
  file: Readonly<Record<string, unknown>>,
  problems: Problem[],
): T {
  const check = (value: unknown, findings: Finding[]): T | undefined =>
    checkShape(schema, copyJson(value, { from: 'file', findings }), findings);
  const findings: Finding[] = [];
  const section = check(file[name] ?? {}, findings);
  if (section !== undefined && findings.length === 0) return section;
  problems.push(...toProblems(findings, name));
  return takeRest(file[name], check)?.value ?? schema.parse({});
}

function parseProfiles(value: unknown, problems: Problem[]): ReadonlyMap<string, WireProfile> {
  const profiles = new Map<string, WireProfile>();
  if (!isJsonObject(value)) {
    problems.push({ path: 'profiles', expected: 'a map of profiles', received: describeReceived(value, true) });
    return profiles;
  }
  for (const [name, entry] of Object.entries(value)) {
    const parsed = parseProfile(name, entry, { path: appendPath('profiles', name) });
    if (parsed.ok) profiles.set(name, parsed.profile);
    else problems.push(...parsed.problems);
  }
  return profiles;
}

function parseConnectors(value: unknown, defaults: ConfigDefaults, problems: Problem[]): readonly Place[] {
  if (!Array.isArray(value)) {
    problems.push({ path: 'connectors', expected: 'a list of connectors', received: describeReceived(value, true) });
    return [];
  }
  if (value.length > MAX_CONNECTORS) {
    problems.push({
      path: 'connectors',
      expected: `at most ${MAX_CONNECTORS} connectors`,
      received: String(value.length),
    });
    return [];
  }
  return value.map((entry: unknown, index) => {
    const path = appendPath('connectors', index);
    const id = isJsonObject(entry) ? entry.id : undefined;
    const parsed = parseConnectorConfig(entry, { path, defaults });
    if (parsed.ok) return { path, id, rest: { value: parsed.config, lost: [] } };
    problems.push(...parsed.problems);
    return { path, id, rest: readConnectorRest(entry, { path, defaults }) };
  });
}

function checkIds(connectors: readonly Place[]): Problem[] {
  const first = new Map<string, string>();
  return connectors.flatMap(({ path, id }) => {
    if (typeof id !== 'string') return [];
    const before = first.get(id);
    if (before === undefined) first.set(id, path);
    if (before === undefined) return [];
    return [
      {
        path: appendPath(path, 'id'),
        expected: 'an id of its own',
        received: `${describeReceived(id)}, which ${before} has too`,
      },
    ];
  });
}

function checkProfiles(
  connectors: readonly Place[],
  profiles: ReadonlyMap<string, WireProfile>,
  written: unknown,
): Problem[] {
  const names = isJsonObject(written) ? Object.keys(written) : [];
  return connectors.flatMap(({ path, rest }) => {
    const config = rest?.value;
    if (config?.profile === undefined) return [];
    const profile = profiles.get(config.profile);
    // A profile that is there and wrong has been reported where it stands.
    if (profile === undefined && names.includes(config.profile)) return [];
    const isKindKnown = rest?.lost.includes('kind') !== true;
    const problems =
      isKindKnown || profile === undefined ? checkProfile(config, profile && { kind: profile.kind }, names) : [];
    if (profile === undefined || problems.length > 0)
      return problems.map((problem) => ({ ...problem, path: appendPath(path, 'profile') }));
    return rest?.lost.length === 0 ? missingAuth(path, config, config.profile, profile) : [];
  });
}

function missingAuth(path: string, config: ConnectorConfig, name: string, profile: WireProfile): Problem[] {
  const given: Readonly<Record<string, unknown>> = {
    ...(toWireConfig(config)['auth'] as JsonObject),
    ...profile.secrets,
  };
  return AUTH_REQUIRED[config.auth.type]
    .filter((field) => given[field] === undefined)
    .map((field) => ({
      path: appendPath(appendPath(path, 'auth'), field),
      expected: `a value, as the type is ${config.auth.type} and the profile "${name}" has no secret of that name`,
      received: 'nothing',
    }));
}
