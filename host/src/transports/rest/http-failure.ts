import type { ConnectorError } from '@automate/contract';

/**
 * An error that HTTP has a better status for than the code's own: 413 for an INVALID_INPUT that is too large, 405 for a
 * wrong method. It stays inside this folder; callers see the problem document.
 */
export class HttpFailure extends Error {
  readonly status: number;
  readonly error: ConnectorError;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: ConnectorError, headers: Readonly<Record<string, string>> = {}) {
    super(error.message, { cause: error });
    this.name = 'HttpFailure';
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}
