import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { WebhookSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  ReceiveWebhookRequest,
  ReceiveWebhookRequestSchema,
  ReceiveWebhookResponse,
  Webhook,
} from '../../gen/connectors/connectors_pb.ts';
import type { JsonValue } from '../../json.ts';
import { WEBHOOK_ENCODINGS, WEBHOOK_OUTCOMES } from '../../webhook-operations.ts';
import type {
  WebhookDelivery,
  WebhookEncoding,
  WebhookOutcome,
  WebhookReceipt,
  WebhookRequest,
} from '../../webhook-operations.ts';
import { readWord } from './words.ts';
import type { Problems } from './words.ts';

export function receiptFromMessage(message: ReceiveWebhookResponse, problems: Problems): WebhookReceipt {
  const { response, execution } = message;
  const outcome = { path: 'outcome', problems, fallback: 'refused' } as const;
  return {
    outcome: readWord<WebhookOutcome>(WEBHOOK_OUTCOMES, message.outcome, outcome),
    ...(response === undefined
      ? {}
      : {
          response: {
            status: response.status,
            ...(response.contentType === undefined ? {} : { contentType: response.contentType }),
            ...(response.body === undefined ? {} : { body: response.body }),
          },
        }),
    ...(execution === undefined ? {} : { execution }),
  };
}

export function webhookToMessage(
  id: string,
  { headers, body, told }: WebhookRequest,
): MessageInitShape<typeof ReceiveWebhookRequestSchema> {
  return { id, headers: { ...headers }, body, ...(told === undefined ? {} : { told: deliveryToMessage(id, told) }) };
}

export function webhookFromMessage({ headers, body, told }: ReceiveWebhookRequest): WebhookRequest {
  return { headers, body, ...(told === undefined ? {} : { told: deliveryFromMessage(told, []) }) };
}

export function deliveryToMessage(connector: string, delivery: WebhookDelivery): Webhook {
  const { encoding, body } = delivery;
  return create(WebhookSchema, {
    ...delivery,
    connector,
    body: encoding !== 'json' && typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function deliveryFromMessage(message: Webhook, problems: Problems): WebhookDelivery {
  const { id, receivedAt, headers, body } = message;
  const place = { path: 'webhook.encoding', problems, fallback: 'text' } as const;
  const encoding = readWord<WebhookEncoding>(WEBHOOK_ENCODINGS, message.encoding, place);
  return {
    id,
    receivedAt,
    headers: { ...headers },
    encoding,
    body: encoding === 'json' ? readJson(body, problems) : body,
  };
}

function readJson(text: string, problems: Problems): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    problems.push({ path: 'webhook.body', expected: 'JSON text', received: 'something else' });
    return null;
  }
}
