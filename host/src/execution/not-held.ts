import { UnavailableError } from '@automate/contract';

/** Of what is asked of a connector that this host does not hold, or holds no more. */
export function notHeld(connector: string): UnavailableError {
  return new UnavailableError(`this host does not hold the connector "${connector}": ask again`, {
    connector,
    effect: 'none',
    details: { reason: 'moved' },
  });
}
