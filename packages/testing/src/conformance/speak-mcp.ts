import type { JsonObject, JsonValue } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from '../fake-service.ts';
import { validSample } from './samples.ts';

/** A tool as an MCP server lists it. */
export type McpTool = JsonObject;

/**
 * What a remote system that speaks the Model Context Protocol over streamable HTTP answers: the handshake and the list of its tools
 * as they should be, and calls of tools as it is told to behave. Undefined for what is no message of the protocol.
 */
export function speakMcp(
  request: RecordedRequest,
  {
    how,
    tools,
    otherwise,
  }: { readonly how: string; readonly tools: readonly McpTool[]; readonly otherwise: FakeReply },
): FakeReply {
  // No stream of its own, and no session to be ended.
  if (request.method !== 'POST') return { status: 405 };
  const message = readMessage(request);
  if (message === undefined || how.startsWith('status ') || how === 'silent') return otherwise;
  const { id, method, params } = message;
  if (id === undefined) return { status: 202 };
  const answer = (result: JsonObject): FakeReply => ({ json: { jsonrpc: '2.0', id, result } });
  const given = isJsonObject(params) ? params : {};
  switch (method) {
    case 'initialize':
      return answer({
        protocolVersion: given['protocolVersion'] ?? '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'conformance', version: '1.0.0' },
      });
    case 'tools/list':
      return answer({ tools: [...tools] });
    case 'tools/call': {
      const tool = tools.find(({ name }) => name === given['name']);
      if (tool === undefined) return { json: { jsonrpc: '2.0', id, error: { code: -32602, message: 'no such tool' } } };
      const said = otherwise.json === undefined ? (otherwise.text ?? '') : JSON.stringify(otherwise.json);
      const { outputSchema } = tool;
      return answer({
        content: [{ type: 'text', text: said }],
        ...(isJsonObject(outputSchema) && how !== 'empty'
          ? { structuredContent: validSample(outputSchema) ?? {} }
          : {}),
      });
    }
    default:
      return { json: { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } } };
  }
}

function readMessage(request: RecordedRequest): JsonObject | undefined {
  try {
    const message: JsonValue = request.json();
    return isJsonObject(message) && message['jsonrpc'] === '2.0' ? message : undefined;
  } catch {
    return undefined;
  }
}
