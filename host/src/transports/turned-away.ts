import { ConnectorError } from '@automate/contract';
import type { TurnedAway } from '../events/host-events.ts';
import type { SignIn } from './sign-in.ts';

/** The same sign-in, which tells of those whom it does not let in. */
export function tellTurnedAway(signIn: SignIn, tell: (caller: TurnedAway) => void): SignIn {
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
    requireRead: (principal) => signIn.requireRead(principal),
    admit: (principal, options) => signIn.admit(principal, options),
    follow: (principal, onEnd) => signIn.follow(principal, onEnd),
  };
}
