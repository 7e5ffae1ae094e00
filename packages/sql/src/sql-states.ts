import { createConnectorError } from '@automate/sdk';
import type { ConnectorError, ConnectorErrorOptions, ErrorCode } from '@automate/sdk';

/** What an error of a server means to a caller. */
export interface Meaning {
  readonly code: ErrorCode;
  /** For `details`. */
  readonly reason: string;
  readonly retryable?: boolean;
  readonly blame?: 'caller';
}

/** What the classes of SQLSTATE mean that the standard defines. */
export const SQL_STATES: Readonly<Record<string, Meaning>> = {
  '08': { code: 'TRANSIENT_NETWORK', reason: 'connection' },
  '0A': { code: 'INVALID_INPUT', reason: 'not_supported' },
  '21': { code: 'INVALID_INPUT', reason: 'statement' },
  '22': { code: 'INVALID_INPUT', reason: 'value' },
  '23': { code: 'INVALID_INPUT', reason: 'constraint' },
  '24': { code: 'INVALID_INPUT', reason: 'statement' },
  '25': { code: 'INVALID_INPUT', reason: 'transaction' },
  '26': { code: 'INVALID_INPUT', reason: 'statement' },
  '28': { code: 'AUTH_FAILED', reason: 'credentials' },
  '2D': { code: 'INVALID_INPUT', reason: 'transaction' },
  '34': { code: 'INVALID_INPUT', reason: 'statement' },
  '3B': { code: 'INVALID_INPUT', reason: 'transaction' },
  '3F': { code: 'INVALID_INPUT', reason: 'statement' },
  '40': { code: 'UPSTREAM_5XX', reason: 'transaction_rollback' },
  '42': { code: 'INVALID_INPUT', reason: 'statement' },
  '44': { code: 'INVALID_INPUT', reason: 'constraint' },
  '45': { code: 'INVALID_INPUT', reason: 'raised' },
};

/** The connector error for an error that means this. `options.details` are those beside the reason. */
export function toError(meaning: Meaning, message: string, options: ConnectorErrorOptions): ConnectorError {
  const { code, reason, retryable, blame } = meaning;
  return createConnectorError(code, message, {
    ...options,
    ...(retryable === undefined ? {} : { retryable }),
    ...(blame === undefined ? {} : { blame }),
    details: { ...options.details, reason },
  });
}
