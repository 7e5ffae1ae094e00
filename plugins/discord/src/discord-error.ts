import { createConnectorError, errorForStatus, isJsonObject, parseRetryAfter } from '@automate/sdk';
import type { ConnectorError, ConnectorErrorOptions, HttpResponse, JsonObject, JsonValue } from '@automate/sdk';
import { isSaidByStatus, tryJson } from '@automate/sdk/exchange';

/** What whoever runs the connector can do about some of Discord's codes. */
const REMEDIES: Readonly<Record<number, string>> = {
  50001: 'give the bot access to the channel',
  50013: "give the bot's role the permission that the action needs",
  50007: 'the user takes no direct messages from the bot',
};

/** The error that an answer above 299 stands for, in Discord's words. `what` names the request without its secrets. */
export function discordError(what: string, response: HttpResponse): ConnectorError {
  const { status, headers } = response;
  const answer = tryJson(response);
  // What is no object, or no JSON, is of a gateway before Discord.
  const body = isJsonObject(answer) ? answer : undefined;
  if (status < 500 && !isSaidByStatus(status) && !isOfDiscord(body)) {
    return badAnswer(what, `it answered ${status} without Discord's reason`, { effect: 'none' });
  }
  const code = typeof body?.['code'] === 'number' ? body['code'] : 0;
  const said = typeof body?.['message'] === 'string' ? body['message'] : `status ${status}`;
  const faults = faultsOf(body?.['errors']);
  const hints = [...faults, ...(REMEDIES[code] === undefined ? [] : [REMEDIES[code]])];
  // The body's time is in fractions of a second, the header's is rounded up.
  const seconds = body?.['retry_after'];
  const exact = typeof seconds === 'number' ? parseRetryAfter(String(seconds)) : undefined;
  const retryAfterMs = exact ?? parseRetryAfter(headers['retry-after']);
  const options = {
    details: { ...(code === 0 ? {} : { discord_code: code }), ...(faults.length === 0 ? {} : { faults }) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const message = `Discord refused ${what}: ${said}${hints.length === 0 ? '' : ` (${hints.join('; ')})`}`;
  return errorForStatus(status, message, options) ?? badAnswer(what, `it answered ${status}`);
}

/** Discord numbers its reasons from 10001 on; what has none is `{ "code": 0, "message": "404: Not Found" }`. Gateways give the status. */
function isOfDiscord(body: JsonObject | undefined): boolean {
  const { code, message } = body ?? {};
  if (code === 0) return typeof message === 'string' && /^\d{3}: /.test(message);
  return typeof code === 'number' && code >= 10_000;
}

/** The error for an answer that Discord does not give. */
export function badAnswer(what: string, found: string, options: ConnectorErrorOptions = {}): ConnectorError {
  return createConnectorError(
    'UPSTREAM_5XX',
    `${what} did not answer as Discord does (${found}); the operator must check host and base_path`,
    {
      retryable: false,
      blame: 'operator',
      details: { reason: 'bad_answer' },
      ...options,
    },
  );
}

/** Discord's faults of a payload are a tree that ends in `_errors`: `embeds.0.title: Must be 256 or fewer in length.` */
function faultsOf(tree: JsonValue | undefined, path = ''): string[] {
  if (!isJsonObject(tree)) return [];
  return Object.entries(tree).flatMap(([key, branch]) => {
    if (key !== '_errors') return faultsOf(branch, path === '' ? key : `${path}.${key}`);
    const errors = Array.isArray(branch) ? branch : [];
    return errors.map((error) => `${path}: ${discordMessage(error)}`);
  });
}

function discordMessage(error: JsonValue): string {
  return isJsonObject(error) && typeof error['message'] === 'string' ? error['message'] : 'it is wrong';
}
