import type { ConnectorConfig, JsonValue } from '@automate/contract';
import { locateField } from '@automate/contract/schemas';
import type { PathStep } from '@automate/contract/schemas';
import type { WrittenText } from './resolve-variables.ts';

/**
 * The configuration as it stands in the file: free texts that held variables get their text back. Numbers, truth
 * values, durations and names that other things hang on stay as they were resolved, as their types demand.
 *
 * @param texts what held variables, with paths within the connector
 */
export function toWrittenForm(config: ConnectorConfig, texts: readonly WrittenText[]): ConnectorConfig {
  if (texts.length === 0) return config;
  const copy = structuredClone(config) as unknown as Record<string, JsonValue>;
  for (const { path, text } of texts) {
    const { path: place, row } = locateField(path);
    // A name that was not written is the id, which is resolved.
    if (row === undefined || row.resolved === true || row.kind === 'word') continue;
    replaceText(copy, place, { text, anyValue: row.kind === 'json' });
  }
  return copy as unknown as ConnectorConfig;
}

/** A copy in which texts that held variables stand as they were written; what is no text there stays as it is. */
export function withWrittenTexts<Value extends object>(value: Value, texts: readonly WrittenText[]): Value {
  if (texts.length === 0) return value;
  const copy = structuredClone(value);
  for (const { path, text } of texts) replaceText(copy, path, { text, anyValue: path[0] === 'settings' });
  return copy;
}

function replaceText(
  copy: object,
  path: readonly PathStep[],
  { text, anyValue }: { readonly text: string; readonly anyValue: boolean },
): void {
  const last = path.at(-1) ?? '';
  let at: unknown = copy;
  for (const step of path.slice(0, -1)) at = ownValue(at, step);
  const value = ownValue(at, last);
  if (typeof value === 'string' || (anyValue && value !== undefined)) (at as Record<PathStep, unknown>)[last] = text;
}

function ownValue(map: unknown, key: PathStep): unknown {
  return typeof map === 'object' && map !== null && Object.hasOwn(map, key)
    ? (map as Record<PathStep, unknown>)[key]
    : undefined;
}
