import type { CallOptions, ConnectorService } from '@automate/contract';
import { ConnectorError, InvalidInputError, quote, UnknownActionError } from '@automate/contract';
import type { CallToolResult, Implementation, ServerContext, Tool } from '@modelcontextprotocol/server';
import {
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
} from '@modelcontextprotocol/server';
import { parseArguments, targetOf } from './call-target.ts';
import { exposesAction, exposesConnector } from './exposure.ts';
import { callLong, readWait } from './long-call.ts';
import { META } from './meta-keys.ts';
import type { OwnTool, OwnToolContext } from './own-tools.ts';
import { OWN_TOOLS } from './own-tools.ts';
import type { PassedTexts } from './passed-texts.ts';
import { listResources, readResource, RESOURCE_TEMPLATES } from './resources.ts';
import type { ListedTool, ToolCatalog } from './tool-catalog.ts';
import { toErrorResult, toExecutionResult, toToolResult, toValueResult } from './tool-results.ts';

/** Who speaks to a server. */
export interface McpCaller {
  /** Who it is, and through which door it came. */
  readonly options: CallOptions;
  /** Whether it may call this; without an action, whether it may call any of the connector's. */
  mayCall(connector: string, action: string | undefined): boolean;
  /** Whether it may use this tool of the host's own. */
  mayUse(tool: OwnTool): boolean;
  /** The arguments of the call that came in this request as they are written; undefined where they were read with it. */
  argumentsIn?(request: Request | undefined): string | undefined;
  /** Where large results of this request go as they are; undefined where nobody else waits. */
  passedFor?(request: Request | undefined): PassedTexts | undefined;
  /** Notes which generation of the list it has seen; `client` is what it says it is. */
  noteListed(generation: number, client: string): void;
  /** Which generation it has seen last; undefined where that is not known. */
  listed(client: string): number | undefined;
}

export interface McpServerOptions {
  readonly service: ConnectorService;
  readonly catalog: ToolCatalog;
  readonly caller: McpCaller;
  /** Of the host. */
  readonly version: string;
}

/** Tools of one page of a list; clients ask for the rest by themselves. */
const PAGE = 1_000;

const INSTRUCTIONS = `Each tool <connector>__<action> calls an action of a connector. A call that fails says its code, who is to blame, whether it took effect, and what to do.
connectors_list, connectors_describe and connectors_health tell what there is and how it is. The list of tools changes as connectors come and go.`;

/** What one caller can ask for, over whatever it speaks. */
export function createMcpServer({ service, catalog, caller, version }: McpServerOptions): Server {
  const server = new Server(
    { name: 'automate-connectors', title: 'Automate Connectors', version },
    { capabilities: { tools: { listChanged: true }, resources: { listChanged: true } }, instructions: INSTRUCTIONS },
  );
  const contextOf = ({ mcpReq: { signal } }: ServerContext): OwnToolContext => ({
    service,
    options: { ...caller.options, signal },
    isExposed: (id) => exposesConnector(catalog.exposure, id),
    exposed: (connector, { actions, ...description }) => ({
      ...description,
      actions: actions.filter(({ name: action, sideEffects }) =>
        exposesAction(catalog.exposure, { connector, action, sideEffects }),
      ),
    }),
  });
  const isVisible = ({ connector, action }: ListedTool): boolean => caller.mayCall(connector, action);

  server.setRequestHandler('tools/list', async ({ params }, context) => {
    await catalog.ready();
    const from = params?.cursor;
    if (from === undefined) caller.noteListed(catalog.generation, clientOf(context));
    const own = [...OWN_TOOLS.values()].filter((each) => caller.mayUse(each)).map(({ tool }) => tool);
    const rest: Tool[] = [];
    for (const listed of catalog.tools()) {
      if ((from === undefined || listed.tool.name > from) && isVisible(listed)) rest.push(listed.tool);
      if (rest.length > PAGE) break;
    }
    const page = rest.slice(0, PAGE);
    return {
      tools: from === undefined ? [...own, ...page] : page,
      ...(rest.length > PAGE ? { nextCursor: page.at(-1)?.name } : {}),
    };
  });

  server.setRequestHandler('tools/call', async ({ params }, context): Promise<CallToolResult> => {
    const { name } = params;
    const given = caller.argumentsIn?.(context.http?.req) ?? JSON.stringify(params.arguments ?? {});
    const own = OWN_TOOLS.get(name);
    if (own !== undefined && caller.mayUse(own))
      return Promise.try(() => own.run(parseArguments(given), contextOf(context))).then(
        toValueResult,
        (reason: unknown) => toErrorResult(ConnectorError.from(reason), { sideEffects: false, idempotent: true }),
      );
    await catalog.ready();
    const listed = catalog.find(name);
    if (listed === undefined || !isVisible(listed)) throw unknownTool(name);
    const { connector, tool } = listed;
    const meta: Readonly<Record<string, unknown>> = context.mcpReq._meta ?? {};
    const idempotencyKey = meta[META.idempotencyKey];
    const called = { ...listed, idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : undefined };
    try {
      requireListedSchema(listed, { wanted: meta[META.revision], seen: caller.listed(clientOf(context)) });
      const { action, payload } = targetOf(listed, given);
      if (!exposesAction(catalog.exposure, { ...listed, action })) throw unknownAction(action);
      const key = idempotencyKey === undefined ? {} : { idempotencyKey: idempotencyKey as string };
      const call = { id: connector, action, payload, ...key };
      const options = { ...contextOf(context).options, ...traceOf(meta), ...progressFor(context) };
      const passed = caller.passedFor?.(context.http?.req);
      if (listed.isLong) {
        const execution = await callLong(service, call, { ...options, waitMs: readWait(meta) });
        return server.projectCallToolResult(await toExecutionResult(execution, passed), undefined);
      }
      const outcome = await service.executeText(call, options);
      return server.projectCallToolResult(
        await toToolResult(outcome, {
          schema: tool.outputSchema !== undefined,
          passed,
        }),
        tool.outputSchema,
      );
    } catch (reason) {
      return toErrorResult(ConnectorError.from(reason), called);
    }
  });

  server.setRequestHandler('resources/list', async (_request, context) => ({
    resources: await listResources(contextOf(context)).catch(refuse),
  }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...RESOURCE_TEMPLATES] }));
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    const read = await readResource(uri, contextOf(context)).catch(refuse);
    if (read === undefined) throw new ResourceNotFoundError(uri);
    return read;
  });
  return server;
}

/** What a client says that it is, which tells those apart that share a principal and have no session. */
function clientOf({ mcpReq: { envelope } }: ServerContext): string {
  const { name, version }: Partial<Implementation> =
    (envelope as Readonly<Record<string, Implementation>> | undefined)?.[CLIENT_INFO_META_KEY] ?? {};
  return `${name} ${version}`.slice(0, 200);
}

/** Tells the client how far its call is, if it asked for that. What does not grow is not told: an attempt may begin anew. */
function progressFor({ mcpReq }: ServerContext): Pick<CallOptions, 'onProgress'> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return {};
  let last = -Infinity;
  return {
    onProgress(now) {
      if (now.progress <= last) return;
      last = now.progress;
      mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...now } }).catch(() => undefined);
    },
  };
}

function traceOf(meta: Readonly<Record<string, unknown>>): Pick<CallOptions, 'traceparent' | 'tracestate'> {
  const { traceparent, tracestate } = meta;
  return {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
  };
}

/**
 * Refuses a call that was made for another schema than the tool has now. Clients that do not say which they mean are taken to mean the
 * one that they were last shown; those that were shown none are let through, as their arguments are checked all the same.
 */
function requireListedSchema(
  { revision, changed, tool: { name } }: ListedTool,
  { wanted, seen }: { readonly wanted: unknown; readonly seen: number | undefined },
): void {
  if (wanted === undefined ? seen === undefined || changed <= seen : wanted === revision) return;
  throw new InvalidInputError(
    `the tool ${name} was listed with another schema than it has now; nothing was run: list the tools again`,
    {
      details: { reason: 'schema_changed', revision },
      ...(wanted === undefined
        ? {}
        : {
            problems: [
              {
                path: `_meta.${META.revision}`,
                expected: quote(revision),
                received: typeof wanted === 'string' ? quote(wanted.slice(0, 80)) : `a ${typeof wanted}`,
              },
            ],
          }),
    },
  );
}

function unknownAction(action: string): UnknownActionError {
  return new UnknownActionError(`agents may not call ${quote(action.slice(0, 80))} of this connector (mcp.expose)`, {
    details: { reason: 'unknown_action' },
  });
}

function unknownTool(name: string): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `there is no tool ${quote(name.slice(0, 80))} that you may call; list the tools again, as they come and go`,
  );
}

/** What is refused beside the tools has no result that could say so. */
function refuse(reason: unknown): never {
  const error = ConnectorError.from(reason);
  if (error.code === 'NOT_FOUND') throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
  throw new ProtocolError(ProtocolErrorCode.InternalError, `${error.code}: ${error.message}`);
}
