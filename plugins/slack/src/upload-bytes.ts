import { ConnectorError, UpstreamError } from '@automate/sdk';
import type { HttpClient } from '@automate/sdk';
import { withEffect } from '@automate/sdk/exchange';

const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 409, 410, 413, 415]);

/**
 * Sends a file to the address that Slack has given out for it, at Slack's own origin or another. The address is a
 * credential by itself, so nothing else goes along.
 *
 * @param origin of the connector's endpoint; empty without a host
 */
export async function uploadBytes(http: HttpClient, url: string, bytes: Uint8Array, origin: string): Promise<void> {
  const target = URL.parse(url);
  if (target === null || (target.protocol !== 'https:' && target.origin !== origin)) {
    throw new UpstreamError('Slack gave no address that a file can be sent to', {
      retryable: false,
      details: { reason: 'bad_answer' },
    });
  }
  const { status } = await http
    .request({
      method: 'POST',
      path: url,
      body: bytes,
      anyOrigin: true,
      authorize: false,
      accept: (status) => status < 300 || REFUSED.has(status),
    })
    // A file of which Slack is not told that it is whole appears nowhere, whatever of it has arrived.
    .catch((error: unknown) => {
      throw withEffect(ConnectorError.from(error), 'none');
    });
  // The caller has asked for no such address, and no right of the connector's is asked for there.
  if (REFUSED.has(status))
    throw new UpstreamError(`${target.origin}, where Slack has files sent to, answered ${status}; no file appears`, {
      effect: 'none',
      retryable: false,
      details: { status, reason: 'upload_refused' },
    });
}
