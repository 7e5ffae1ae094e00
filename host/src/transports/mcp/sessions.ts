import { randomUUID } from 'node:crypto';
import type { Principal } from '@automate/contract';
import { RateLimitedError } from '@automate/contract';
import type { JSONRPCNotification, RequestId, Server } from '@modelcontextprotocol/server';
import { isJSONRPCRequest, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';

export interface SessionBounds {
  /** Sessions at a time, over all callers. */
  readonly most: number;
  /** Those of one caller. */
  readonly mostOfOne: number;
  /** Milliseconds after which one ends that nothing was asked in and that no stream is open for. */
  readonly idleMs: number;
}

export const SESSION_BOUNDS: SessionBounds = { most: 1_000, mostOfOne: 100, idleMs: 30 * 60_000 };

/** What one client agreed upon with the host, and the streams that it hears of changes by. */
export interface Session {
  readonly principal: Principal;
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Answers that are under way. */
  open: number;
  usedAt: number;
  /** Ends what was asked for in a message, or a batch of them. */
  giveUp(body: unknown): void;
}

/** The sessions of clients that speak a revision of the protocol which has them. Each is its caller's alone. */
export class Sessions {
  readonly #bounds: SessionBounds;
  readonly #sessions = new Map<string, Session>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(bounds: SessionBounds = SESSION_BOUNDS) {
    this.#bounds = bounds;
  }

  /** Undefined where the principal has none of this id, whoever else may have it. */
  find(id: string, principal: Principal): Session | undefined {
    const session = this.#sessions.get(id);
    return session?.principal === principal ? session : undefined;
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** Opens one, which counts once its client has come as far as that the transport has given it an id. */
  async open(principal: Principal, server: Server): Promise<Session> {
    this.#makeRoom(principal);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        this.#sessions.set(id, session);
        this.#sweep ??= setInterval(() => this.#endIdle(), Math.min(60_000, this.#bounds.idleMs)).unref();
      },
    });
    const session: Session = {
      principal,
      server,
      transport,
      open: 0,
      usedAt: Date.now(),
      giveUp: (body) => {
        for (const message of [body].flat())
          if (isJSONRPCRequest(message)) transport.onmessage?.(cancelled(message.id));
      },
    };
    // The library has no events; the server puts itself before this one.
    Object.assign(transport, { onclose: () => this.#sessions.delete(transport.sessionId ?? '') });
    await server.connect(transport);
    return session;
  }

  /** Ends those of a caller who counts no longer. */
  endOf(principal: Principal): void {
    for (const session of this.#sessions.values()) if (session.principal === principal) end(session);
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const session of this.#sessions.values()) end(session);
  }

  /** A client that starts again and again, and never says that it leaves, takes the place of itself. */
  #makeRoom(principal: Principal): void {
    const all = [...this.#sessions.values()];
    const own = all.filter((session) => session.principal === principal);
    if (all.length < this.#bounds.most && own.length < this.#bounds.mostOfOne) return;
    const oldest = own.filter(({ open }) => open === 0).toSorted((a, b) => a.usedAt - b.usedAt)[0];
    if (oldest === undefined) throw tooMany(own.length < this.#bounds.mostOfOne ? 'of all callers' : 'of yours');
    end(oldest);
  }

  #endIdle(): void {
    const since = Date.now() - this.#bounds.idleMs;
    for (const session of this.#sessions.values()) if (session.open === 0 && session.usedAt < since) end(session);
  }
}

/** As a client would say it. */
function cancelled(requestId: RequestId): JSONRPCNotification {
  const params = { requestId, reason: 'the client went away' };
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params };
}

function end(session: Session): void {
  void session.server.close().catch(() => undefined);
}

function tooMany(whose: string): RateLimitedError {
  return new RateLimitedError(`there are as many sessions ${whose} as there may be: end some, and try again`, {
    blame: 'caller',
    retryAfterMs: 1_000,
    details: { reason: 'caller_limit' },
  });
}
