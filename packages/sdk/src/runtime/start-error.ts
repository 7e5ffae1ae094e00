import { createConnectorError } from '@automate/contract';
import type { ConnectorError, ErrorCode } from '@automate/contract';
import { withEffect } from '../with-effect.ts';

/** Codes that speak of what a caller sent or left, and what they come to where no caller has asked for anything. */
const WITHOUT_CALLER: Partial<Record<ErrorCode, ErrorCode>> = {
  INVALID_INPUT: 'CONFIG_INVALID',
  NOT_FOUND: 'CONFIG_INVALID',
  ALREADY_EXISTS: 'CONFIG_INVALID',
  CANCELLED: 'UNAVAILABLE',
};

/**
 * What an error means that stopped a connector's start or its health check: no call has been made, so none had an
 * effect, and no caller is to blame. A remote system that has nothing where the configuration sends us (404) must not
 * look to callers as if what they asked for were missing: the code becomes CONFIG_INVALID, and `details.start_error`
 * keeps what it was.
 */
export function startError(error: ConnectorError): ConnectorError {
  const code = WITHOUT_CALLER[error.code];
  if (code === undefined) return withEffect(error, 'none');
  const { message, details, problems, cause } = error;
  return createConnectorError(code, message, {
    effect: 'none',
    details: { ...details, start_error: { code: error.code, message } },
    ...(problems === undefined ? {} : { problems }),
    cause,
  });
}
