import type { WebhookHeaders, WebhookVerdict } from '@automate/sdk';
import { isJsonObject, verifySlackSignature } from '@automate/sdk';

/**
 * What a request of Slack's comes to: its handshake is answered with the challenge and goes no further. All else Slack wants answered by 200
 * within three seconds, or it sends the same event again, by the same id.
 */
export function judgeRequest(headers: WebhookHeaders, rawBody: string | Uint8Array, secret: string): WebhookVerdict {
  if (!verifySlackSignature({ headers, rawBody, secrets: secret })) return { genuine: false };
  const said = readSaid(typeof rawBody === 'string' ? rawBody : Buffer.from(rawBody).toString('utf8'));
  const { type, challenge, event_id: event, trigger_id: trigger } = said;
  if (type === 'url_verification' && typeof challenge === 'string')
    return {
      genuine: true,
      deliver: false,
      respond: { status: 200, contentType: 'text/plain; charset=utf-8', body: challenge },
    };
  const id = [event, trigger].find((each) => typeof each === 'string' && each !== '');
  return { genuine: true, respond: { status: 200 }, ...(typeof id === 'string' ? { id } : {}) };
}

/** Events are JSON; commands are a form, and so are clicks, with JSON in it. */
function readSaid(body: string): Readonly<Record<string, unknown>> {
  if (body.startsWith('{')) return readJson(body);
  const form = new URLSearchParams(body);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : readJson(payload);
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
