import type { ConnectorConfig, ConnectorConfigInput } from './config-types.ts';
import { CONNECTOR_FIELDS, rowsOf } from './field-table.ts';
import type { Fields } from './field-table.ts';

/** Defaults that a host may set for the connectors that say nothing. */
export interface ConfigDefaults {
  /** Milliseconds between two health probes. */
  readonly healthIntervalMs?: number;
}

/** The configuration with every default filled in. Absent keys are not there, so that equal configurations are deeply equal. */
export function fillDefaults(input: ConnectorConfigInput, { healthIntervalMs }: ConfigDefaults = {}): ConnectorConfig {
  const { id, name = id, kind = id, healthCheck } = input;
  const interval = healthIntervalMs === undefined ? {} : { intervalMs: healthIntervalMs };
  const given = { ...input, name, kind, healthCheck: { ...interval, ...healthCheck } };
  return fill(given, CONNECTOR_FIELDS) as unknown as ConnectorConfig;
}

function fill(given: object, fields: Fields): object {
  const values = given as Readonly<Record<string, unknown>>;
  const entries = rowsOf(fields).flatMap(([name, field]) => {
    const value = values[name] ?? field.fallback;
    if (value === undefined) return [];
    return [[name, field.kind === 'section' ? fill(value as object, field.fields) : copyOf(value)] as const];
  });
  return Object.fromEntries(entries);
}

/** Copies the table's empty lists and maps, so that configurations do not share them. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as readonly unknown[])];
  return typeof value === 'object' ? { ...value } : value;
}
