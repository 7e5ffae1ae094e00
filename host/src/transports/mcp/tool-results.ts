import type { ConnectorError, Execution, ExecuteTextResult, JsonValue } from '@automate/contract';
import { describeProblem, hasEnded, isJsonObject } from '@automate/contract';
import { answerOfExecution } from '@automate/contract/service';
import { toProblemDocument } from '@automate/contract/http';
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/server';
import { isSpecType } from '@modelcontextprotocol/server';
import { META } from './meta-keys.ts';
import type { Called } from './remedy.ts';
import type { PassedTexts } from './passed-texts.ts';
import { BLAMED, remedyOf } from './remedy.ts';

/** Characters of a result from which on it is not read, as all callers wait here, and is given as text alone, unless its tool has a schema for it. */
const LARGE = 256 * 1024;

export interface ResultForm {
  /** Whether its tool has one. */
  readonly schema: boolean;
  /** Takes large texts as they are; undefined where nobody else waits. */
  readonly passed: PassedTexts | undefined;
}

/** What an action gave. */
export async function toToolResult(
  outcome: ExecuteTextResult,
  { schema, passed }: ResultForm,
): Promise<CallToolResult> {
  const { result, attempts, durationMs, replayed, resultDropped } = outcome;
  const _meta = { [META.attempts]: attempts, [META.durationMs]: durationMs, [META.replayed]: replayed };
  if (resultDropped === true)
    return {
      isError: true,
      content: [textBlock('The call was done before, under the same key; its result was too large to be kept.')],
      _meta,
    };
  if (result.length > LARGE) return { ...(await toLargeResult(result, { schema, passed })), _meta };
  const value = JSON.parse(result) as JsonValue;
  return {
    content: contentOf(value) ?? [textBlock(typeof value === 'string' ? value : result)],
    structuredContent: value,
    _meta,
  };
}

/** What came of a call that was made as an execution, or that it goes on. Throws the error of one that did not succeed. */
export async function toExecutionResult(
  execution: Execution,
  passed: PassedTexts | undefined,
): Promise<CallToolResult> {
  if (!hasEnded(execution)) return toPendingResult(execution);
  const { _meta, ...result } = await toToolResult(answerOfExecution(execution), { schema: false, passed });
  return { ...result, _meta: { ..._meta, [META.executionId]: execution.id } };
}

function toPendingResult({ id, status, progress }: Execution): CallToolResult {
  const ask = `Ask the tool executions_get with {"execution":"${id}"} for what came of it.`;
  const value = { execution_id: id, status, ...(progress === undefined ? {} : { progress: { ...progress } }) };
  return {
    content: [textBlock(`It has not ended yet: it is ${status}, as execution ${id}, and goes on by itself. ${ask}`)],
    structuredContent: value,
    _meta: { [META.executionId]: id },
  };
}

/** A value that this host made itself. */
export function toValueResult(value: JsonValue): CallToolResult {
  return { content: [textBlock(JSON.stringify(value))], structuredContent: value };
}

/** Why a call failed, in words for whoever decides what to do next, and whole for programs. */
export function toErrorResult(error: ConnectorError, called: Called): CallToolResult {
  const { code, message, blame, effect, attempts = 0, problems = [] } = error;
  const remedy = remedyOf(error, called);
  const untold = problems.map(describeProblem).filter((problem) => !message.includes(problem));
  const lines = [
    `${code}: ${message}${attempts > 1 ? ` (tried ${attempts} times)` : ''}`,
    ...untold.map((problem) => `- ${problem}`),
    `To blame: ${BLAMED[blame]} (${blame}). Effect: ${effect}.`,
    `What to do: ${remedy}`,
  ];
  return {
    isError: true,
    content: [textBlock(lines.join('\n'))],
    _meta: { [META.error]: { ...toProblemDocument(error), remedy } },
  };
}

function textBlock(text: string): ContentBlock {
  return { type: 'text', text };
}

async function toLargeResult(result: string, { schema, passed }: ResultForm): Promise<CallToolResult> {
  await passed?.turn();
  const structured = schema ? { structuredContent: passed?.asValue(result) ?? (JSON.parse(result) as JsonValue) } : {};
  const blocks = mayHoldBlocks(result) ? contentOf(JSON.parse(result) as JsonValue) : undefined;
  if (blocks !== undefined) return { content: passed?.asBlocks(blocks) ?? blocks, ...structured };
  return { content: [textBlock(passed?.asText(result) ?? result)], ...structured };
}

/** Looked for in the text, as most large results have none, and one with pictures is mostly theirs and soon read. */
function mayHoldBlocks(result: string): boolean {
  return result.includes('"content":[{"');
}

/** The blocks of a result that comes as MCP has it, such as that of a tool of another server: pictures stay pictures. */
function contentOf(value: JsonValue): ContentBlock[] | undefined {
  const content: unknown = isJsonObject(value) ? value['content'] : undefined;
  if (!Array.isArray(content) || content.length === 0) return undefined;
  return content.every((block) => isSpecType.ContentBlock(block)) ? content : undefined;
}
