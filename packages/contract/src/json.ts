/** Any value that JSON can carry. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object: what a payload is, and what most results are. */
export type JsonObject = { [key: string]: JsonValue };

/** A JSON Schema document, draft 2020-12. */
export type JsonSchema = JsonObject;

/** True for a plain JSON object, false for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
