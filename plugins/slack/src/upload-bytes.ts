import { UpstreamError } from '@automate/sdk';
import type { HttpClient } from '@automate/sdk';

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
  await http.request({ method: 'POST', path: url, body: bytes, anyOrigin: true, authorize: false });
}
