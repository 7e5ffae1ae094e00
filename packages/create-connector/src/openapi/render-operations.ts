import type { JsonObject, JsonValue } from '@automate/contract';
import type { LeftOut, Operation } from '@automate/openapi';
import { showOperation } from '@automate/openapi';
import type { KeyedOperation } from './key-header.ts';
import { takeKeyOut } from './key-header.ts';
import type { LoadedDocument } from './load-document.ts';
import { keyForTests, makeFixture } from './make-fixture.ts';
import type { Access, ApiKey } from './plan-access.ts';
import { planAccess } from './plan-access.ts';
import { exportOf, fileOf, planOf, writeOperation } from './write-operation.ts';
import { writeLiteral } from './write-literal.ts';

/** What a document adds to a package of the template `openapi`. */
export interface RenderedOperations {
  /** By their path, in place of the template's `src/operations` and what is beside its test. */
  readonly files: ReadonlyMap<string, string>;
  /** By the word that stands for it in the README, in angle brackets; given the names of the package. */
  readonly words: (names: { readonly kind: string }) => Readonly<Record<string, string>>;
  /** A configuration for its author. */
  readonly ownConfiguration: (kind: string) => string;
  /** The hosts that the manifest asks for. */
  readonly network: readonly string[];
  readonly actions: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Actions whose fixture has something that the document had no fitting example of. */
  readonly madeUp: readonly string[];
}

const SECRET = 'a-token-for-tests';
/** Characters of a row of the README. */
const MAX_ROW = 160;

/** The sources, fixtures and words of the operations, one action for each. What cannot be expressed is left out, with the reason. */
export function renderOperations({ document, url }: LoadedDocument, chosen: readonly Operation[]): RenderedOperations {
  const { access, operations: reached, leftOut } = planAccess(document, chosen, url);
  const keysOf = ({ name }: Operation): readonly ApiKey[] => access.apiKeys.get(name) ?? [];
  const sent = headersForTests(access);
  const files = new Map<string, string>();
  const keyed: KeyedOperation[] = [];
  const madeUp: string[] = [];
  const lost = [...leftOut];
  for (const each of reached.map(takeKeyOut)) {
    const { operation } = each;
    const fixture = makeFixture(operation, { apiKeys: keysOf(operation), sent });
    if (fixture === undefined) {
      const reason =
        'no value could be made that its schemas take: they contradict themselves, or ask for more than a schema can say';
      lost.push({ operation: showOperation(operation), reason });
      continue;
    }
    keyed.push(each);
    if (fixture.isMadeUp) madeUp.push(operation.name);
    files.set(`test/fixtures/${fileOf(operation)}.json`, json(fixture.content));
  }
  const takesKeys = keyed.some(({ keyHeader }) => keyHeader !== undefined);
  for (const each of keyed) {
    const { operation } = each;
    const text = writeOperation(each, { apiKeys: keysOf(operation), takesKeys });
    files.set(`src/operations/${fileOf(operation)}.ts`, text);
  }
  const operations = keyed.map(({ operation }) => operation);
  const apiKeys = [...new Map(operations.flatMap(keysOf).map((key) => [key.setting, key])).values()];
  files.set('src/operations/index.ts', writeIndex(keyed, { apiKeys, keysOf, takesKeys }));
  files.set(
    'test/connector.json',
    json({
      config: authForTests(access),
      settings: Object.fromEntries(apiKeys.map((key) => [key.setting, keyForTests(key)])),
    }),
  );
  const { url: base, isNamed } = access;
  return {
    files,
    words: ({ kind }) => ({
      configuration: configurationOf(access, apiKeys, kind),
      settings: settingsOf(apiKeys),
      actions: operations.map(rowOf).join('\n'),
    }),
    ownConfiguration: (kind) => ownConfigurationOf(configurationOf(access, apiKeys, kind)),
    network: [isNamed ? `${base.hostname}:${portOf(base)}` : '*'],
    actions: operations.map(({ name }) => name),
    leftOut: lost,
    madeUp,
  };
}

function writeIndex(
  keyed: readonly KeyedOperation[],
  {
    apiKeys,
    keysOf,
    takesKeys,
  }: {
    readonly apiKeys: readonly ApiKey[];
    readonly keysOf: (operation: Operation) => readonly ApiKey[];
    readonly takesKeys: boolean;
  },
): string {
  const operations = keyed.map(({ operation }) => operation);
  const imports = operations.map((each) => `import { ${exportOf(each)} } from './${fileOf(each)}.ts';\n`);
  const members = operations.map((each) => `  ${each.name}: ${exportOf(each)}(send),\n`);
  const probe = keyed
    .filter(({ operation: { method, input, deprecated } }) => method === 'GET' && !('required' in input) && !deprecated)
    .toSorted((one, other) => one.operation.path.length - other.operation.path.length)[0];
  return `import type { ApiKey, OperationPlan, Send } from '../send-operation.ts';
${imports.join('')}
/** Keys that the service wants where the connector's own \`auth\` puts none: each is a setting. */
export const API_KEYS: readonly ApiKey[] = ${writeLiteral(apiKeys as unknown as JsonValue)};

/** Whether some operation takes a caller's idempotency key. */
export const TAKES_KEYS = ${takesKeys};

/** What \`connect\` asks for. Without one it asks whether the service answers at all. */
export const PROBE: OperationPlan | undefined = ${probe === undefined ? 'undefined' : writeLiteral(planOf(probe, keysOf(probe.operation)))};

export const createActions = (send: Send) => ({
${members.join('')}});
`;
}

/** The `auth` of the connector in tests. */
function authForTests({ auth }: Access): JsonObject {
  switch (auth?.type) {
    case undefined:
      return {};
    case 'basic':
      return { auth: { type: 'basic', username: 'tests', password: SECRET } };
    case 'api_key':
      return { auth: { type: 'api_key', apiKey: SECRET, apiKeyHeader: auth.name } };
    // A token of another kind is sent in the same way, and needs nobody who gives it.
    default:
      return { auth: { type: 'bearer', token: SECRET } };
  }
}

function headersForTests({ auth }: Access): Readonly<Record<string, string>> {
  switch (auth?.type) {
    case undefined:
      return {};
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`tests:${SECRET}`).toString('base64')}` };
    case 'api_key':
      return { [auth.name]: SECRET };
    default:
      return { authorization: `Bearer ${SECRET}` };
  }
}

/** The lines of `connectors.yaml`. */
function configurationOf({ url, auth }: Access, apiKeys: readonly ApiKey[], kind: string): string {
  const reference = (field: string): string => `secretref://env/default/${kind.toUpperCase()}_${field}`;
  const path = url.pathname.replace(/\/$/, '');
  const lines = [
    `  - id: ${kind}`,
    ...(url.protocol === 'https:' ? [] : [`    scheme: ${url.protocol.slice(0, -1)}`]),
    `    host: ${url.hostname}`,
    ...(url.port === '' ? [] : [`    port: ${url.port}`]),
    ...(path === '' ? [] : [`    base_path: ${path}`]),
    ...authLines(auth, reference),
    ...(apiKeys.length === 0 ? [] : ['    settings:']),
    ...apiKeys.map(({ setting }) => `      ${setting}: ${reference(setting.toUpperCase())}`),
  ];
  return ['connectors:', ...lines].join('\n');
}

/** What `automate dev` runs it with. Nobody has secrets yet. */
function ownConfigurationOf(configuration: string): string {
  const lines = configuration.split('\n');
  const from = lines.findIndex((line) => /^ {4}(auth|settings):$/.test(line));
  const shown = lines.map((line, index) => (from === -1 || index < from ? line : line.replace(/^ {4}/, '    #')));
  return `# What "npm run dev" runs the connector with. It is not published.\n${shown.join('\n')}\n`;
}

function authLines(auth: Access['auth'], reference: (field: string) => string): readonly string[] {
  const lines = (fields: Readonly<Record<string, string>>): readonly string[] => [
    '    auth:',
    ...Object.entries(fields).map(([name, value]) => `      ${name}: ${value}`),
  ];
  switch (auth?.type) {
    case undefined:
      return [];
    case 'basic':
      return lines({ type: 'basic', username: 'somebody', password: reference('PASSWORD') });
    case 'api_key':
      return lines({ type: 'api_key', api_key: reference('API_KEY'), api_key_header: auth.name });
    case 'oauth2':
      if (auth.tokenUrl !== undefined && /^https?:\/\/\S+$/.test(auth.tokenUrl))
        return lines({
          type: 'oauth2',
          token_url: auth.tokenUrl,
          client_id: 'somebody',
          client_secret: reference('CLIENT_SECRET'),
        });
      return lines({ type: 'bearer', token: reference('TOKEN') });
    default:
      return lines({ type: 'bearer', token: reference('TOKEN') });
  }
}

function settingsOf(apiKeys: readonly ApiKey[]): string {
  if (apiKeys.length === 0) return 'It has no settings of its own.';
  const rows = apiKeys.map(
    ({ setting, in: place, name }) => `| \`${setting}\` | sent as \`${name}\` in the ${place} |`,
  );
  return ['| setting | meaning |', '| --- | --- |', ...rows].join('\n');
}

function rowOf({ name, sideEffects, description }: Operation): string {
  const [line = ''] = description.split('\n', 1);
  const plain = line.replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;');
  const short = plain.length > MAX_ROW ? `${plain.slice(0, MAX_ROW - 1)}…` : plain;
  return `| \`${name}\` | ${sideEffects ? 'yes' : 'no'} | ${short} |`;
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

function json(value: JsonValue): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
