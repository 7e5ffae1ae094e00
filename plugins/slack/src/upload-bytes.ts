import { ConnectorError, errorForStatus, normalizeError, remainingMs, UpstreamError } from '@automate/sdk';
import type { CallContext } from '@automate/sdk';

/**
 * Sends a file to the address that Slack has given out for it. The address is a credential by itself, so nothing else
 * goes along, and it is shown in no error.
 *
 * @param origin of the connector's endpoint; empty without a host
 */
export async function uploadBytes(context: CallContext, url: string, bytes: Uint8Array, origin: string): Promise<void> {
  const target = URL.parse(url);
  const own = origin !== '' && target?.origin === origin;
  if (target === null || (target.protocol !== 'https:' && !own)) {
    throw new UpstreamError('Slack gave no address that a file can be sent to', {
      retryable: false,
      details: { reason: 'bad_answer' },
    });
  }
  if (own || origin === '') {
    await context.http.request({ method: 'POST', path: url, body: bytes, authorize: false });
    return;
  }
  // Slack takes files at another origin than its API, where the connector's own HTTP does not go.
  await postElsewhere(context, target, bytes);
}

async function postElsewhere(context: CallContext, url: URL, bytes: Uint8Array): Promise<void> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(remainingMs(context.deadline))]);
  try {
    const response = await fetch(url, { method: 'POST', body: Buffer.from(bytes), redirect: 'error', signal });
    await response.arrayBuffer();
    const error = errorForStatus(response.status, `the upload to ${url.origin} answered ${response.status}`);
    if (error !== undefined) throw error;
  } catch (thrown) {
    throw ConnectorError.is(thrown) ? thrown : normalizeError(thrown);
  }
}
