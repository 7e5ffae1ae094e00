import type { WebhookVerdict } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';

/** Types of interactions, and of answers to them, by Discord's numbers. */
const PING = 1;
const COMPONENT = 3;
const AUTOCOMPLETE = 4;
const PONG = 1;
const ANSWERED_LATER = 5;
const CHANGED_LATER = 6;
const CHOICES = 8;

/**
 * What a genuine interaction comes to. Discord waits three seconds: a ping is answered and goes no further; of a command it is said that its
 * answer comes later, which whoever takes it sends by the interaction's token; no choices are offered while somebody types.
 */
export function judgeInteraction(rawBody: string | Uint8Array): WebhookVerdict {
  const { type, id } = readInteraction(rawBody);
  if (type === PING) return { genuine: true, deliver: false, respond: json({ type: PONG }) };
  if (type === AUTOCOMPLETE)
    return { genuine: true, deliver: false, respond: json({ type: CHOICES, data: { choices: [] } }) };
  const respond = json({ type: type === COMPONENT ? CHANGED_LATER : ANSWERED_LATER });
  return { genuine: true, respond, ...(typeof id === 'string' && id !== '' ? { id } : {}) };
}

function json(value: object): NonNullable<WebhookVerdict['respond']> {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(value) };
}

function readInteraction(rawBody: string | Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(typeof rawBody === 'string' ? rawBody : Buffer.from(rawBody).toString('utf8'));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
