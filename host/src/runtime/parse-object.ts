import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** The object that a text of at most so many characters holds; undefined where it is longer, no JSON or something else. Never throws. */
export function parseObject(text: string, length: number): JsonObject | undefined {
  if (text.length > length) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
