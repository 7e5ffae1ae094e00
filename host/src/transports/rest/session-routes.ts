import type { Principal } from '@automate/contract';
import { InvalidInputError, isJsonObject } from '@automate/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SignIn } from '../sign-in.ts';
import { addressOf, admittedOf } from '../sign-in.ts';
import { parseJsonText } from './json-text.ts';
import type { PageSessions } from './page-sessions.ts';
import { bodyText } from './request-body.ts';

export interface SessionRoutesOptions {
  readonly sessions: PageSessions;
  readonly signIn: SignIn;
  readonly version: string;
}

/** Signing in at the page with a token, once, for a cookie. Who calls with a token in each request has no use for it. */
export function addSessionRoutes(app: FastifyInstance, { sessions, signIn, version }: SessionRoutesOptions): void {
  const hidden = { schema: { hide: true } };
  const show = (reply: FastifyReply, { name, scopes }: Principal, signedIn: boolean) => {
    reply.header('cache-control', 'no-store');
    return { name, scopes, signed_in: signedIn, version };
  };
  app.get('/session', hidden, async (request, reply) => {
    const principal = admittedOf(request.raw)?.principal;
    if (principal === undefined) throw new Error('the gate has noted nobody');
    // Throws for who counts no longer.
    signIn.admit(principal, {})?.();
    return show(reply, principal, sessions.find(request.raw) !== undefined);
  });
  app.post('/session', hidden, async (request, reply) => {
    const principal = signIn.identify({
      door: 'rest',
      authorization: `Bearer ${readToken(bodyText(request))}`,
      certificate: () => undefined,
      address: () => addressOf(request.raw.socket),
    });
    reply.header('set-cookie', sessions.begin(request.raw, principal, { secure: cameByTls(request) }));
    return show(reply, principal, true);
  });
  app.delete('/session', hidden, async (request, reply) => {
    reply.header('set-cookie', sessions.end(request.raw));
    return { message: 'signed out' };
  });
}

/** Also where a proxy ended TLS, as the browser says in `Origin`, which the guard has compared. */
function cameByTls({ raw, headers }: FastifyRequest): boolean {
  return 'encrypted' in raw.socket || headers.origin?.startsWith('https:') === true;
}

/** The token in `{"token": "…"}`. What is wrong with another body is said without any of it. */
function readToken(text: string): string {
  const body = text === '' ? undefined : parseJsonText(text);
  const token = isJsonObject(body) && Object.keys(body).length === 1 ? body['token'] : undefined;
  if (typeof token === 'string') return token.trim();
  const problem = { path: '', expected: 'an object with nothing but a text called "token"', received: 'another body' };
  throw new InvalidInputError(`the body: expected ${problem.expected}, received ${problem.received}`, {
    problems: [problem],
  });
}
