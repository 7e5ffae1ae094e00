import type { ConnectorConfig, JsonValue, Problem } from '@automate/contract';
import { parseConnectorConfig } from '@automate/contract/schemas';
import type { ConfigDefaults } from '@automate/contract/schemas';

export type ParsedRegistration =
  | {
      readonly ok: true;
      /** With `$${` as the `${` that it stands for. */
      readonly config: ConnectorConfig;
      readonly written: ConnectorConfig;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a connector that was registered over the API, in the YAML's shape. It may read no variable, but it writes texts
 * as the file does: `$${` for `${` itself, so that what an answer shows can be sent back.
 */
export function parseRegistered(wire: unknown, defaults: ConfigDefaults): ParsedRegistration {
  const parsed = parseConnectorConfig(wire, { allowReferences: false, defaults });
  if (!parsed.ok) return parsed;
  const { config: written } = parsed;
  return { ok: true, written, config: unescaped(written as unknown as JsonValue) as unknown as ConnectorConfig };
}

function unescaped(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replaceAll('$${', '${');
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unescaped(item)]));
}
