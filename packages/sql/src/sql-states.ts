import { createConnectorError } from '@automate/sdk';
import type { ConnectorError, ConnectorErrorOptions, ErrorCode } from '@automate/sdk';

/** What an error of a server means to a caller. */
export interface Meaning {
  readonly code: ErrorCode;
  /** For `details`. */
  readonly reason: string;
  readonly retryable?: boolean;
  readonly blame?: 'caller';
  /** What is said before the server's own message, and after it. */
  readonly before?: string;
  readonly after?: string;
}

/** Meanings, each with the errors that have it. */
export type Meanings = readonly (Meaning & { readonly of: readonly (string | number)[] })[];

export const meaningOf = (meanings: Meanings, error: string | number): Meaning | undefined =>
  meanings.find(({ of }) => of.includes(error));

/** What the classes of SQLSTATE mean that the standard defines. */
export const SQL_STATES: Meanings = [
  { code: 'TRANSIENT_NETWORK', reason: 'connection', of: ['08'] },
  { code: 'INVALID_INPUT', reason: 'not_supported', of: ['0A'] },
  { code: 'INVALID_INPUT', reason: 'statement', of: ['21', '24', '26', '34', '3F', '42'] },
  { code: 'INVALID_INPUT', reason: 'value', of: ['22'] },
  { code: 'INVALID_INPUT', reason: 'constraint', of: ['23', '44'] },
  { code: 'INVALID_INPUT', reason: 'transaction', of: ['25', '2D', '3B'] },
  { code: 'AUTH_FAILED', reason: 'credentials', of: ['28'] },
  { code: 'UPSTREAM_5XX', reason: 'transaction_rollback', of: ['40'] },
  { code: 'INVALID_INPUT', reason: 'raised', of: ['45'] },
];

/** The connector error for an error that means this. `options.details` are those beside the reason. */
export function toError(meaning: Meaning, message: string, options: ConnectorErrorOptions): ConnectorError {
  const { code, reason, retryable, blame, before = '', after = '' } = meaning;
  return createConnectorError(code, `${before}${message}${after}`, {
    ...options,
    ...(retryable === undefined ? {} : { retryable }),
    ...(blame === undefined ? {} : { blame }),
    details: { ...options.details, reason },
  });
}
