import type { Tool } from '@modelcontextprotocol/client';
import type { JsonObject, Schema } from '@automate/sdk';
import { fromJsonSchema, toActionName } from '@automate/sdk';
import type { McpSettings } from './config.ts';

/** A tool as an action describes itself. */
export interface ReadTool {
  readonly tool: Tool;
  readonly name: string;
  readonly description: string;
  readonly input: Schema<JsonObject>;
  readonly output: Schema;
  readonly sideEffects: boolean;
  readonly idempotent: boolean;
}

export interface ReadTools {
  readonly tools: readonly ReadTool[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** The tools that are wanted, in the order of their own names, so that those of the actions do not depend on the server's. */
export async function readTools(given: readonly Tool[], settings: McpSettings): Promise<ReadTools> {
  const isWanted = createSelector(settings);
  const tools: ReadTool[] = [];
  const leftOut: { readonly name: string; readonly reason: string }[] = [];
  const taken = new Set<string>();
  for (const tool of given.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!isWanted(tool.name)) continue;
    const base = toActionName(tool.name);
    const input = fromJsonSchema<JsonObject>(withoutDialect(tool.inputSchema as JsonObject));
    const reason = base === '' ? 'its name has no letter of an action' : await faultOf(input);
    if (reason !== undefined) {
      leftOut.push({ name: tool.name, reason });
      continue;
    }
    let name = base;
    for (let count = 2; taken.has(name); count += 1) name = `${base}_${count}`;
    taken.add(name);
    tools.push({ tool, name, input, ...describe(tool) });
  }
  return { tools, leftOut };
}

/** What a tool only hints at counts where it promises more care: one that says nothing may change anything. */
function describe({
  name,
  title,
  description = '',
  outputSchema,
  annotations = {},
}: Tool): Omit<ReadTool, 'tool' | 'name' | 'input'> {
  const readOnly = annotations.readOnlyHint === true;
  const texts = [description, title ?? '', annotations.title ?? '', `The tool ${name}.`];
  return {
    description: texts.find((text) => text.trim() !== '') as string,
    output: outputSchema === undefined ? RESULT : describing(withoutDialect(outputSchema as JsonObject)),
    sideEffects: !readOnly,
    idempotent: readOnly || annotations.idempotentHint === true,
  };
}

/** Why a schema cannot be used, which shows only once it is. */
async function faultOf({
  schema,
  jsonSchema,
}: ReturnType<typeof fromJsonSchema<JsonObject>>): Promise<string | undefined> {
  if (jsonSchema['type'] !== 'object') return 'its input is no object';
  try {
    await schema['~standard'].validate({});
    return undefined;
  } catch (error) {
    return `its input schema cannot be read: ${(error as Error).message}`;
  }
}

/** A schema for readers: the library checks what a tool gives against what it says. */
function describing(jsonSchema: JsonObject): Schema {
  return { jsonSchema, schema: { '~standard': { version: 1, vendor: 'mcp', validate: (value) => ({ value }) } } };
}

/** What a tool gives that does not say what it gives. */
const RESULT = describing({
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
