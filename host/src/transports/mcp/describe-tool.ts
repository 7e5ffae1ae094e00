import { createHash } from 'node:crypto';
import type { ActionDescription, ConnectorInfo, JsonObject } from '@automate/contract';
import type { Tool } from '@modelcontextprotocol/server';
import { META } from './meta-keys.ts';

/** A tool, but for its name, which depends on those of the others. */
export interface DescribedTool {
  readonly connector: string;
  readonly action: string;
  readonly sideEffects: boolean;
  readonly idempotent: boolean;
  /** Another one whenever the tool takes or gives something else, or has other effects. */
  readonly revision: string;
  readonly tool: Omit<Tool, 'name'>;
}

/** An action as agents see it; undefined for one that takes no objects, which no door can call. */
export function describeTool(info: ConnectorInfo, action: ActionDescription): DescribedTool | undefined {
  const { name, sideEffects, idempotent, output } = action;
  const inputSchema = toObjectSchema(action.input);
  if (inputSchema === undefined) return undefined;
  const revision = createHash('sha256')
    .update(JSON.stringify([inputSchema, output ?? null, sideEffects, idempotent]))
    .digest('hex')
    .slice(0, 16);
  return {
    connector: info.id,
    action: name,
    sideEffects,
    idempotent,
    revision,
    tool: {
      description: describe(info, action),
      inputSchema: inputSchema as Tool['inputSchema'],
      ...(output === undefined ? {} : { outputSchema: output as NonNullable<Tool['outputSchema']> }),
      annotations: { readOnlyHint: !sideEffects, idempotentHint: idempotent || !sideEffects },
      _meta: { [META.revision]: revision, [META.connector]: info.id, [META.action]: name },
    },
  };
}

/** Agents know a tool by its words alone: of two databases they must know which is which. */
function describe({ id, name, description }: ConnectorInfo, action: ActionDescription): string {
  const which = name === '' || name === id ? `"${id}"` : `"${id}" (${name})`;
  return `${action.description}\n\nConnector ${which}${description === '' ? '' : `: ${description}`}`;
}

function toObjectSchema(schema: unknown): JsonObject | undefined {
  if (schema === true) return { type: 'object' };
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined;
  const { type } = schema as JsonObject;
  if (type === 'object') return schema as JsonObject;
  return type === undefined || (Array.isArray(type) && type.includes('object'))
    ? { ...schema, type: 'object' }
    : undefined;
}
