import type { IncomingMessage } from 'node:http';
import { ConnectorError } from '@automate/contract';
import { letIn } from '../let-in.ts';
import type { SignIn } from '../sign-in.ts';
import { noteAdmitted } from '../sign-in.ts';
import { requireOrigin } from './host-guard.ts';
import { HttpFailure } from './http-failure.ts';
import type { PageSessions } from './page-sessions.ts';

/** Nobody has to sign in to ask whether the host lives and serves, to load the page, or to sign in there. */
const OPEN = /^\/(?:health\/(?:live|ready)|assets\/[\w.-]+)?(?:\?|$)/;
const SIGNS_IN = /^\/session(?:\?|$)/;
/** Webhooks are signed, which is for the connector to see. */
const HOOKS = /^\/hooks\/[^/?]+(?:\?|$)/;

/** What is for agents. */
const MCP = /^\/mcp(?:\?|$)/;

/** Lets a request in and notes on it who sent it; gives why a caller has to go. Looks at the head alone. */
export function createAdmission(
  signIn: SignIn,
  sessions: PageSessions,
): (request: IncomingMessage) => HttpFailure | ConnectorError | undefined {
  return (request) => {
    const { url = '', method } = request;
    if (OPEN.test(url) || (method === 'POST' && (SIGNS_IN.test(url) || HOOKS.test(url)))) return undefined;
    try {
      const { authorization } = request.headers;
      const door = MCP.test(url) ? 'mcp' : 'rest';
      const session = authorization === undefined ? sessions.find(request) : undefined;
      if (session !== undefined) {
        noteAdmitted(request, { principal: session, door });
        return requireOrigin(request);
      }
      noteAdmitted(request, letIn(signIn, { door, authorization, socket: request.socket }));
      return undefined;
    } catch (reason) {
      const error = ConnectorError.from(reason);
      return error.code === 'UNAUTHENTICATED' ? new HttpFailure(401, error, { 'www-authenticate': 'Bearer' }) : error;
    }
  };
}
