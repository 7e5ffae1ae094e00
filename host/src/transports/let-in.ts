import type { Socket } from 'node:net';
import { ConnectorError } from '@automate/contract';
import { clientCertificateOf, followClientCertificate } from './client-certificate.ts';
import type { Admitted, Caller, Door, SignIn } from './sign-in.ts';
import { addressOf } from './sign-in.ts';

/** Finds out who calls. Throws UNAUTHENTICATED for who has to sign in and did not. */
export function letIn(
  signIn: SignIn,
  {
    door,
    authorization,
    socket,
  }: { readonly door: Door; readonly authorization: string | undefined; readonly socket: Socket | undefined },
): Admitted {
  const caller: Caller = {
    door,
    authorization,
    certificate: () => clientCertificateOf(socket),
    address: () => addressOf(socket),
  };
  return {
    principal: signIn.identify(caller),
    door,
    follow(onEnd) {
      if (authorization !== undefined) return undefined;
      return followClientCertificate(socket, () => {
        const reason = reasonToGo(signIn, caller);
        if (reason !== undefined) onEnd(reason);
      });
    },
  };
}

/** Why somebody who came in by a certificate has to go; undefined where others of its names still count. */
function reasonToGo(signIn: SignIn, caller: Caller): ConnectorError | undefined {
  try {
    signIn.identify(caller);
    return undefined;
  } catch (reason) {
    return ConnectorError.from(reason);
  }
}
