import { unexpected } from './common-errors.ts';
import { InvalidInputError } from './connector-error.ts';
import { isJsonObject } from './json.ts';
import type { WebhookRequest } from './webhook-operations.ts';
import { MAX_WEBHOOK_BYTES } from './webhook-operations.ts';

/** Gives it back. Throws for what is no webhook, or has too large a body. */
export function requireWebhook(request: WebhookRequest): WebhookRequest {
  const given: unknown = request;
  const { headers, body } = (isJsonObject(given) ? given : {}) as { headers?: unknown; body?: unknown };
  if (!isJsonObject(headers) || !Object.values(headers).every((value) => typeof value === 'string'))
    throw unexpected('headers', 'an object of texts', 'something else');
  if (!(body instanceof Uint8Array)) throw unexpected('body', 'bytes', 'something else');
  if (body.length > MAX_WEBHOOK_BYTES) throw webhookTooLarge();
  return request;
}

export function webhookTooLarge(): InvalidInputError {
  return new InvalidInputError(`the body of a webhook has at most ${MAX_WEBHOOK_BYTES} bytes`, {
    problems: [{ path: 'body', expected: `at most ${MAX_WEBHOOK_BYTES} bytes`, received: 'more' }],
    details: { reason: 'payload_too_large' },
  });
}
