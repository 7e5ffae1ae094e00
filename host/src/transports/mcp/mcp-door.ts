import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { CallOptions, ConnectorService, Principal } from '@automate/contract';
import { ConnectorError, isJsonObject, LOCAL_PRINCIPAL, RateLimitedError } from '@automate/contract';
import type { McpServerFactory } from '@modelcontextprotocol/server';
import { createMcpHandler, isInitializeRequest, isLegacyRequest } from '@modelcontextprotocol/server';
import type { AgentDoor } from '../agent-door.ts';
import type { SignIn } from '../sign-in.ts';
import type { Exposure } from '../../events/host-events.ts';
import type { McpCaller } from './mcp-server.ts';
import { createMcpServer } from './mcp-server.ts';
import { PassedTexts } from './passed-texts.ts';
import { readMessage } from './read-message.ts';
import { jsonRpcFailure } from './rpc-failure.ts';
import { SeenLists } from './seen-lists.ts';
import type { Session } from './sessions.ts';
import { Sessions } from './sessions.ts';
import { ToolCatalog } from './tool-catalog.ts';
import { sendWebResponse, toWebRequest } from './web-exchange.ts';

export interface McpDoorOptions {
  readonly service: ConnectorService;
  readonly signIn: SignIn;
  readonly rights: AgentRights;
  readonly exposure: Exposure;
  /** Of the host. */
  readonly version: string;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface McpDoor extends AgentDoor {
  /** From now on agents see this. */
  setExposure(exposure: Exposure): void;
}

/** What callers are shown; the service asks again at each call. */
export interface AgentRights {
  /** Whether a caller may call this, or without an action any of the connector's. */
  mayCall(principal: Principal, connector: string, action: string | undefined): boolean;
  /** Whether it may call anything at all. */
  mayCallAny(principal: Principal): boolean;
  /** Whether it may see any connector. */
  maySeeAny(principal: Principal): boolean;
}

/** Streams of changes that one caller may have open at a time. */
const MAX_STREAMS = 100;

/**
 * Opens `/mcp`. Clients of the revision of 2026 have no session: each of their requests says all that it needs, and changes come over a
 * stream that they listen on. Older ones have sessions, and hear of changes over a stream of theirs.
 */
export function openMcpDoor(options: McpDoorOptions): McpDoor {
  const { service, signIn, rights, version, debug } = options;
  const catalog = new ToolCatalog({
    service,
    options: { principal: LOCAL_PRINCIPAL },
    exposure: options.exposure,
    tellTrouble: (error) => debug({ err: error }, 'agents are not told of all tools'),
  });
  const sessions = new Sessions();
  const seen = new SeenLists();
  const streams = new Map<Principal, Set<ServerResponse>>();
  /** Arguments by the request that they came in. */
  const written = new WeakMap<Request, string>();
  /** Results by the request that they answer. */
  const passed = new WeakMap<Request, PassedTexts>();
  const turn = takeTurns();
  const tellFault = (error: Error): void => debug({ err: error }, 'a request of an agent was not as it should be');

  const callerFor = (principal: Principal, traced: Pick<McpCaller, 'noteListed' | 'listed'>): McpCaller => ({
    ...traced,
    options: optionsFor(principal),
    argumentsIn: (request) => (request === undefined ? undefined : written.get(request)),
    passedFor: (request) => (request === undefined ? undefined : passed.get(request)),
    mayCall: (connector, action) => rights.mayCall(principal, connector, action),
    mayUse: ({ needs }) => (needs === 'sight' ? rights.maySeeAny(principal) : rights.mayCallAny(principal)),
  });
  const modern = createMcpHandler(
    (({ authInfo }) => {
      const principal = authInfo?.extra?.['principal'] as Principal;
      return createMcpServer({
        service,
        catalog,
        version,
        caller: callerFor(principal, {
          noteListed: (generation, client) => seen.note(`${principal.name} ${client}`, generation),
          listed: (client) => seen.of(`${principal.name} ${client}`),
        }),
      });
    }) satisfies McpServerFactory,
    { legacy: 'reject', onerror: tellFault },
  );
  const openSession = (principal: Principal): Promise<Session> => {
    let listed: number | undefined;
    const server = createMcpServer({
      service,
      catalog,
      version,
      caller: callerFor(principal, { noteListed: (generation) => (listed = generation), listed: () => listed }),
    });
    Object.assign(server, { onerror: tellFault });
    return sessions.open(principal, server);
  };

  catalog.onChange(({ tools, connectors }) => {
    for (const { server, principal } of sessions.all()) {
      const isSeen = tools.some(({ connector, action }) => rights.mayCall(principal, connector, action));
      if (isSeen) void server.sendToolListChanged().catch(tellFault);
      if (connectors) void server.sendResourceListChanged().catch(tellFault);
    }
    if (tools.length > 0) modern.notify.toolsChanged();
    if (connectors) modern.notify.resourcesChanged();
  });

  async function answerLegacy(
    request: Request,
    body: unknown,
    principal: Principal,
  ): Promise<{ readonly answer: Response; readonly session?: Session }> {
    const id = request.headers.get('mcp-session-id');
    if (id === null && !isInitializeRequest(body))
      return {
        answer: jsonRpcFailure(
          400,
          'there is no session yet: begin with initialize, and send Mcp-Session-Id from then on',
        ),
      };
    const session = id === null ? await openSession(principal) : sessions.find(id, principal);
    if (session === undefined)
      return { answer: jsonRpcFailure(404, 'there is no such session, or it has ended: begin again with initialize') };
    const answer = await session.transport.handleRequest(request, body === undefined ? {} : { parsedBody: body });
    if (session.transport.sessionId === undefined) await session.server.close();
    return { answer, session };
  }

  /** Holds an answer that may never end by itself to the principal that it is for. */
  const holdStream = (principal: Principal, response: ServerResponse): void => {
    const own = streams.get(principal) ?? new Set();
    if (own.size >= MAX_STREAMS) throw tooManyStreams();
    streams.set(principal, own.add(response));
    response.once('close', () => {
      own.delete(response);
      if (own.size === 0) streams.delete(principal);
    });
  };

  return {
    async answer({ request, response, body: text, admitted: { principal, follow } }) {
      try {
        const read = text === undefined ? undefined : readMessage(text);
        if (read !== undefined && 'refusal' in read) {
          signIn.admit(principal, optionsFor(principal))?.();
          await sendWebResponse(read.refusal, response);
          return;
        }
        const { body, argumentsText } = read ?? {};
        const isStream = request.method === 'GET' || (isJsonObject(body) && body['method'] === 'subscriptions/listen');
        const end = (): void => {
          sessions.endOf(principal);
          for (const each of streams.get(principal) ?? []) each.destroy();
        };
        // The service counts calls itself. A stream counts as it is asked for: it is no call under way.
        const over = isCall(body) ? undefined : signIn.admit(principal, optionsFor(principal));
        if (isStream) over?.();
        const letGo = [isStream ? undefined : over, signIn.follow(principal, end), follow?.(() => response.destroy())];
        response.once('close', () => letGo.forEach((each) => each?.()));
        if (isStream) holdStream(principal, response);
        void catalog.ready();
        const asked = toWebRequest(request, response);
        const filling = new PassedTexts(turn);
        passed.set(asked, filling);
        if (argumentsText !== undefined) written.set(asked, argumentsText);
        if (!(await isLegacyRequest(asked, body))) {
          const authInfo = { token: '', clientId: principal.name, scopes: [], extra: { principal } };
          const answer = await modern.fetch(asked, { authInfo, ...(body === undefined ? {} : { parsedBody: body }) });
          await sendWebResponse(answer, response, filling);
          return;
        }
        const { answer, session } = await answerLegacy(asked, body, principal);
        if (session === undefined) {
          await sendWebResponse(answer, response);
          return;
        }
        // Whoever goes away is not told the answer later either: nobody is left that the call is for.
        if (asked.signal.aborted) session.giveUp(body);
        else asked.signal.addEventListener('abort', () => session.giveUp(body));
        session.open += 1;
        try {
          await sendWebResponse(answer, response, filling);
        } finally {
          session.open -= 1;
          session.usedAt = Date.now();
        }
      } catch (reason) {
        if (response.headersSent) response.destroy();
        else await sendWebResponse(toFailure(reason), response);
      }
    },
    setExposure: (exposure) => catalog.setExposure(exposure),
    async close() {
      catalog.close();
      sessions.close();
      await modern.close();
      for (const own of streams.values()) for (const each of own) each.end();
    },
  };
}

/** Gives what waits until those that asked before went on, each in a turn of the loop's own. */
function takeTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(() => setImmediate()));
}

function isCall(body: unknown): boolean {
  return isJsonObject(body) && body['method'] === 'tools/call';
}

function optionsFor(principal: Principal): CallOptions {
  return { principal, door: 'mcp' };
}

function toFailure(reason: unknown): Response {
  const error = ConnectorError.from(reason);
  return jsonRpcFailure(error.code === 'RATE_LIMITED' ? 429 : 500, error.message);
}

function tooManyStreams(): RateLimitedError {
  return new RateLimitedError(`one caller may have ${MAX_STREAMS} streams at a time: close some, and try again`, {
    blame: 'caller',
    retryAfterMs: 1_000,
    details: { reason: 'caller_limit' },
  });
}
