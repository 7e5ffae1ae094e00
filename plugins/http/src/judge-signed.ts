import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';
import type { WebhookHeaders, WebhookVerdict } from '@automate/sdk';
import { headerOf, isFreshTimestamp, verifyHmacSha256 } from '@automate/sdk';
import type { HttpSettings } from './config.ts';

/** Loaded with the first that is genuine: it takes a megabyte of each worker. */
const loadCrypto = (): typeof Crypto => createRequire(import.meta.url)('node:crypto') as typeof Crypto;

/** Whether a request was signed as the settings say, and what its sender calls it. */
export function judgeSigned(
  webhook: NonNullable<HttpSettings['webhook']>,
  headers: WebhookHeaders,
  rawBody: string | Uint8Array,
): WebhookVerdict {
  const {
    secret: secrets,
    header,
    prefix,
    encoding,
    signed,
    id_header: idHeader,
    timestamp_header: timestampHeader,
  } = webhook;
  const id = idHeader === undefined ? '' : (headerOf(headers, idHeader) ?? '');
  const timestamp = timestampHeader === undefined ? '' : (headerOf(headers, timestampHeader) ?? '');
  if (timestampHeader !== undefined && !isFreshTimestamp(timestamp)) return { genuine: false };
  if (signed.includes('{id}') && id === '') return { genuine: false };
  const before = signed
    .slice(0, -'{body}'.length)
    .replaceAll(/\{(timestamp|id)\}/g, (_whole, name) => (name === 'id' ? id : timestamp));
  if (!verifyHmacSha256({ signature: { headers, header }, rawBody, before, secrets, prefix, encoding }))
    return { genuine: false };
  const secretHeaders = [header];
  if (id === '') return { genuine: true, secretHeaders };
  // Where it is not signed, another body is another delivery, whatever it is called.
  const told = signed.includes('{id}') ? '' : ` ${loadCrypto().hash('sha256', rawBody)}`;
  return { genuine: true, secretHeaders, id: `${id.slice(0, 500)}${told}` };
}
