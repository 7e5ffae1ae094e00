import { credentialsOf } from '@automate/alertmanager';
import type { WebhookHeaders, WebhookVerdict } from '@automate/sdk';
import { headerOf, isFreshTimestamp, verifyAuthorization, verifyHmacSha256 } from '@automate/sdk';
import type { GrafanaSettings } from './config.ts';

/** Whether a notification came from a contact point that signs, and shows, what the settings say. */
export function judgeNotification(
  webhook: NonNullable<GrafanaSettings['webhook']>,
  headers: WebhookHeaders,
  rawBody: string | Uint8Array,
): WebhookVerdict {
  const { secret, header } = webhook;
  const credentials = credentialsOf(webhook);
  const shown = credentials === undefined || (credentials !== 'mixed' && verifyAuthorization(headers, credentials));
  const signed = secret === undefined ? credentials !== undefined : isSigned({ ...webhook, secret }, headers, rawBody);
  return shown && signed ? { genuine: true, secretHeaders: [header] } : { genuine: false };
}

/** Grafana signs the body, and before it the time with a colon, where the contact point names a header for that. */
function isSigned(
  {
    secret,
    header,
    timestamp_header: timestampHeader,
  }: NonNullable<GrafanaSettings['webhook']> & { readonly secret: string },
  headers: WebhookHeaders,
  rawBody: string | Uint8Array,
): boolean {
  const signature = { headers, header };
  if (timestampHeader === undefined) return verifyHmacSha256({ signature, rawBody, secrets: secret });
  const time = headerOf(headers, timestampHeader) ?? '';
  return isFreshTimestamp(time) && verifyHmacSha256({ signature, rawBody, before: `${time}:`, secrets: secret });
}
