import type { Tool } from '@modelcontextprotocol/client';
import type { JsonObject, Schema } from '@automate/sdk';
import { fromJsonSchema, toActionName, unjudgedSchema } from '@automate/sdk';
import type { McpSettings } from './config.ts';

/** A tool as an action describes itself. */
export interface ReadTool {
  readonly tool: Tool;
  readonly name: string;
  readonly description: string;
  readonly input: Schema<JsonObject>;
  readonly output: Schema;
  /** What the structured content of an answer must be, where the tool says. */
  readonly answer?: ReturnType<typeof fromJsonSchema>;
  readonly sideEffects: boolean;
  readonly idempotent: boolean;
}

export interface ReadTools {
  readonly tools: readonly ReadTool[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * The tools that are wanted, in the order of their own names, so that those of the actions do not depend on the server's.
 *
 * @param onGivenUp told of what the server asks for and cannot be judged here, in words
 */
export async function readTools(
  given: readonly Tool[],
  settings: McpSettings,
  onGivenUp: (what: string) => void,
): Promise<ReadTools> {
  const isWanted = createSelector(settings);
  const tools: ReadTool[] = [];
  const leftOut: { readonly name: string; readonly reason: string }[] = [];
  const taken = new Set<string>();
  for (const tool of given.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!isWanted(tool.name)) continue;
    const base = toActionName(tool.name);
    const read = base === '' ? 'its name has no letter of an action' : await readSchemas(tool, onGivenUp);
    if (typeof read === 'string') {
      leftOut.push({ name: tool.name, reason: read });
      continue;
    }
    let name = base;
    for (let count = 2; taken.has(name); count += 1) name = `${base}_${count}`;
    taken.add(name);
    tools.push({ tool, name, ...read, ...describe(tool) });
  }
  return { tools, leftOut };
}

/** What a tool only hints at counts where it promises more care: one that says nothing may change anything. */
function describe({
  name,
  title,
  description = '',
  annotations = {},
}: Tool): Pick<ReadTool, 'description' | 'sideEffects' | 'idempotent'> {
  const readOnly = annotations.readOnlyHint === true;
  const texts = [description, title ?? '', annotations.title ?? '', `The tool ${name}.`];
  return {
    description: texts.find((text) => text.trim() !== '') as string,
    sideEffects: !readOnly,
    idempotent: readOnly || annotations.idempotentHint === true,
  };
}

/** The schemas of a tool; or in words why they cannot be used, which shows only once they are. */
async function readSchemas(
  { name, inputSchema, outputSchema }: Tool,
  onGivenUp: (what: string) => void,
): Promise<Pick<ReadTool, 'input' | 'output' | 'answer'> | string> {
  const given = inputSchema as JsonObject;
  if (given['type'] !== 'object') return 'its input is no object';
  const options = { onGivenUp: (what: string) => onGivenUp(`the tool "${name}": ${what}`) };
  try {
    const input = fromJsonSchema<JsonObject>(withoutDialect(given), options);
    await input.schema['~standard'].validate({});
    if (outputSchema === undefined) return { input, output: RESULT };
    const answer = fromJsonSchema(withoutDialect(outputSchema as JsonObject), options);
    await answer.schema['~standard'].validate(null);
    return { input, output: unjudgedSchema(answer.jsonSchema), answer };
  } catch (error) {
    return `its schemas cannot be read: ${(error as Error).message}`;
  }
}

/** What a tool gives that does not say what it gives. */
const RESULT = unjudgedSchema({
  type: 'object',
  properties: {
    text: { type: 'string', description: 'The texts of the content, one after the other' },
    content: { type: 'array', items: { type: 'object' }, description: 'As the server gave it' },
    structured: { description: 'The structured content, where there is some' },
  },
  required: ['text', 'content'],
});

function withoutDialect({ $schema: _dialect, ...schema }: JsonObject): JsonObject {
  return schema;
}

function createSelector({ include, exclude }: McpSettings): (name: string) => boolean {
  const toExpression = (pattern: string): RegExp => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`, 'su');
  };
  const wanted = include?.map(toExpression);
  const unwanted = exclude.map(toExpression);
  return (name) =>
    (wanted === undefined || wanted.some((each) => each.test(name))) && !unwanted.some((each) => each.test(name));
}
