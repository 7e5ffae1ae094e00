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

/** What an adapter may give as a schema. Keep transforms out of it: they have no JSON Schema. */
export type Schema<Input = unknown, Output = Input> = JsonStandardSchema<Input, Output> | PairedSchema<Input, Output>;

/** The type that a schema's values have once validated. */
export type SchemaOutput<S extends Schema> =
  S extends PairedSchema<infer _I, infer O> ? O : S extends JsonStandardSchema<infer _I, infer O> ? O : never;

/** The type that a schema accepts. */
export type SchemaInput<S extends Schema> =
  S extends PairedSchema<infer I, infer _O> ? I : S extends JsonStandardSchema<infer I, infer _O> ? I : never;

/** One action of a connector. Write it with `action()`, which takes the types of `run` from the schemas. */
export interface ActionDefinition<Input = never, Output = unknown> {
  /** One or two sentences for people and agents. */
  readonly description: string;
  /** Must accept an object: payloads are JSON objects. */
  readonly input: Schema;
  /** Absent: any JSON value may come out. */
  readonly output?: Schema;
  /** Whether it changes anything in the remote system. */
  readonly sideEffects: boolean;
  /** Whether doing it twice is the same as doing it once. Only such actions are tried again after an unknown outcome. */
  readonly idempotent: boolean;
  /** `false` where the remote system takes no key for this action: the host keeps the key to itself. Default: as the kind's capability. */
  readonly idempotencyKey?: false;
  /** Actions of one class share the remote system's rate limit. */
  readonly rateLimitClass?: string;
  /** Milliseconds for one attempt. Default: the connector's `limits.timeout`. */
  readonly timeoutMs?: number;
  /** Does it. The result must be JSON: no bigint, no bytes, no cycle. */
  run(input: Input, context: CallContext): Promise<Output> | Output;
}

/** Actions by name. Names match `^[a-z][a-z0-9_]*$`. */
export type ActionTable = Readonly<Record<string, ActionDefinition>>;

/** What `run` must return for an action whose output schema is `O`. */
export type ActionResult<O extends Schema | undefined> = O extends Schema ? SchemaInput<O> : unknown;

/**
 * One entry of the `actions` table, with the input of `run` typed by `input` and its result checked against `output`.
 *
 * ```ts
 * override readonly actions = {
 *   send_message: action({
 *     description: 'Sends a message to a channel.',
 *     input: z.object({ channel: z.string(), text: z.string() }),
 *     sideEffects: true,
 *     idempotent: false,
 *     run: ({ channel, text }, context) => context.http.json({ method: 'POST', path: `/channels/${encodeURIComponent(channel)}`, json: { text } }),
 *   }),
 * };
 * ```
 */
export function action<I extends Schema, O extends Schema | undefined = undefined>(definition: {
  readonly description: string;
  readonly input: I;
  readonly output?: O;
  readonly sideEffects: boolean;
  readonly idempotent: boolean;
  readonly idempotencyKey?: false;
  readonly rateLimitClass?: string;
  readonly timeoutMs?: number;
  readonly run: (
    input: SchemaOutput<I>,
    context: CallContext,
  ) => Promise<ActionResult<NoInfer<O>>> | ActionResult<NoInfer<O>>;
}): ActionDefinition<SchemaOutput<I>, ActionResult<O>> {
  return definition;
}
