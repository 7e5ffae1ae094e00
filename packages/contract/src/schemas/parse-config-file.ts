import type { z } from 'zod';
import type { ConnectorConfig } from '../config-types.ts';
import type { ConfigDefaults } from '../fill-defaults.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Problem } from '../problem.ts';
import { checkProfile } from './check-profile.ts';
import { checkShape } from './check-shape.ts';
import { AUTH_REQUIRED } from './check-together.ts';
import { accessSchema, configFileSchema, filesSchema, mcpSchema, networkSchema, pluginsSchema } from './config-file.ts';
import type { WireAccess, WireFiles, WireMcp, WireNetwork, WirePlugins, WireProfile } from './config-file.ts';
import { copyJson } from './copy-json.ts';
import { describeReceived } from './describe-received.ts';
import type { Finding } from './finding.ts';
import { toProblems } from './finding.ts';
import { parseProfile } from './parse-profile.ts';
import { parseConnectorConfig } from './parse-connector-config.ts';
import type { PathStep } from '../problem-path.ts';
import { appendPath } from '../problem-path.ts';
import { schemaAt, schemaType } from './schema-at.ts';
import { toWireConfig } from './translate-config.ts';
import { explainUnknownKeys } from './unknown-keys.ts';

export type ParsedConfigFile =
  | {
      readonly ok: true;
      readonly plugins: WirePlugins;
      readonly files: WireFiles;
      readonly network: WireNetwork;
      readonly access: WireAccess;
      readonly mcp: WireMcp;
      readonly profiles: ReadonlyMap<string, WireProfile>;
      readonly connectors: readonly ConnectorConfig[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

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
  const plugins = parseSection(pluginsSchema, 'plugins', file, problems);
  const files = parseSection(filesSchema, 'files', file, problems);
  const network = parseSection(networkSchema, 'network', file, problems);
  const access = parseSection(accessSchema, 'access', file, problems);
  const mcp = parseSection(mcpSchema, 'mcp', file, problems);
  const profiles = parseProfiles(file.profiles ?? {}, problems);
  const connectors = parseConnectors(file.connectors ?? [], options.defaults ?? {}, problems);
  problems.push(...checkIds(connectors), ...checkProfiles(connectors, profiles, file.profiles));
  if (
    problems.length > 0 ||
    plugins === undefined ||
    files === undefined ||
    network === undefined ||
    access === undefined ||
    mcp === undefined
  )
    return { ok: false, problems };
  return {
    ok: true,
    plugins,
    files,
    network,
    access,
    mcp,
    profiles,
    connectors: connectors.flatMap((connector) => connector.config ?? []),
  };
}

/** Whether the value at this path of the file is a text, whatever it looks like; false where settings are free. */
export function isTextField(path: readonly PathStep[]): boolean {
  const type = schemaType(schemaAt(configFileSchema, path));
  return type === 'string' || type === 'enum';
}

/** A connector's place in the file, its id if it has one, and its configuration if it is right. */
interface Place {
  readonly path: string;
  readonly id: JsonValue | undefined;
  readonly config?: ConnectorConfig;
}

function checkSections(file: Readonly<Record<string, unknown>>): readonly Problem[] {
  const unknown = Object.keys(file).filter((key) => !SECTIONS.includes(key) && key !== '$schema');
  return toProblems(explainUnknownKeys(unknown, SECTIONS), '');
}

function parseSection<T>(
  schema: z.ZodType<T>,
  name: 'plugins' | 'files' | 'network' | 'access' | 'mcp',
  file: Readonly<Record<string, unknown>>,
  problems: Problem[],
): T | undefined {
  const findings: Finding[] = [];
  const section = checkShape(schema, copyJson(file[name] ?? {}, { from: 'file', findings }), findings);
  problems.push(...toProblems(findings, name));
  return section;
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
    if (parsed.ok) return { path, id, config: parsed.config };
    problems.push(...parsed.problems);
    return { path, id };
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
  return connectors.flatMap(({ path, config }) => {
    if (config?.profile === undefined) return [];
    const profile = profiles.get(config.profile);
    // A profile that is there and wrong has been reported where it stands.
    if (profile === undefined && names.includes(config.profile)) return [];
    const problems = checkProfile(config, profile && { kind: profile.kind }, names);
    if (profile === undefined || problems.length > 0)
      return problems.map((problem) => ({ ...problem, path: appendPath(path, 'profile') }));
    return missingAuth(path, config, config.profile, profile);
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
