import { createPublicKey, verify } from 'node:crypto';
import type { WebhookHeaders } from '@automate/sdk';
import { headerOf, isFreshTimestamp } from '@automate/sdk';

/** What DER puts before the 32 bytes of an Ed25519 public key. */
const KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface Interaction {
  readonly headers: WebhookHeaders;
  /** The body exactly as it came. */
  readonly rawBody: string | Uint8Array;
  /** The application's public key, 64 hexadecimal digits. */
  readonly publicKey: string;
  /** Milliseconds since the epoch. Default: now. */
  readonly now?: number;
}

/** Whether Discord sent this interaction, within the last five minutes. */
export function verifyInteraction({ headers, rawBody, publicKey, now }: Interaction): boolean {
  const signature = headerOf(headers, 'x-signature-ed25519') ?? '';
  const timestamp = headerOf(headers, 'x-signature-timestamp') ?? '';
  // By then it cannot be sent again by who has overheard it.
  if (!/^[0-9a-f]{128}$/i.test(signature) || !isFreshTimestamp(timestamp, now === undefined ? {} : { now }))
    return false;
  const key = createPublicKey({
    key: Buffer.concat([KEY_PREFIX, Buffer.from(publicKey, 'hex')]),
    format: 'der',
    type: 'spki',
  });
  return verify(
    undefined,
    Buffer.concat([Buffer.from(timestamp), Buffer.from(rawBody)]),
    key,
    Buffer.from(signature, 'hex'),
  );
}
