import type { ConnectorConfig, ConnectorConfigInput } from './config-types.ts';
import { CONNECTOR_FIELDS, mapValues, rowsOf } from './field-table.ts';
import type { Field, Fields } from './field-table.ts';

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
    return [[name, fillValue(value, field)] as const];
  });
  return Object.fromEntries(entries);
}

function fillValue(value: unknown, field: Field): unknown {
  if (field.kind === 'section') return fill(value as object, field.fields);
  if (field.kind === 'sections') return mapValues(value as object, (each) => fill(each as object, field.fields));
  return copyOf(value);
}

/** Copies the table's empty lists and maps, so that configurations do not share them. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as readonly unknown[])];
  return typeof value === 'object' ? { ...value } : value;
}
