import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { configFileJsonSchema } from '@automate/contract/schemas';
import { SEARCH_PLACES } from './find-config.ts';

/** A kind that is installed, as far as an entry for it goes. */
export interface InstalledKind {
  readonly kind: string;
  readonly title: string;
  readonly packageName: string;
  /** It has an endpoint, and this is its scheme where the entry says none. */
  readonly scheme?: string | undefined;
  /** A connector of it is there without an entry. */
  readonly autoconfigure: boolean;
  /** Of its settings; absent where it does not say. */
  readonly settings?: JsonSchema;
}

export const SCHEMA_FILE = 'connectors.schema.json';

const HEAD = `# yaml-language-server: $schema=./${SCHEMA_FILE}
#
# The connectors that this host runs. Values may hold \${VAR} and \${VAR:-default}; below auth and settings also
# secretref://store/NAMESPACE/NAME (set by "automate secrets set NAMESPACE/NAME"), secretref://env/default/NAME (an environment
# variable) and secretref://file/NAMESPACE/NAME (the file $SECRETS_DIR/NAMESPACE/NAME, mode 0600). Durations are written 250ms, 30s, 1m30s.
# "automate plugins add" installs more kinds, and "automate schema" writes ${SCHEMA_FILE} anew for them.
`;

const NONE = `
# No kind is installed yet that needs an entry. Install one, and write what it needs:
#   automate plugins add @automate/connector-prometheus
#
#connectors:
#  - id: prometheus
#    host: localhost
#    port: 9090
connectors: []
`;

/** Of these it is known where they usually are. Those that need no secret can be tried at once. */
const USUAL: Readonly<Record<string, string>> = {
  prometheus: `    enabled: true
    host: \${PROMETHEUS_HOST:-localhost}
    port: \${PROMETHEUS_PORT:-9090}
    scheme: http
    health_check:
      path: /-/healthy
`,
  grafana: `    enabled: false
    host: \${GRAFANA_HOST:-localhost}
    port: \${GRAFANA_PORT:-3000}
    scheme: http
    auth:
      type: bearer
      token: secretref://env/default/GRAFANA_TOKEN
    health_check:
      path: /api/health
`,
  jaeger: `    enabled: true
    host: \${JAEGER_HOST:-localhost}
    port: \${JAEGER_PORT:-16686}
    scheme: http
    health_check:
      path: /
`,
};

/** What a new project starts with: an entry for each kind that is installed. One that has to be filled in is disabled until then. */
export function writeConfigText(kinds: readonly InstalledKind[]): string {
  const entries = kinds
    .filter(({ autoconfigure }) => !autoconfigure)
    .toSorted((one, other) => (one.kind < other.kind ? -1 : 1))
    .map(entryOf);
  return `${HEAD}${entries.length === 0 ? NONE : `\nconnectors:\n${entries.join('\n')}`}`;
}

function entryOf(kind: InstalledKind): string {
  const { title, packageName } = kind;
  const usual = Object.hasOwn(USUAL, kind.kind) ? USUAL[kind.kind] : undefined;
  const lines = usual ?? linesOf(kind);
  const advice = lines.includes('enabled: true')
    ? ''
    : ' Its README says what it needs: fill that in, and set enabled to true.';
  return `  # ${oneLine(title)}, of ${packageName}.${advice}
  - id: ${kind.kind}
${lines}`;
}

function linesOf({ kind, scheme, settings }: InstalledKind): string {
  const needed = neededSettings(settings ?? {}, kind);
  return [
    '    enabled: false',
    ...(scheme === undefined ? [] : [`    host: localhost`, `    scheme: ${scheme}`]),
    ...(Object.keys(needed).length === 0 ? [] : ['    settings:']),
    ...Object.entries(needed).map(([name, value]) => `      ${plain(name)}: ${JSON.stringify(value)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** What its settings cannot do without, each with a value of its type. */
function neededSettings({ properties, required }: JsonSchema, kind: string): JsonObject {
  if (!isJsonObject(properties) || !Array.isArray(required)) return {};
  return Object.fromEntries(
    required.flatMap((name) =>
      typeof name === 'string' && Object.hasOwn(properties, name)
        ? [[name, placeholder(properties[name], `${kind}_${name}`)] as const]
        : [],
    ),
  );
}

function placeholder(schema: JsonValue | undefined, name: string): JsonValue {
  if (!isJsonObject(schema)) return 'CHANGE ME';
  const { type, default: usual, enum: words, const: only, writeOnly, minimum } = schema;
  if (usual !== undefined) return usual;
  if (only !== undefined) return only;
  if (Array.isArray(words) && words[0] !== undefined) return words[0];
  if (writeOnly === true) return `secretref://env/default/${name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')}`;
  switch (type) {
    case 'integer':
    case 'number':
      return typeof minimum === 'number' ? minimum : 1;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return 'CHANGE ME';
  }
}

function plain(name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/**
 * Writes the first configuration of a project, with the schema for editors beside it, and gives the file's path.
 * Rejects where the project has a configuration already: nothing that someone wrote is ever replaced.
 */
export async function writeDefaultConfig(projectDir: string, kinds: readonly InstalledKind[]): Promise<string> {
  await requireNoConfig(projectDir);
  const file = join(projectDir, SEARCH_PLACES[0]);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, writeConfigText(kinds), { flag: 'wx' });
  // Generated, so an older one may go.
  await writeFile(join(dirname(file), SCHEMA_FILE), writeSchemaText(kinds));
  return file;
}

/** Throws where a project has a configuration already. */
export async function requireNoConfig(projectDir: string): Promise<void> {
  for (const place of SEARCH_PLACES) {
    if (await exists(join(projectDir, place)))
      throw new Error(`${join(projectDir, place)} is there already: edit it, or remove it first`);
  }
}

/** The JSON Schema of the configuration file for editors, with the settings of these kinds. */
export function writeSchemaText(kinds: readonly InstalledKind[]): string {
  return `${JSON.stringify(configFileJsonSchema(kinds), undefined, 2)}\n`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) =>
      (error as { code?: unknown }).code !== 'ENOENT' && (error as { code?: unknown }).code !== 'ENOTDIR',
  );
}
