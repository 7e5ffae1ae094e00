import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** What a row holds; undefined where that is no JSON object. */
export function parseStoredObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
