import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** What a module of an operation declares itself. */
const OWN = ['Input', 'Output'];

/** A name for the type of each definition of a schema, by its `$ref`; none for one that TypeScript could not resolve. */
export function nameTypes(schemas: readonly JsonObject[]): ReadonlyMap<string, string>[] {
  const taken = new Set(OWN);
  const texts = new Map<string, string>();
  return schemas.map((schema) => {
    const definitions = isJsonObject(schema['$defs']) ? schema['$defs'] : {};
    return new Map(
      Object.keys(definitions).flatMap((name) => {
        if (leadsToItself(name, definitions)) return [];
        const text = JSON.stringify([name, definitions]);
        const typeName = texts.get(text) ?? freeName(name, taken);
        taken.add(typeName);
        texts.set(text, typeName);
        return [[`#/$defs/${name}`, typeName] as const];
      }),
    );
  });
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  const base = /^[A-Z]/.test(joined) ? joined : `Type${joined}`;
  let free = base;
  for (let count = 2; taken.has(free); count += 1) free = `${base}${count}`;
  return free;
}

/** Whether a type is one of its own alternatives, rather than of a member's: TypeScript refuses that. */
function leadsToItself(name: string, definitions: JsonObject): boolean {
  const seen = new Set<string>();
  const visit = (schema: unknown): boolean => {
    if (!isJsonObject(schema)) return false;
    const { $ref, anyOf, oneOf, allOf } = schema;
    if (typeof $ref === 'string') {
      const target = $ref.replace('#/$defs/', '');
      if (target === name) return true;
      if (seen.has(target)) return false;
      seen.add(target);
      return visit(definitions[target]);
    }
    return [anyOf, oneOf, allOf].some((list) => Array.isArray(list) && list.some(visit));
  };
  return visit(definitions[name]);
}
