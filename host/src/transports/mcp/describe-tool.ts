import { createHash } from 'node:crypto';
import type { ActionDescription, ConnectorDescription, ConnectorInfo, JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { Tool } from '@modelcontextprotocol/server';
import { isSpecType } from '@modelcontextprotocol/server';
import { META } from './meta-keys.ts';

/** A tool, but for its name, which depends on those of the others. */
export interface DescribedTool {
  readonly connector: string;
  /** Undefined for the tool of a connector that takes any action, and is told which. */
  readonly action: string | undefined;
  readonly sideEffects: boolean;
  readonly idempotent: boolean;
  /** Whether a call may take longer than clients wait: it runs as an execution, and may answer with that. */
  readonly isLong: boolean;
  /** Another one whenever the tool takes or gives something else, or has other effects. */
  readonly revision: string;
  readonly tool: Omit<Tool, 'name'>;
}

/** How long clients wait for an answer if nobody tells them otherwise, in milliseconds. */
const PATIENCE_MS = 60_000;

const LONG =
  'It may take long: then the answer is an execution_id, the call goes on by itself, and executions_get tells what came of it.';

/** What a connector can do, as agents see it. */
export function describeTools(info: ConnectorInfo, { open, actions }: ConnectorDescription): DescribedTool[] {
  if (open && actions.length === 0) return [describeOpen(info)];
  return actions.flatMap((action) => describeTool(info, action) ?? []);
}

/** One tool for all that a connector does which does not say what it takes. */
function describeOpen(info: ConnectorInfo): DescribedTool {
  const revision = 'open';
  return {
    connector: info.id,
    action: undefined,
    sideEffects: true,
    idempotent: false,
    isLong: false,
    revision,
    tool: {
      description: describe(
        info,
        'Runs an action of a connector that does not say which it has: know its name and payload.',
      ),
      inputSchema: {
        type: 'object',
        properties: {
          action: { type: 'string', description: 'The name of the action.' },
          payload: { type: 'object', description: 'What the action is given.' },
        },
        required: ['action'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: false, idempotentHint: false },
      _meta: { [META.revision]: revision, [META.connector]: info.id },
    },
  };
}

/** An action as agents see it; undefined for one that takes no objects, which no door can call. */
function describeTool(info: ConnectorInfo, action: ActionDescription): DescribedTool | undefined {
  const { name, sideEffects, idempotent, timeoutMs = 0 } = action;
  const isLong = timeoutMs > PATIENCE_MS;
  const given = toObjectSchema(action.input);
  if (given === undefined) return undefined;
  const inputSchema: JsonObject = isReadable(given) ? given : { type: 'object' };
  const output = isReadable(action.output) ? action.output : undefined;
  const revision = createHash('sha256')
    .update(JSON.stringify([inputSchema, output ?? null, sideEffects, idempotent, ...(isLong ? ['long'] : [])]))
    .digest('hex')
    .slice(0, 16);
  return {
    connector: info.id,
    action: name,
    sideEffects,
    idempotent,
    isLong,
    revision,
    tool: {
      description: describe(info, isLong ? `${action.description}\n\n${LONG}` : action.description),
      inputSchema: inputSchema as Tool['inputSchema'],
      // A tool with a schema may answer nothing else.
      ...(output === undefined || isLong ? {} : { outputSchema: output }),
      annotations: { readOnlyHint: !sideEffects, idempotentHint: idempotent || !sideEffects },
      _meta: { [META.revision]: revision, [META.connector]: info.id, [META.action]: name },
    },
  };
}

/** Agents know a tool by its words alone: of two databases they must know which is which. */
function describe({ id, name, description }: ConnectorInfo, words: string): string {
  const which = name === '' || name === id ? `"${id}"` : `"${id}" (${name})`;
  return `${words}\n\nConnector ${which}${description === '' ? '' : `: ${description}`}`;
}

/**
 * Whether clients can read a schema. They refuse a whole list of tools where one is not as the protocol has it, and others come from remote systems; the
 * connector itself checks what it is given all the same.
 */
function isReadable(schema: unknown): schema is JsonObject {
  if (!isJsonObject(schema)) return false;
  const { $schema = '', properties = {} } = schema;
  return (
    typeof $schema === 'string' &&
    isSpecType.Tool({ name: 'x', inputSchema: { ...schema, type: 'object' } }) &&
    Object.values(properties as JsonObject).every((each) => isJsonObject(each) || typeof each === 'boolean')
  );
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
