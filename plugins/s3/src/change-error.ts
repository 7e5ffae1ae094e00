import { ConnectorError } from '@automate/sdk';
import type { ErrorEnvelope } from '@automate/sdk';

/** The same error with some fields changed. */
export function changeError(
  error: ConnectorError,
  changes: Partial<Pick<ErrorEnvelope, 'message' | 'effect' | 'details'>>,
): ConnectorError {
  return ConnectorError.fromEnvelope({ ...error.toEnvelope(), ...changes });
}

/** Work that changes nothing elsewhere, however it fails. */
export async function withoutEffect<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw ConnectorError.is(error) ? changeError(error, { effect: 'none' }) : error;
  });
}
