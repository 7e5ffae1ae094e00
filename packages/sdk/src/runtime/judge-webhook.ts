import { ConnectorInternalError, isJsonObject } from '@automate/contract';
import type { ConnectorAdapter } from '../connector-adapter.ts';
import type { WebhookHeaders, WebhookResponse } from '../webhook.ts';

/** What an adapter says of a webhook, whole. */
export interface WebhookJudgement {
  readonly genuine: boolean;
  readonly id?: string;
  readonly deliver: boolean;
  /** In small letters. */
  readonly secretHeaders?: readonly string[];
  readonly response?: WebhookResponse & { readonly status: number };
}

const MAX_ID = 1_000;
const MAX_RESPONSE = 64 * 1024;
const NOT_GENUINE: WebhookJudgement = { genuine: false, deliver: false };

/** Asks an adapter about a webhook. Rejects with what `verifyWebhook` throws, and with ConnectorInternalError, reason `bad_webhook_answer`, for what is no answer. */
export async function judgeWebhook(
  adapter: ConnectorAdapter,
  headers: WebhookHeaders,
  rawBody: Uint8Array,
): Promise<WebhookJudgement> {
  const { name, verifyWebhook }: { readonly name: string; readonly verifyWebhook?: unknown } = adapter;
  if (typeof verifyWebhook !== 'function')
    throw badAnswer(name, 'it has none, as its SDK is older than webhooks: the author must build it with a newer one');
  const answer: unknown = await adapter.verifyWebhook(headers, rawBody);
  if (answer === true) return { genuine: true, deliver: true };
  if (answer === false) return NOT_GENUINE;
  if (!isJsonObject(answer) || typeof answer['genuine'] !== 'boolean')
    throw badAnswer(name, 'it must answer true, false, or an object with `genuine`');
  if (!answer['genuine']) return NOT_GENUINE;
  const { id, deliver = true, respond, secretHeaders } = answer;
  if (id !== undefined && (typeof id !== 'string' || id === '' || id.length > MAX_ID))
    throw badAnswer(name, `\`id\` must be a text of up to ${MAX_ID} characters`);
  if (typeof deliver !== 'boolean') throw badAnswer(name, '`deliver` must be true or false');
  if (secretHeaders !== undefined && !isTexts(secretHeaders))
    throw badAnswer(name, '`secretHeaders` must be a list of names of headers');
  return {
    genuine: true,
    deliver,
    ...(id === undefined ? {} : { id }),
    ...(secretHeaders === undefined ? {} : { secretHeaders: secretHeaders.map((each) => each.toLowerCase()) }),
    ...(respond === undefined ? {} : { response: requireResponse(name, respond) }),
  };
}

function requireResponse(name: string, respond: unknown): WebhookJudgement['response'] {
  const { status = 200, contentType, body } = isJsonObject(respond) ? respond : { status: 'none' };
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 299)
    throw badAnswer(name, '`respond.status` must be from 200 to 299: what is not genuine is answered by the host');
  if (contentType !== undefined && (typeof contentType !== 'string' || !/^[\x20-\x7e]{1,200}$/.test(contentType)))
    throw badAnswer(name, '`respond.contentType` must be the value of a header');
  if (body !== undefined && (typeof body !== 'string' || body.length > MAX_RESPONSE))
    throw badAnswer(name, `\`respond.body\` must be a text of up to ${MAX_RESPONSE} characters`);
  return {
    status,
    ...(contentType === undefined ? {} : { contentType }),
    ...(body === undefined ? {} : { body }),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function badAnswer(name: string, why: string): ConnectorInternalError {
  return new ConnectorInternalError(`verifyWebhook() of "${name}": ${why}; the plugin's author must act`, {
    effect: 'none',
    details: { reason: 'bad_webhook_answer' },
  });
}
