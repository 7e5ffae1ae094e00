import { ConnectorError } from '@automate/sdk';

/** Work that changes nothing elsewhere, however it fails. */
export async function withoutEffect<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw ConnectorError.is(error) ? ConnectorError.change(error, { effect: 'none' }) : error;
  });
}
