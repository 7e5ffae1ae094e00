import type { IncomingMessage } from 'node:http';
import { ConnectorError } from '@automate/contract';
import { clientCertificateOf } from '../client-certificate.ts';
import type { SignIn } from '../sign-in.ts';
import { addressOf, noteAdmitted } from '../sign-in.ts';
import { HttpFailure } from './http-failure.ts';

/** Nobody has to sign in to ask whether the host lives and serves. */
const OPEN = /^\/health\/(?:live|ready)(?:\?|$)/;

/** Lets a request in and notes on it who sent it; gives why a caller has to go. Looks at the head alone. */
export function createAdmission(
  signIn: SignIn,
): (request: IncomingMessage) => HttpFailure | ConnectorError | undefined {
  return (request) => {
    if (OPEN.test(request.url ?? '')) return undefined;
    try {
      const { authorization } = request.headers;
      const principal = signIn.identify({
        door: 'rest',
        authorization,
        certificate: () => clientCertificateOf(request.socket),
        address: () => addressOf(request.socket),
      });
      noteAdmitted(request, { principal, door: 'rest' });
      return undefined;
    } catch (reason) {
      const error = ConnectorError.from(reason);
      return error.code === 'UNAUTHENTICATED' ? new HttpFailure(401, error, { 'www-authenticate': 'Bearer' }) : error;
    }
  };
}
