import type { ConnectorConfig, ConnectorConfigInput } from '../config-types.ts';
import { KIND_PATTERN } from '../connector.ts';
import { fillDefaults } from '../fill-defaults.ts';
import type { ConfigDefaults } from '../fill-defaults.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Problem } from '../problem.ts';
import { checkShape } from './check-shape.ts';
import { checkTogether } from './check-together.ts';
import { connectorConfigSchema } from './connector-config.ts';
import { copyJson } from './copy-json.ts';
import type { ConfigSource } from './copy-json.ts';
import type { Finding } from './finding.ts';
import { toProblems } from './finding.ts';
import { takeRest } from './take-rest.ts';
import type { Rest } from './take-rest.ts';
import { fromWireConfig } from './translate-config.ts';

export interface ParseOptions {
  /** Put before every problem's path, such as `connectors[0]`. Default: nothing. */
  readonly path?: string;
  /**
   * Who wrote it, which says what its texts may refer to:
   * - `file`, the default: secrets of every backend, and `${…}`
   * - `caller`: a registration over the API, which must not read the host's environment: secrets in the store, and `[secret]`
   *   for what stands there already. The service says which of them
   * - `service`: a registration of which the service has looked at that: secrets in the store
   */
  readonly from?: ConfigSource;
  /** Overrides built-in defaults. */
  readonly defaults?: ConfigDefaults;
}

export type ParsedConnectorConfig =
  | { readonly ok: true; readonly config: ConnectorConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads one connector in the YAML's shape: a configuration with every default filled in, or every problem at once, with
 * paths in the YAML's words and without secrets. Never throws; what it gives shares nothing with what it was given.
 */
export function parseConnectorConfig(value: unknown, options: ParseOptions = {}): ParsedConnectorConfig {
  const findings: Finding[] = [];
  const { from = 'file' } = options;
  const copy = copyJson(value, { from, findings });
  const wire = checkShape(connectorConfigSchema, copy, findings);
  if (isJsonObject(copy)) checkTogether(copy, findings, { isFile: from === 'file' });
  return wire === undefined || findings.length > 0
    ? { ok: false, problems: toProblems(findings, options.path ?? '') }
    : { ok: true, config: fillDefaults(withoutBrackets(wire as JsonObject), options.defaults) };
}

/** Stands for an id or kind that cannot be read. */
const UNREAD = 'unread';

/**
 * What can be read of a connector of the file in spite of what is wrong with it; undefined where nothing can. One without an id that
 * can be read has its path for an id; one without a kind that can be read has lost `kind`, and has another, which nobody wrote.
 */
export function readConnectorRest(
  value: unknown,
  { path, defaults }: { readonly path: string; readonly defaults?: ConfigDefaults | undefined },
): Rest<ConnectorConfig> | undefined {
  const rest = takeRest(value, (left, findings) => {
    const copy = copyJson(left, { from: 'file', findings });
    const named = isJsonObject(copy) ? { id: UNREAD, kind: kindIn(copy) ?? UNREAD, ...copy } : copy;
    const wire = checkShape(connectorConfigSchema, named, findings);
    if (isJsonObject(named)) checkTogether(named, findings, { isFile: true });
    return wire;
  });
  if (rest === undefined || !isJsonObject(value)) return undefined;
  const isIdKnown = value['id'] !== undefined && !rest.lost.includes('id');
  const isKindKnown = kindIn(value) !== undefined && !rest.lost.includes(value['kind'] === undefined ? 'id' : 'kind');
  const config = fillDefaults(withoutBrackets(rest.value as JsonObject), defaults);
  return {
    value: isIdKnown ? config : { ...config, id: path },
    lost: isKindKnown ? rest.lost : [...rest.lost, 'kind'],
  };
}

function kindIn({ id, kind = id }: JsonObject): string | undefined {
  return typeof kind === 'string' && KIND_PATTERN.test(kind) ? kind : undefined;
}

/** An address is the same with brackets and without; programs want it without, and URLs get them back. */
function withoutBrackets(wire: JsonObject): ConnectorConfigInput {
  const { host, ...input } = fromWireConfig(wire);
  return host === undefined ? input : { ...input, host: host.replace(/^\[(.*)\]$/, '$1') };
}
