import { isJsonObject } from '@automate/contract';
import type {
  ConnectorConfig,
  ConnectorConfigInput,
  JsonObject,
  JsonValue,
  Problem,
  SetProfileRequest,
} from '@automate/contract';
import { requireConfig } from '@automate/contract/service';
import { fromWireConfig, parseConnectorConfig, parseProfile } from '@automate/contract/schemas';
import type { ConfigDefaults } from '@automate/contract/schemas';
import type { ProfileConfig } from './host-config.ts';
import { toProfile } from './parse-config.ts';
import { readConfigText } from './read-config-text.ts';

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
export function parseRegistered(wire: unknown, defaults?: ConfigDefaults): ParsedRegistration {
  const parsed = parseConnectorConfig(wire, { from: 'service', defaults });
  if (!parsed.ok) return parsed;
  const { config: written } = parsed;
  return { ok: true, written, config: unescaped(written as unknown as JsonValue) as unknown as ConnectorConfig };
}

type ParsedInput =
  | { readonly ok: true; readonly input: ConnectorConfigInput }
  | { readonly ok: false; readonly id: JsonValue | undefined; readonly problems: readonly Problem[] };

/**
 * Reads the text of a registration, YAML or JSON, as it is written: its defaults are those of the host that it is for.
 * Problems have line and column, and `source` as their file.
 *
 * @throws InvalidInputError for what is no map, as the service does. A bare text is a map with a slip in it.
 */
export function parseRegistrationText(text: string, source: string): ParsedInput {
  const { values, problemsWith } = readConfigText(text);
  if (typeof values.value !== 'string' && problemsWith([]).length === 0) requireConfig(values.value);
  const parsed = parseConnectorConfig(values.value, { from: 'caller' });
  const problems = problemsWith(parsed.ok ? [] : parsed.problems, source);
  if (!parsed.ok || problems.length > 0)
    return { ok: false, id: isJsonObject(values.value) ? values.value['id'] : undefined, problems };
  return { ok: true, input: fromWireConfig(values.value as JsonObject) };
}

/** Reads a profile that was set over the API, as `parseRegistered` does a connector. */
export function parseSetProfile(
  name: string,
  wire: unknown,
):
  | { readonly ok: true; readonly profile: ProfileConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const parsed = parseProfile(name, wire, { from: 'service' });
  if (!parsed.ok) return parsed;
  const profile = toProfile(name, 'api', parsed.profile);
  return { ok: true, profile: { ...profile, settings: unescaped(profile.settings) as JsonObject } };
}

type ParsedProfileText =
  | { readonly ok: true; readonly profile: Omit<SetProfileRequest, 'name'> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a profile, YAML or JSON. Problems have line and column, and `source` as their file. */
export function parseProfileText(name: string, text: string, source: string): ParsedProfileText {
  const { values, problemsWith } = readConfigText(text);
  const parsed = parseProfile(name, values.value, { from: 'caller' });
  const problems = problemsWith(parsed.ok ? [] : parsed.problems, source);
  return parsed.ok && problems.length === 0
    ? { ok: true, profile: values.value as unknown as Omit<SetProfileRequest, 'name'> }
    : { ok: false, problems };
}

function unescaped(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replaceAll('$${', '${');
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unescaped(item)]));
}
