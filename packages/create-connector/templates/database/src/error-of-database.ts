import {
  AlreadyExistsError,
  AuthFailedError,
  ForbiddenError,
  InvalidInputError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/sdk';
import type { ConnectorError } from '@automate/sdk';

/** What PostgreSQL's refusals mean, by the SQLSTATE that they bear; undefined for what is none. */
export function errorOfDatabase(error: unknown): ConnectorError | undefined {
  if (!(error instanceof Error)) return undefined;
  // The driver's own words, which bear no code.
  if (/^Connection terminated|timeout exceeded when trying to connect/.test(error.message))
    return new TransientNetworkError('the connection to the database broke, or could not be made in time', {
      cause: error,
    });
  if (!('code' in error) || typeof error.code !== 'string') return undefined;
  const { code, message } = error;
  // Errors of the network have codes such as ECONNREFUSED, which the base class knows.
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  const options = { cause: error, details: { sqlstate: code } };
  if (code.startsWith('28')) return new AuthFailedError('the database refuses user or password', options);
  if (code === '42501') return new ForbiddenError('the user may not do this in the database', options);
  if (code === '23505') return new AlreadyExistsError('there is one of that name already', options);
  if (code.startsWith('22') || code.startsWith('23')) return new InvalidInputError(message, options);
  // The server says so before it does anything.
  return new UpstreamError(`the database says: ${message}`, { ...options, effect: 'none' });
}
