// Writes the parts of README.md and docs/ that repeat what the code says: kinds, error codes, configuration keys, routes, methods. Each stands
// between two marks, `<!-- generated: NAME -->` and `<!-- end of generated part -->`; nothing else is touched. Needs a build.

import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ERROR_REASONS } from '../contract/dist/error-reasons.js';
import { renderConfigKeys } from './render-config-keys.mjs';
import { ROOT } from './run.mjs';

const MARKED = /^<!-- generated: (?<name>[\w -]+) -->\n[^]*?^<!-- end of generated part -->$/gm;

const PARTS = {
  kinds: renderKinds,
  'error codes': renderErrorCodes,
  ...Object.fromEntries(
    Object.entries(ERROR_REASONS).map(([code, reasons]) => [`reasons of ${code}`, async () => renderReasons(reasons)]),
  ),
  'reasons of kinds': async () => renderReasonsOfKinds(),
  'connector keys': async () => renderConfigKeys(readSchema().properties.connectors.anyOf[0].items),
  'plugin keys': async () => renderConfigKeys(readSchema().properties.plugins.anyOf[0]),
  'network keys': async () => renderConfigKeys(readSchema().properties.network.anyOf[0]),
  'mcp keys': async () => renderConfigKeys(readSchema().properties.mcp.anyOf[0]),
  'files keys': async () => renderConfigKeys(readSchema().properties.files.anyOf[0]),
  'access keys': async () => renderConfigKeys(readSchema().properties.access.anyOf[0]),
  scopes: renderScopes,
  'profile keys': async () => renderConfigKeys(readSchema().properties.profiles.anyOf[0].additionalProperties),
  'REST routes': renderRoutes,
  'gRPC methods': async () => renderMethods(),
};

/**
 * @param {{ check?: boolean }} [options] with `check` nothing is written
 * @returns {Promise<string[]>} the files that were, or with `check` are, out of date
 */
export async function generateDocs({ check = false } = {}) {
  const outdated = [];
  for (const file of ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).toSorted()]) {
    const path = join(ROOT, file);
    if (!existsSync(path)) continue;
    const before = readFileSync(path, 'utf8');
    const after = await fill(file, before);
    if (after === before) continue;
    if (!check) writeFileSync(path, after);
    outdated.push(file);
  }
  return outdated;
}

async function fill(file, text) {
  const filled = new Map();
  for (const { groups } of text.matchAll(MARKED)) {
    const render = PARTS[groups.name];
    if (render === undefined)
      throw new Error(`${file} wants the part "${groups.name}"; there are ${Object.keys(PARTS).join(', ')}`);
    filled.set(groups.name, await render());
  }
  return text.replaceAll(
    MARKED,
    (_whole, name) => `<!-- generated: ${name} -->\n\n${filled.get(name)}\n\n<!-- end of generated part -->`,
  );
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

async function renderKinds() {
  const kinds = globSync('plugins/*/package.json', { cwd: ROOT }).flatMap((file) => {
    if (!existsSync(join(ROOT, dirname(file), 'README.md'))) return [];
    const { name, automate } = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
    return Object.entries(automate.connectors).map(([kind, entry]) => ({
      kind,
      entry,
      name,
      folder: dirname(file).replaceAll('\\', '/'),
    }));
  });
  const rows = kinds
    .toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
    .map(({ kind, entry, name, folder }) => [
      `[\`${kind}\`](${folder}/README.md)`,
      entry.type ?? 'custom',
      entry.description ?? '',
      `\`${name}\``,
      entry.autoconfigure === true ? 'none' : 'an entry',
    ]);
  return table(['kind', 'type', 'what it does', 'package', 'needs in `connectors.yaml`'], rows);
}

const GRPC_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

async function renderErrorCodes() {
  const { createConnectorError, ERROR_CODES, GRPC_STATUS, HTTP_STATUS } = await import('@automate/contract');
  const rows = Object.entries(ERROR_CODES).map(([code, { retryable, effect, blame }]) => [
    `[${code}](#${code.toLowerCase()})`,
    `\`${createConnectorError(code, '').name}\``,
    blame,
    code === 'WORKER_LOST' ? 'as the action is idempotent or not' : retryable ? 'yes' : 'no',
    effect,
    GRPC_NAMES[GRPC_STATUS[code]],
    String(HTTP_STATUS[code]),
  ]);
  return table(['code', 'class', 'blame', 'retryable', 'effect', 'gRPC', 'HTTP'], rows);
}

/** Which operations each scope opens, in the order of the table that the host decides by. */
async function renderScopes() {
  const { OPERATIONS } = await import('../../host/dist/access/operations.js');
  const words = {
    listing: '`read`, or any `execute…`, which is shown the connectors that it may execute alone',
    sight: '`read`, or `execute…` of that connector',
    call: '`execute`, `execute:<connector>` or `execute:<connector>/<action>`',
    calls: "`execute`, or `execute…` of that connector; for another caller's key `admin` besides",
    own: "any `execute…`, for one's own executions and schedules; for another caller's `admin`",
  };
  const groups = Map.groupBy(Object.entries(OPERATIONS), ([, { needs }]) => needs);
  const rows = [...groups].map(([needs, operations]) => [
    operations.map(([name]) => `\`${name}\``).join(', '),
    words[needs] ?? `\`${needs}\``,
  ]);
  return table(['operation', 'needs'], rows);
}

/** Neighbours that mean the same share a row. */
function renderReasons(reasons) {
  const rows = [];
  for (const [reason, when] of Object.entries(reasons)) {
    if (rows.at(-1)?.[1] === when) rows.at(-1)[0] += `, \`${reason}\``;
    else rows.push([`\`${reason}\``, when]);
  }
  return table(['reason', 'when'], rows);
}

/** What the sources of each kind put into `details.reason`, but for those that the sections of the codes explain. */
function renderReasonsOfKinds() {
  const explained = new Set(Object.values(ERROR_REASONS).flatMap((reasons) => Object.keys(reasons)));
  const rows = globSync(['plugins/*/README.md', 'packages/{alertmanager,sql}/README.md'], { cwd: ROOT })
    .toSorted()
    .flatMap((readme) => {
      const folder = dirname(readme).replaceAll('\\', '/');
      const sources = globSync(`${folder}/src/**/*.ts`, { cwd: ROOT }).map((file) =>
        readFileSync(join(ROOT, file), 'utf8'),
      );
      const words = sources.flatMap((text) =>
        [...text.matchAll(/\breason: '([a-z][a-z0-9_]*)'(?! *\|)/g)].map(([, word]) => word),
      );
      const own = [...new Set(words)].filter((word) => !explained.has(word)).toSorted();
      return own.length === 0 ? [] : [[`[${folder}](../${readme})`, own.map((word) => `\`${word}\``).join(', ')]];
    });
  return table(['kinds in', 'reason'], rows);
}

function readSchema() {
  return JSON.parse(readFileSync(join(ROOT, 'config', 'connectors.schema.json'), 'utf8'));
}

async function renderRoutes() {
  const { API_PREFIX, HTTP_ROUTES } = await import('@automate/contract/http');
  const rows = Object.entries(HTTP_ROUTES).map(([operation, route]) => [
    `\`${route.method} ${API_PREFIX}${route.path}\``,
    Object.keys(route.query?.shape ?? {})
      .map((name) => `\`${name}\``)
      .join(', '),
    route.accepted === undefined ? String(route.status) : `${route.status}, 202`,
    route.summary,
    `\`${operation}\``,
  ]);
  return table(['route', 'query', 'status', 'what it does', 'operation in `/openapi.json`'], rows);
}

/** The methods with the comments above them in the protocol. */
function renderMethods() {
  const proto = readFileSync(join(ROOT, 'packages/contract/proto/connectors/connectors.proto'), 'utf8');
  const service = /service ConnectorsService \{([^]*?)^\}/m.exec(proto)[1];
  const rows = [...service.matchAll(/((?:^ *\/\/.*\n)+) *rpc (\w+)\((\w+)\) returns \((stream )?(\w+)\)/gm)].map(
    ([, comment, name, , stream]) => [
      `\`${name}\`${stream === undefined ? '' : ' (stream)'}`,
      comment
        .replaceAll(/^ *\/\/ ?/gm, '')
        .trim()
        .replaceAll('\n', ' '),
    ],
  );
  return table(['method', 'what it does'], rows);
}
