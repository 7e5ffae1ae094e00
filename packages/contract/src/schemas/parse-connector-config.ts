import type { ConnectorConfig, ConnectorConfigInput } from '../config-types.ts';
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

/** An address is the same with brackets and without; programs want it without, and URLs get them back. */
function withoutBrackets(wire: JsonObject): ConnectorConfigInput {
  const { host, ...input } = fromWireConfig(wire);
  return host === undefined ? input : { ...input, host: host.replace(/^\[(.*)\]$/, '$1') };
}
