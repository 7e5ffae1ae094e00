import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '@automate/contract';

/** How long a session lasts that nobody uses, in milliseconds. */
const IDLE_MS = 12 * 60 * 60_000;
/** Most sessions of one principal at a time; beyond that the one of its own goes that was used longest ago. */
const MAX_SESSIONS_OF_ONE = 100;
/** Most sessions at a time over all principals; beyond that whoever has most of them gives one up, the one that was used longest ago. */
const MAX_SESSIONS = 1_000;

interface Session {
  readonly principal: Principal;
  usedAt: number;
}

/**
 * Who is signed in at the page. A browser holds a random name of its session alone, never the token, and in a cookie that no script can read.
 * A session means its token's principal: once that counts no longer, nothing is answered to the session either. They end with the host.
 */
export class PageSessions {
  readonly #sessions = new Map<string, Session>();

  /** Begins a session; gives the value of the header `Set-Cookie`. */
  begin(request: IncomingMessage, principal: Principal, { secure }: { readonly secure: boolean }): string {
    this.end(request);
    this.#makeRoom(principal);
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(id, { principal, usedAt: Date.now() });
    return `${cookieName(request)}=${id}; ${ATTRIBUTES}${secure ? '; Secure' : ''}`;
  }

  /** Whose session a request bears; undefined where it bears none that counts. */
  find(request: IncomingMessage): Principal | undefined {
    const id = sessionId(request);
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (id === undefined || session === undefined) return undefined;
    this.#sessions.delete(id);
    if (Date.now() - session.usedAt > IDLE_MS) return undefined;
    session.usedAt = Date.now();
    // Last in order again, as it was used last.
    this.#sessions.set(id, session);
    return session.principal;
  }

  /** Ends the request's session, if there is one; gives the value of `Set-Cookie` that has the browser forget it. */
  end(request: IncomingMessage): string {
    const id = sessionId(request);
    if (id !== undefined) this.#sessions.delete(id);
    return `${cookieName(request)}=; ${ATTRIBUTES}; Max-Age=0`;
  }

  #makeRoom(principal: Principal): void {
    const owned = Map.groupBy(this.#sessions.keys(), (id) => this.#sessions.get(id)?.principal);
    const own = owned.get(principal) ?? [];
    const most = [...owned.values()].reduce((a, b) => (b.length > a.length ? b : a), own);
    const [oldest] = own.length >= MAX_SESSIONS_OF_ONE ? own : this.#sessions.size >= MAX_SESSIONS ? most : [];
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }
}

const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

/** Browsers send a cookie to every port of a name: hosts beside each other must not take each other's. */
function cookieName({ socket }: IncomingMessage): string {
  return `automate_session_${socket.localPort ?? 0}`;
}

function sessionId(request: IncomingMessage): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  const prefix = `${cookieName(request)}=`;
  return cookie
    .split(/; */)
    .find((each) => each.startsWith(prefix))
    ?.slice(prefix.length);
}
