import type { IncomingMessage } from 'node:http';
import { ConnectorError } from '@automate/contract';
import { letIn } from '../let-in.ts';
import type { SignIn } from '../sign-in.ts';
import { noteAdmitted } from '../sign-in.ts';
import { HttpFailure } from './http-failure.ts';

/** Nobody has to sign in to ask whether the host lives and serves. */
const OPEN = /^\/health\/(?:live|ready)(?:\?|$)/;

/** What is for agents. */
const MCP = /^\/mcp(?:\?|$)/;

/** Lets a request in and notes on it who sent it; gives why a caller has to go. Looks at the head alone. */
export function createAdmission(
  signIn: SignIn,
): (request: IncomingMessage) => HttpFailure | ConnectorError | undefined {
  return (request) => {
    if (OPEN.test(request.url ?? '')) return undefined;
    try {
      const { authorization } = request.headers;
      const door = MCP.test(request.url ?? '') ? 'mcp' : 'rest';
      noteAdmitted(request, letIn(signIn, { door, authorization, socket: request.socket }));
      return undefined;
    } catch (reason) {
      const error = ConnectorError.from(reason);
      return error.code === 'UNAUTHENTICATED' ? new HttpFailure(401, error, { 'www-authenticate': 'Bearer' }) : error;
    }
  };
}
