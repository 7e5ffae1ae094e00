import type { JsonSchema } from '@automate/contract';
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { CallContext } from './connector-context.ts';

/** A Standard Schema that can also say itself as JSON Schema: zod and arktype do. */
export interface JsonStandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
}

/** A Standard Schema with a JSON Schema beside it, for libraries that cannot derive one. */
export interface PairedSchema<Input = unknown, Output = Input> {
  readonly schema: StandardSchemaV1<Input, Output>;
  readonly jsonSchema: JsonSchema;
}

export type Schema<Input = unknown, Output = Input> = JsonStandardSchema<Input, Output> | PairedSchema<Input, Output>;

/** The type that a schema's values have once validated. */
export type SchemaOutput<S> =
  S extends PairedSchema<infer _I, infer O> ? O : S extends JsonStandardSchema<infer _I, infer O> ? O : never;

/** The type that a schema accepts. */
export type SchemaInput<S> =
  S extends PairedSchema<infer I, infer _O> ? I : S extends JsonStandardSchema<infer I, infer _O> ? I : never;

/** One action of a connector. */
export interface ActionDefinition<Input = never, Output = unknown> {
  /** One or two sentences for people and agents. */
  readonly description: string;
  readonly input: Schema<unknown, Input> | Schema<Input, Input>;
  readonly output?: Schema<unknown, unknown>;
  /** Whether it changes anything in the remote system. */
  readonly sideEffects: boolean;
  /** Whether doing it twice is the same as doing it once. Only such actions are tried again after an unknown outcome. */
  readonly idempotent: boolean;
  readonly rateLimitClass?: string;
  /** Milliseconds for one attempt. Default: the connector's `limits.timeout`. */
  readonly timeoutMs?: number;
  run(input: Input, context: CallContext): Promise<Output> | Output;
}

/** Actions by name. Names match `^[a-z][a-z0-9_]*$`. */
export type ActionTable = Readonly<Record<string, ActionDefinition<any, any>>>;
