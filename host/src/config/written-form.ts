import type { ConnectorConfig, JsonValue } from '@automate/contract';
import type { WrittenText } from './resolve-variables.ts';

/** Fields that are more than words: other things hang on their value, so answers show the value. */
const RESOLVED_FIELDS = new Set(['id', 'kind', 'type', 'mode', 'scheme', 'profile', 'isolation']);
const SECTIONS: Readonly<Record<string, string>> = { auth: 'auth', tls: 'tls', health_check: 'healthCheck' };
const FREE_MAPS = new Set(['settings', 'metadata', 'headers', 'token_params']);

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
    const [first] = path;
    if (path.length === 1 && RESOLVED_FIELDS.has(String(first))) continue;
    if (first === 'auth' && path[1] === 'type') continue;
    replaceText(copy, path.map(String), text);
  }
  // A name that was not written is the id, which is resolved.
  return copy as unknown as ConnectorConfig;
}

function replaceText(copy: Record<string, JsonValue>, path: readonly string[], text: string): void {
  let at: unknown = copy;
  let free = false;
  for (const [index, step] of path.entries()) {
    if (typeof at !== 'object' || at === null) return;
    const key = free || Array.isArray(at) ? step : (SECTIONS[step] ?? toCamelCase(step));
    const map = at as Record<string, unknown>;
    if (!Object.hasOwn(map, key)) return;
    if (index < path.length - 1) {
      free ||= FREE_MAPS.has(step);
      at = map[key];
    } else if (typeof map[key] === 'string' || path[0] === 'settings') {
      map[key] = text;
    }
  }
}

function toCamelCase(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
