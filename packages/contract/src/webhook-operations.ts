import type { CallOptions } from './call-options.ts';
import type { JsonValue } from './json.ts';

/** Most bytes of a webhook's body. */
export const MAX_WEBHOOK_BYTES = 1024 * 1024;

/** A webhook as it came. */
export interface WebhookRequest {
  /** By name, in any case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly as it came: it is what was signed. At most `MAX_WEBHOOK_BYTES`. */
  readonly body: Uint8Array;
  /** Between hosts that share a store: it was delivered at another one, and is told to those who watch here. Anybody else's counts for nothing. */
  readonly told?: WebhookDelivery;
}

/** What its sender is answered. */
export interface WebhookResponse {
  /** From 200 to 299. */
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

/**
 * What became of a webhook. `accepted`: it was delivered; `duplicate`: it was delivered before; `answered`: it asked for an answer alone, as
 * a handshake does; `refused`: it cannot be told to be genuine, or there is no connector of that id that runs and takes webhooks.
 */
export const WEBHOOK_OUTCOMES = ['accepted', 'duplicate', 'answered', 'refused'] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

export interface WebhookReceipt {
  readonly outcome: WebhookOutcome;
  /** As the connector's adapter wants it answered; absent where it does not care. */
  readonly response?: WebhookResponse;
  /** Id of the execution that it started, where `webhook.action` says that it starts one. */
  readonly execution?: string;
}

/** How the body of a delivery is given: as the JSON that it is, as text, or as bytes in base64. */
export const WEBHOOK_ENCODINGS = ['json', 'text', 'base64'] as const;
export type WebhookEncoding = (typeof WEBHOOK_ENCODINGS)[number];

/** A webhook that was found genuine, as watchers are told of it. */
export interface WebhookDelivery {
  /** The same for what is sent again: 64 hexadecimal digits. */
  readonly id: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  /** Those that say what it is, by names in small letters; none that has to do with credentials, signatures or addresses. */
  readonly headers: Readonly<Record<string, string>>;
  readonly encoding: WebhookEncoding;
  readonly body: JsonValue;
}

/** The part of the port that takes webhooks. Over HTTP their senders come to `POST /hooks/{connector}`, which needs no token. */
export interface WebhookOperations {
  /**
   * Has the connector's own adapter tell whether a webhook is genuine, and delivers it once: to those who watch, and, where `webhook.action`
   * says so, as an execution, which is kept durably before the answer. What is not genuine is answered, by `refused`, and no error.
   * UNAVAILABLE where that cannot be told now, or the connector is paused: to be sent again.
   */
  receiveWebhook(id: string, request: WebhookRequest, options?: CallOptions): Promise<WebhookReceipt>;
}
