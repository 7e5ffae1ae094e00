import type { CallToolResult, Tool } from '@modelcontextprotocol/client';
import type {
  ActionDefinition,
  ActionTable,
  AdapterHealth,
  CallContext,
  ConnectorContext,
  ConnectorError,
  DiscoveryContext,
  JsonObject,
  JsonValue,
} from '@automate/sdk';
import { ConnectorAdapter, remainingMs, UpstreamError } from '@automate/sdk';
import { configSchema } from './config.ts';
import type { McpSettings } from './config.ts';
import { toConnectorError } from './mcp-error.ts';
import type { OpenClient } from './open-client.ts';
import { openClient } from './open-client.ts';
import type { ReadTool } from './read-tools.ts';
import { readTools } from './read-tools.ts';

type CalledTool = { readonly name: string } & Pick<ReadTool, 'answer'>;

/** Any server that speaks the Model Context Protocol. */
export default class McpAdapter extends ConnectorAdapter {
  readonly name = 'mcp';
  readonly version = '1.0.0';
  override readonly type = 'agent';
  override readonly title = 'MCP';
  override readonly description = 'Calls the tools of any MCP server: each of them is an action.';
  override readonly configSchema = configSchema;
  #settings: McpSettings = { args: [], env: {}, exclude: [] };
  /** Shared by all who want it; another one is opened once it has ended. */
  #opened: Promise<OpenClient> | undefined;
  /** A server that takes connections and says nothing must not keep the connector from closing. */
  #closing = new AbortController();

  override initialize(context: ConnectorContext): void {
    this.#settings = configSchema.parse(context.settings);
  }

  override async connect(): Promise<boolean> {
    await this.#client();
    return true;
  }

  override async discoverActions(context: DiscoveryContext): Promise<ActionTable> {
    const { logger } = this.context;
    const found = await readTools(await this.#listTools(context), this.#settings, (what) => logger.warn(what));
    for (const { name, reason } of found.leftOut) context.leaveOut(name, reason);
    return Object.fromEntries(
      found.tools.map(({ tool, name, answer, ...described }): [string, ActionDefinition<JsonObject, JsonValue>] => [
        name,
        { ...described, run: (payload, call) => this.#callTool({ name: tool.name, answer }, payload, call) },
      ]),
    );
  }

  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const { length } = await this.#listTools(context);
    return { status: 'healthy', message: `the MCP server offers ${length} tools`, details: { tools: length } };
  }

  override normalizeError(error: unknown): ConnectorError {
    return super.normalizeError(toConnectorError(error) ?? error);
  }

  override async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#closing.abort();
    this.#closing = new AbortController();
    await (await opened?.catch(() => undefined))?.close();
  }

  async #callTool({ name, answer }: CalledTool, payload: JsonObject, call: CallContext): Promise<JsonValue> {
    const result = await this.#ask(call, (client, signal) =>
      client.callTool(
        { name, arguments: payload },
        {
          signal,
          timeout: Math.max(1, remainingMs(call.deadline)),
          onprogress(now) {
            const { progress, total, message = '' } = now;
            call.logger.debug(`${name}: ${progress}${total === undefined ? '' : ` of ${total}`} ${message}`.trim());
            call.progress({ progress, message, ...(total === undefined ? {} : { total }) });
          },
        },
      ),
    );
    if (result.isError === true) throw toolFailed(name, result);
    const given =
      answer === undefined
        ? toResult(result)
        : await requireAnswer(name, answer, result.structuredContent as JsonValue | undefined);
    const bytes = Buffer.byteLength(JSON.stringify(given));
    if (bytes > MAX_RESULT) throw tooLarge(name, bytes);
    return given;
  }

  async #listTools(call: CallContext): Promise<readonly Tool[]> {
    const timeout = Math.max(1, remainingMs(call.deadline));
    return (
      await this.#ask(call, (client, signal) => client.listTools(undefined, { signal, timeout, cacheMode: 'refresh' }))
    ).tools;
  }

  /** A session that the server has forgotten is not used again. */
  async #ask<T>(
    call: CallContext,
    request: (client: OpenClient['client'], signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const opened = await this.#client();
    const broken = new AbortController();
    const signal = AbortSignal.any([call.signal, broken.signal]);
    try {
      return await opened.listen(
        (reason) => broken.abort(reason),
        () => request(opened.client, signal),
      );
    } catch (thrown) {
      // The library says that it timed out, whatever ended the wait.
      signal.throwIfAborted();
      const error = toConnectorError(thrown);
      if (error?.details?.['reason'] === 'session_ended') void opened.close();
      throw error ?? thrown;
    }
  }

  #client(): Promise<OpenClient> {
    if (this.#opened !== undefined) return this.#opened;
    const { context } = this;
    const forget = (): void => {
      if (this.#opened === opened) this.#opened = undefined;
    };
    const opened = openClient({
      settings: this.#settings,
      context,
      endpoint: this.getEndpoint(),
      signal: AbortSignal.any([context.signal, this.#closing.signal]),
      onChanged: () => context.actionsChanged(),
      onClosed: () => {
        forget();
        // A server that comes back may offer others.
        if (!context.signal.aborted) context.actionsChanged();
      },
    });
    this.#opened = opened;
    opened.catch(forget);
    return opened;
  }
}

function toResult({ content, structuredContent }: CallToolResult): JsonObject {
  return {
    text: textOf(content),
    content: content as unknown as JsonValue,
    ...(structuredContent === undefined ? {} : { structured: structuredContent as JsonValue }),
  };
}

function textOf(content: CallToolResult['content']): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

/** In bytes, as much as a host takes. */
const MAX_RESULT = 3 * 1024 * 1024;

function tooLarge(name: string, bytes: number): UpstreamError {
  return new UpstreamError(`the tool "${name}" answered ${bytes} bytes, of which a host takes ${MAX_RESULT}`, {
    retryable: false,
    details: { reason: 'answer_too_large', maxBytes: MAX_RESULT },
  });
}

/** The tool ran, and says that it failed: what it did until then, nobody knows. */
function toolFailed(name: string, { content }: CallToolResult): UpstreamError {
  const text = textOf(content).slice(0, 2_000);
  return new UpstreamError(`the tool "${name}" failed: ${text === '' ? 'it does not say why' : text}`, {
    retryable: false,
    details: { reason: 'tool_failed', tool: name },
  });
}

/** The tool ran, and did not answer what it says that it answers. */
async function requireAnswer(
  tool: string,
  { schema }: NonNullable<ReadTool['answer']>,
  answer: JsonValue | undefined,
): Promise<JsonValue> {
  const { issues } = answer === undefined ? { issues: NOTHING } : await schema['~standard'].validate(answer);
  if (issues === undefined) return answer as JsonValue;
  const faults = issues.slice(0, 5).map(({ path = [], message }) => [...path.map(String), message].join(': '));
  throw new UpstreamError(`the tool "${tool}" answered what its output schema does not let it: ${faults.join('; ')}`, {
    retryable: false,
    details: { reason: 'unlike_schema', tool },
  });
}

const NOTHING = [{ message: 'no structured content', path: [] }];
