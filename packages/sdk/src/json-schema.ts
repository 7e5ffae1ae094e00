import type { JsonObject, JsonSchema } from '@automate/contract';
import { ConnectorInternalError } from '@automate/contract';
import type { Schema } from './action.ts';

/** Which side of a schema: what it accepts, or what comes out. */
export type SchemaSide = 'input' | 'output';

/**
 * The JSON Schema (draft 2020-12) of an author's schema. `what` names it in errors: `the input of action "send"`.
 *
 * Throws ConnectorInternalError, reason `schema_not_json`, where the schema holds what JSON Schema cannot say.
 */
export function toJsonSchema(schema: Schema, side: SchemaSide, what: string): JsonSchema {
  if ('schema' in schema) return schema.jsonSchema;
  let converted: unknown;
  try {
    converted = schema['~standard'].jsonSchema[side]({ target: 'draft-2020-12' });
  } catch (error) {
    throw new ConnectorInternalError(
      `${what} cannot be said as JSON Schema: ${error instanceof Error ? error.message : String(error)}. ` +
        `The plugin's author must take transforms, dates and the like out of it, or give { schema, jsonSchema }`,
      { effect: 'none', details: { reason: 'schema_not_json' }, cause: error },
    );
  }
  // zod hangs its own helpers on the object; only what JSON carries may leave.
  const { $schema: _dialect, ...plain } = JSON.parse(JSON.stringify(converted)) as JsonObject;
  return plain;
}
