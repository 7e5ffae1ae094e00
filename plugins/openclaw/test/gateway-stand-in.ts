// Long: one gateway that keeps its agents, runs, conversations and connections in step, as the real one does.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { scopeOf, violationOf } from './protocol-schema.ts';

export interface StandInOptions {
  readonly token?: string;
  readonly password?: string;
  readonly port?: number;
  readonly tickIntervalMs?: number;
}

/** The methods that this stand-in knows, with the definition of their parameters. */
const PARAMS_OF: Readonly<Record<string, string>> = {
  connect: 'ConnectParams',
  'agents.list': 'AgentsListParams',
  agent: 'AgentParams',
  'agent.wait': 'AgentWaitParams',
  'sessions.list': 'SessionsListParams',
  'sessions.send': 'SessionsSendParams',
  'sessions.abort': 'SessionsAbortParams',
  send: 'SendParams',
};

interface Run {
  readonly runId: string;
  readonly sessionKey: string;
  readonly startedAt: number;
  seq: number;
  end?: JsonObject;
  waits: number;
  readonly done: Set<() => void>;
}

/**
 * A STAND-IN for OpenClaw's gateway, not the product: it keeps agents, conversations and runs, and speaks protocol v4 as
 * far as the connector uses it. Every frame in either direction is checked against OpenClaw's published schema;
 * `violations` must stay empty. Agents answer with what they were told; SLEEP in a message makes them work until they are
 * stopped, FAIL makes them fail, SLOW MODEL has their model's provider say
 * nothing in time, NO ANSWER themselves.
 */
export class GatewayStandIn {
  readonly violations: string[] = [];
  readonly sent: JsonObject[] = [];
  readonly sessions = new Map<string, { status: string; updatedAt: number; last: string }>();
  readonly runs = new Map<string, Run>();
  /** What to do instead of the usual. */
  behaviour:
    | 'normal'
    | 'silent'
    | 'garbage'
    | 'no-challenge'
    | 'not-ready'
    | 'old-protocol'
    | 'drop-on-wait'
    | 'short-waits'
    | 'late-accept'
    | 'late-challenge'
    | 'odd-page' = 'normal';
  /** What waits, with `late-accept` (answers to `agent`) and `late-challenge`, to be let go. */
  readonly held: (() => void)[] = [];
  /** What was sent or begun by each idempotency key, by method. */
  readonly #answered = new Map<string, JsonObject>();
  readonly #options: StandInOptions;
  readonly #http = createServer((request, response) => void this.#answer(request, response));
  readonly #ws = new WebSocketServer({ server: this.#http });

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.#ws.on('connection', (socket) => this.#greet(socket));
    this.#ws.on('error', () => undefined);
  }

  static async start(options: StandInOptions = {}): Promise<GatewayStandIn> {
    const gateway = new GatewayStandIn(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    gateway.#http.once('error', reject);
    gateway.#http.listen(options.port ?? 0, '127.0.0.1', resolve);
    await promise;
    return gateway;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get clients(): number {
    return this.#ws.clients.size;
  }

  /** Cuts every connection, as a crash would. */
  dropClients(): void {
    for (const client of this.#ws.clients) client.terminate();
  }

  async close(): Promise<void> {
    const clients = [...this.#ws.clients];
    for (const client of clients) this.#event(client, 'shutdown', { reason: 'stopped' }, 'ShutdownEvent');
    const gone = clients.map((client) => once(client, 'close'));
    for (const client of clients) client.close(1012, 'service restart');
    // A client that has said goodbye has heard all before.
    await Promise.all(gone);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#http.close(() => resolve());
    this.#ws.close();
    this.#http.closeAllConnections();
    await promise;
  }

  #greet(socket: WebSocket): void {
    if (this.behaviour === 'no-challenge') return;
    let scopes: readonly string[] = [];
    socket.on('message', (data) => {
      const frame: unknown = JSON.parse((data as Buffer).toString());
      this.#check('RequestFrame', frame);
      const { id, method, params } = frame as { id: string; method: string; params: JsonObject };
      this.#check(PARAMS_OF[method] ?? 'RequestFrame', PARAMS_OF[method] === undefined ? frame : params);
      if (method === 'connect') {
        scopes = this.#connect(socket, id, params);
        return;
      }
      if (this.behaviour === 'silent') return;
      if (this.behaviour === 'garbage') {
        socket.send('this is no frame');
        return;
      }
      const scope = scopeOf(method);
      if (scope !== 'dynamic' && (scope === undefined || !scopes.includes(scope))) {
        this.#refuse(socket, id, {
          code: 'FORBIDDEN',
          message: `missing scope: ${scope}`,
          details: { code: 'MISSING_SCOPE' },
        });
        return;
      }
      this.#handle(socket, id, method, params);
    });
    const challenge = (): void => this.#event(socket, 'connect.challenge', { nonce: randomUUID(), ts: Date.now() });
    if (this.behaviour === 'late-challenge') this.held.push(challenge);
    else challenge();
  }

  #connect(socket: WebSocket, id: string, params: JsonObject): readonly string[] {
    const { token, password, tickIntervalMs = 30_000 } = this.#options;
    const auth = isJsonObject(params['auth']) ? params['auth'] : {};
    const right =
      token === undefined ? password === undefined || auth['password'] === password : auth['token'] === token;
    if (!right) {
      const kind = token === undefined ? 'password' : 'token';
      const details = { code: `AUTH_${kind.toUpperCase()}_MISMATCH`, authReason: `${kind}_mismatch` };
      this.#refuse(socket, id, { code: 'INVALID_REQUEST', message: `unauthorized: gateway ${kind} mismatch`, details });
      socket.close(1008, `unauthorized: gateway ${kind} mismatch`);
      return [];
    }
    if (this.behaviour === 'old-protocol') {
      this.#refuse(socket, id, {
        code: 'INVALID_REQUEST',
        message: 'protocol mismatch',
        details: { code: 'PROTOCOL_MISMATCH' },
      });
      socket.close(1002, 'protocol mismatch');
      return [];
    }
    const scopes = params['scopes'] as string[];
    this.#reply(
      socket,
      id,
      {
        type: 'hello-ok',
        protocol: 4,
        server: { version: '2026.9.1-stand-in', connId: randomUUID() },
        features: { methods: Object.keys(PARAMS_OF), events: ['agent', 'tick', 'shutdown'] },
        snapshot: { presence: [], health: { ok: true }, stateVersion: { presence: 0, health: 0 }, uptimeMs: 1 },
        auth: { role: 'operator', scopes },
        policy: { maxPayload: 256 * 1024, maxBufferedBytes: 1024 * 1024, tickIntervalMs },
      },
      'HelloOk',
    );
    const ticking = setInterval(() => {
      if (this.behaviour !== 'silent') this.#event(socket, 'tick', { ts: Date.now() }, 'TickEvent');
    }, tickIntervalMs);
    socket.on('close', () => clearInterval(ticking));
    return scopes;
  }

  #handle(socket: WebSocket, id: string, method: string, params: JsonObject): void {
    switch (method) {
      case 'agents.list':
        this.#reply(
          socket,
          id,
          {
            defaultId: 'main',
            mainKey: 'main',
            scope: 'per-sender',
            agents: [
              {
                id: 'main',
                identity: { name: 'Molty', emoji: '🦞' },
                model: { primary: 'stub/stub' },
                workspace: '/work',
              },
              { id: 'second', name: 'Second' },
            ],
          },
          'AgentsListResult',
        );
        return;
      case 'sessions.list':
        this.#listSessions(socket, id, params);
        return;
      case 'agent':
        this.#startRun(socket, id, params);
        return;
      case 'agent.wait':
        this.#waitForRun(socket, id, params);
        return;
      case 'sessions.abort':
        this.#abort(socket, id, params);
        return;
      case 'sessions.send': {
        const key = String(params['key']);
        this.#once(socket, id, method, params, () => {
          this.sent.push(params);
          this.sessions.set(key, { status: 'done', updatedAt: Date.now(), last: String(params['message']) });
          return { runId: params['idempotencyKey'] ?? randomUUID(), status: 'started' };
        });
        return;
      }
      case 'send':
        if (params['channel'] === 'unset') {
          this.#refuse(socket, id, { code: 'UNAVAILABLE', message: 'the channel has no token' });
          return;
        }
        this.#once(socket, id, method, params, () => {
          this.sent.push(params);
          return {
            runId: params['idempotencyKey'] ?? '',
            messageId: `m-${this.sent.length}`,
            channel: params['channel'] ?? 'telegram',
          };
        });
        return;
      case 'health':
        // A number that JavaScript would round.
        socket.send(`{"type":"res","id":"${id}","ok":true,"payload":{"ok":true,"startedAtNs":1769860800010000001}}`);
        return;
      default:
        this.#refuse(socket, id, { code: 'INVALID_REQUEST', message: `unknown method: ${method}` });
    }
  }

  /** What comes again with its key is answered as before, and not done again. */
  #once(socket: WebSocket, id: string, method: string, params: JsonObject, act: () => JsonObject): void {
    const key = `${method} ${String(params['idempotencyKey'])}`;
    const answer = this.#answered.get(key) ?? act();
    this.#answered.set(key, answer);
    this.#reply(socket, id, answer);
  }

  #listSessions(socket: WebSocket, id: string, params: JsonObject): void {
    const { limit = 100, offset = 0, search = '' } = params as { limit?: number; offset?: number; search?: string };
    const isOdd = this.behaviour === 'odd-page';
    const all = [...this.sessions].filter(([key]) => key.includes(search));
    const page = all.slice(offset, offset + limit).map(([key, { status, updatedAt, last }]) => {
      const row = {
        key,
        kind: 'direct',
        agentId: 'main',
        status,
        updatedAt: isOdd ? 9e15 : updatedAt,
        ...(params['includeLastMessage'] === true ? { lastMessagePreview: last } : {}),
      };
      this.#check('SessionRow', row);
      return row;
    });
    const hasMore = offset + page.length < all.length;
    this.#reply(socket, id, {
      ts: Date.now(),
      count: page.length,
      totalCount: all.length,
      hasMore,
      nextOffset: isOdd ? offset : hasMore ? offset + page.length : null,
      sessions: page,
    });
  }

  #startRun(socket: WebSocket, id: string, params: JsonObject): void {
    const { idempotencyKey, message = '', agentId = 'main' } = params as Record<string, string>;
    if (agentId !== 'main' && agentId !== 'second') {
      this.#refuse(socket, id, {
        code: 'INVALID_REQUEST',
        message: `invalid agent params: unknown agent id "${agentId}"`,
      });
      return;
    }
    if (message.includes('NO ANSWER')) {
      this.#refuse(socket, id, { code: 'AGENT_TIMEOUT', message: 'the agent did not answer' });
      return;
    }
    const runId = String(idempotencyKey);
    if (this.runs.has(runId)) {
      this.#reply(socket, id, { runId, status: 'in_flight' });
      return;
    }
    const sessionKey = String(params['sessionKey'] ?? `agent:${agentId}:explicit:${runId}`);
    const run: Run = { runId, sessionKey, startedAt: Date.now(), seq: 0, waits: 0, done: new Set() };
    this.runs.set(runId, run);
    this.sessions.set(sessionKey, { status: 'running', updatedAt: Date.now(), last: '' });
    // The first event overtakes the answer that names the run, as it may with the real one.
    this.#runEvent(socket, run, 'lifecycle', { phase: 'start', startedAt: run.startedAt });
    const accept = (): void =>
      this.#reply(socket, id, { runId, agentId, status: 'accepted', acceptedAt: run.startedAt });
    if (this.behaviour === 'late-accept') this.held.push(accept);
    else accept();
    if (message.includes('SLEEP')) return;
    if (message.includes('SLOW MODEL')) {
      this.#runEvent(socket, run, 'lifecycle', { phase: 'error', error: 'the provider timed out' });
      this.#finish(run, { status: 'timeout', stopReason: 'timeout', timeoutPhase: 'provider' }, '');
      return;
    }
    if (message.includes('FAIL')) {
      this.#runEvent(socket, run, 'lifecycle', { phase: 'error', error: 'the model is out of order' });
      this.#finish(run, { status: 'error', stopReason: 'error' }, '');
      return;
    }
    let text = '';
    for (const delta of ['You said: ', message]) {
      text += delta;
      this.#runEvent(socket, run, 'assistant', { text, delta });
    }
    this.#runEvent(socket, run, 'lifecycle', { phase: 'end', stopReason: 'stop' });
    this.#finish(run, { status: 'ok', stopReason: 'stop', terminalReply: { disposition: 'visible', text } }, text);
  }

  #finish(run: Run, end: JsonObject, last: string): void {
    const status = end['status'] === 'ok' ? 'done' : end['stopReason'] === 'rpc' ? 'killed' : 'failed';
    this.sessions.set(run.sessionKey, { status, updatedAt: Date.now(), last });
    run.end = { runId: run.runId, startedAt: run.startedAt, endedAt: Date.now(), ...end };
    for (const tell of run.done) tell();
  }

  #waitForRun(socket: WebSocket, id: string, params: JsonObject): void {
    if (this.behaviour === 'drop-on-wait') {
      socket.terminate();
      return;
    }
    const { runId, timeoutMs = 30_000 } = params as { runId: string; timeoutMs?: number };
    const run = this.runs.get(runId);
    if (this.behaviour === 'short-waits' && run !== undefined) {
      run.waits += 1;
      // Over before the caller's time is: first without a word, then with a failure that is not final.
      if (run.waits <= 2) {
        const pending = { startedAt: run.startedAt, error: 'overloaded', pendingError: true };
        this.#reply(socket, id, { runId, status: 'timeout', ...(run.waits === 1 ? {} : pending) });
        return;
      }
    }
    const timer = setTimeout(() => tell({ runId, status: 'timeout' }), timeoutMs);
    const tell = (payload: JsonObject): void => {
      clearTimeout(timer);
      run?.done.delete(onDone);
      this.#reply(socket, id, payload);
    };
    const onDone = (): void => tell(run?.end ?? {});
    socket.once('close', () => clearTimeout(timer));
    if (run?.end === undefined) run?.done.add(onDone);
    else onDone();
  }

  #abort(socket: WebSocket, id: string, params: JsonObject): void {
    if (params['key'] === undefined) {
      this.#refuse(socket, id, { code: 'INVALID_REQUEST', message: 'key required' });
      return;
    }
    const run = this.runs.get(String(params['runId']));
    if (run !== undefined && run.end === undefined) this.#finish(run, { status: 'error', stopReason: 'rpc' }, '');
    this.#reply(socket, id, {
      ok: true,
      abortedRunId: run?.runId ?? null,
      status: run === undefined ? 'no-active-run' : 'aborted',
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const reply = (status: number, value: JsonObject): void =>
      void response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
    if (request.url === '/healthz') return reply(200, { ok: true, status: 'live' });
    if (request.url === '/readyz') {
      const ready = this.behaviour !== 'not-ready';
      return reply(ready ? 200 : 503, { ready, failing: ready ? [] : ['telegram'] });
    }
    if (request.url !== '/tools/invoke') return reply(404, { error: { message: 'not found', type: 'not_found' } });
    const secret = this.#options.token ?? this.#options.password;
    if (secret !== undefined && request.headers.authorization !== `Bearer ${secret}`) {
      return reply(401, { error: { message: 'Unauthorized', type: 'unauthorized' } });
    }
    const { tool, args, sessionKey } = JSON.parse(body) as { tool: string; args: JsonObject; sessionKey?: string };
    if (tool === 'echo')
      return reply(200, { ok: true, result: { args, ...(sessionKey === undefined ? {} : { sessionKey }) } });
    if (tool === 'picky') return reply(400, { ok: false, error: { type: 'invalid_request', message: 'wants more' } });
    if (tool === 'broken')
      return reply(500, { ok: false, error: { type: 'tool_error', message: 'tool execution failed' } });
    return reply(404, { ok: false, error: { type: 'not_found', message: `Tool not available: ${tool}` } });
  }

  #runEvent(socket: WebSocket, run: Run, stream: string, data: JsonObject): void {
    run.seq += 1;
    const payload = { runId: run.runId, stream, data, seq: run.seq, ts: Date.now() };
    this.#check('AgentEvent', payload);
    this.#event(socket, 'agent', { ...payload, sessionKey: run.sessionKey });
  }

  #reply(socket: WebSocket, id: string, payload: JsonObject, definition?: string): void {
    if (definition !== undefined) this.#check(definition, payload);
    this.#send(socket, 'ResponseFrame', { type: 'res', id, ok: true, payload });
  }

  #refuse(socket: WebSocket, id: string, error: JsonObject): void {
    this.#send(socket, 'ResponseFrame', { type: 'res', id, ok: false, error });
  }

  #event(socket: WebSocket, event: string, payload: JsonObject, definition?: string): void {
    if (definition !== undefined) this.#check(definition, payload);
    this.#send(socket, 'EventFrame', { type: 'event', event, payload });
  }

  #send(socket: WebSocket, definition: string, frame: JsonObject): void {
    this.#check(definition, frame);
    socket.send(JSON.stringify(frame));
  }

  #check(definition: string, value: unknown): void {
    const violation = violationOf(definition, value);
    if (violation !== undefined) this.violations.push(violation);
  }
}
