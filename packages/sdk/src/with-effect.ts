import type { Effect } from '@automate/contract';
import { ConnectorError } from '@automate/contract';

/** The same error with another effect; itself where it has that effect already. */
export function withEffect(error: ConnectorError, effect: Effect): ConnectorError {
  return error.effect === effect ? error : ConnectorError.change(error, { effect });
}
