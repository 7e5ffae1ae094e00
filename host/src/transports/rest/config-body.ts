import type { ConnectorConfigInput, JsonObject, JsonValue, Problem } from '@automate/contract';
import { describeProblem, InvalidInputError, isJsonObject } from '@automate/contract';
import { parseConnectorConfig, parseDuration } from '@automate/contract/schemas';
import { parseJsonText } from './json-text.ts';

/** The sections whose keys are ours to translate. Maps that users fill pass untouched. */
const SECTIONS = new Set(['auth', 'tls', 'health_check', 'limits', 'retry']);
/** Keys whose values are durations, per section. */
const DURATIONS: Readonly<Record<string, readonly string[]>> = {
  health_check: ['interval', 'timeout'],
  limits: ['timeout', 'start_timeout'],
  retry: ['backoff', 'max_backoff'],
};

/**
 * A request's body as the configuration that it holds, or INVALID_INPUT with every problem. What the caller left out
 * stays out, so that the host's own defaults, and later ones, take effect.
 *
 * @param id the id of the route, where it names one; the body may repeat it but not contradict it
 */
export function readConfigBody(text: string, id?: string): ConnectorConfigInput {
  const value = withId(text === '' ? {} : parseJsonText(text), id);
  const parsed = parseConnectorConfig(value, { allowReferences: false });
  if (!parsed.ok) throw refuse(value, parsed.problems);
  return toInput(value as JsonObject) as unknown as ConnectorConfigInput;
}

function withId(value: JsonValue, id: string | undefined): JsonValue {
  if (id === undefined || !isJsonObject(value)) return value;
  const given = value['id'];
  if (given === undefined) return { id, ...value };
  if (given === id) return value;
  const problem = {
    path: 'id',
    expected: `"${id}", as in the route, or nothing`,
    received: JSON.stringify(given).slice(0, 80),
  };
  throw refuse(value, [problem]);
}

/** Words it as the service does, which checks the same things again. */
function refuse(value: JsonValue, problems: readonly Problem[]): InvalidInputError {
  const id = isJsonObject(value) && typeof value['id'] === 'string' ? value['id'].slice(0, 80) : 'undefined';
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const said = first === undefined ? 'no reason given' : describeProblem(first);
  return new InvalidInputError(`the configuration of "${id}" is refused: ${said}${more}`, { problems });
}

/** The reverse of `toWireConfig`, for values that have been checked. */
function toInput(config: JsonObject): JsonObject {
  const entries = Object.entries(config).map(([key, value]): [string, JsonValue] => [
    toCamelCase(key),
    SECTIONS.has(key) && isJsonObject(value) ? sectionToInput(value, DURATIONS[key] ?? []) : value,
  ]);
  return Object.fromEntries(entries);
}

function sectionToInput(section: JsonObject, durations: readonly string[]): JsonObject {
  const entries = Object.entries(section).map(([key, value]): [string, JsonValue] =>
    durations.includes(key) && typeof value === 'string'
      ? [`${toCamelCase(key)}Ms`, parseDuration(value) ?? value]
      : [toCamelCase(key), value],
  );
  return Object.fromEntries(entries);
}

function toCamelCase(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
