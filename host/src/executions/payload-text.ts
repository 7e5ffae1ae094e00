import type { StartExecutionRequest } from '@automate/contract';
import { MAX_PAYLOAD_BYTES } from '@automate/contract';
import { payloadText } from '@automate/contract/json-text';
import { payloadTooLarge } from '@automate/contract/service';

/** The JSON text of a payload; empty text is `{}`. Throws for one that is larger than a call takes. */
export function requirePayloadText({ id, payload }: Pick<StartExecutionRequest, 'id' | 'payload'>): string {
  const text = payloadText(payload) || '{}';
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PAYLOAD_BYTES) throw payloadTooLarge(bytes, id);
  return text;
}
