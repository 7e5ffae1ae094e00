import type { PathStep } from '../problem-path.ts';

/** The schema of the value at this path of a schema of nested maps and lists, without `optional`; undefined where anything goes. */
export function schemaAt(schema: unknown, path: readonly PathStep[]): unknown {
  let at = unwrap(schema);
  for (const step of path) at = unwrap(childOf(at, step));
  return at;
}

/** The keys of the map at this path, if they are ours. */
export function knownKeys(schema: unknown, path: readonly PathStep[]): readonly string[] {
  return Object.keys(shapeOf(schemaAt(schema, path)) ?? {});
}

/** The type of a schema in zod's words: `string`, `int`, `unknown`. */
export function schemaType(schema: unknown): string | undefined {
  return (schema as { def?: { type?: string } } | undefined)?.def?.type;
}

function unwrap(schema: unknown): unknown {
  let at = schema;
  while (schemaType(at) === 'optional' || schemaType(at) === 'nullable') at = (at as { unwrap(): unknown }).unwrap();
  return at;
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return (schema as { shape?: Readonly<Record<string, unknown>> } | undefined)?.shape;
}

function childOf(schema: unknown, step: PathStep): unknown {
  const { element, valueType } = (schema ?? {}) as { element?: unknown; valueType?: unknown };
  const shape = shapeOf(schema);
  if (shape !== undefined) return Object.hasOwn(shape, step) ? shape[step] : undefined;
  return typeof step === 'number' ? element : valueType;
}
