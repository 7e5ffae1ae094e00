import { ConnectorError, UnavailableError } from '@automate/contract';
import type { LivingHost } from '../store/placement-store.ts';

/** An error of a call to another host. Where that is not reached, or does not trust this one: in words for who operates both, not for a client's user. */
export function explainUnreached({ address }: Pick<LivingHost, 'address'>, reason: unknown): ConnectorError {
  const error = ConnectorError.from(reason);
  // It is this host that the other one does not let in, and not whoever calls here.
  if (error.details?.['reason'] === 'peer_refused')
    return new UnavailableError(`the host at ${address} does not take what this host passes on: ${error.message}`, {
      effect: 'none',
      blame: 'operator',
      details: { reason: 'peer_refused', address },
      cause: error,
    });
  if (error.details?.['reason'] !== 'service_unreachable') return error;
  return new UnavailableError(
    `the host at ${address} cannot be reached: see that it runs, and that this machine reaches that address, which is its ADVERTISE_ADDRESS`,
    { effect: 'none', blame: 'operator', details: { reason: 'service_unreachable', address }, cause: error },
  );
}
