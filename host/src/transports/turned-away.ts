import { ConnectorError } from '@automate/contract';
import type { RefusedRead, TurnedAway } from '../events/host-events.ts';
import type { SignIn } from './sign-in.ts';

/** The same sign-in, which tells of those whom it does not let in, and of those whom it does not let read. */
export function tellTurnedAway(
  signIn: SignIn,
  tell: (caller: TurnedAway) => void,
  refused: (caller: RefusedRead) => void,
): SignIn {
  return {
    identify(caller) {
      try {
        return signIn.identify(caller);
      } catch (reason) {
        const error = ConnectorError.from(reason);
        const address = caller.address();
        const why = error.details?.['reason'];
        if (error.code === 'UNAUTHENTICATED')
          tell({ door: caller.door, address, reason: typeof why === 'string' ? why : 'not signed in' });
        throw reason;
      }
    },
    requireRead(principal, asked) {
      try {
        signIn.requireRead(principal, asked);
      } catch (reason) {
        refused({ ...asked, principal: principal.name, code: ConnectorError.from(reason).code });
        throw reason;
      }
    },
    admit: (principal, options) => signIn.admit(principal, options),
    follow: (principal, onEnd) => signIn.follow(principal, onEnd),
  };
}
