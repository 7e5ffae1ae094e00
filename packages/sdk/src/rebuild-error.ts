import type { Effect, ErrorEnvelope } from '@automate/contract';
import { ConnectorError } from '@automate/contract';

/** The same error with some fields changed. The cause goes along. */
export function rebuildError(
  error: ConnectorError,
  changes: Partial<Pick<ErrorEnvelope, 'message' | 'details' | 'effect'>>,
): ConnectorError {
  const copy = ConnectorError.fromEnvelope({ ...error.toEnvelope(), ...changes });
  if (error.cause !== undefined) Object.defineProperty(copy, 'cause', { value: error.cause, configurable: true });
  return copy;
}

/** The same error with another effect; itself where it has that effect already. */
export function withEffect(error: ConnectorError, effect: Effect): ConnectorError {
  return error.effect === effect ? error : rebuildError(error, { effect });
}
