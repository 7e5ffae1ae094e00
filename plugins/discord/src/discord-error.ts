import { createConnectorError, errorForStatus, isJsonObject, parseRetryAfter } from '@automate/sdk';
import type {
  Blame,
  ConnectorError,
  ConnectorErrorOptions,
  ErrorCode,
  HttpResponse,
  JsonObject,
  JsonValue,
} from '@automate/sdk';
import { isSaidByStatus, tryJson } from '@automate/sdk/exchange';

interface Meaning {
  /** Where the status says less. */
  readonly code?: ErrorCode;
  readonly blame?: Blame;
  /** What can be done about it. */
  readonly remedy?: string;
}

/** What Discord forbids to everyone: only who asked can ask otherwise. */
const ASKED_WRONGLY: Meaning = { blame: 'caller' };

/** Codes of Discord's that say more than their status. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  50001: { remedy: 'give the bot access to the channel' },
  50003: ASKED_WRONGLY,
  50005: ASKED_WRONGLY,
  50007: { ...ASKED_WRONGLY, remedy: 'the user takes no direct messages from the bot' },
  50013: { remedy: "give the bot's role the permission that the action needs" },
  50021: ASKED_WRONGLY,
  90001: ASKED_WRONGLY,
  160004: { code: 'ALREADY_EXISTS' },
};

/** The same of a webhook, which the settings name. */
const OF_WEBHOOK: Meaning = { code: 'CONFIG_INVALID', remedy: 'the operator must check settings.webhooks' };
const WEBHOOK_MEANINGS: Readonly<Record<number, Meaning>> = { 10015: OF_WEBHOOK, 50027: OF_WEBHOOK };

export interface RefusedRequest {
  /** Names the request without its secrets. */
  readonly what: string;
  /** Whether the connector's own words are below the API's root, rather than a caller's. */
  readonly ownRoute: boolean;
  /** Whether a webhook of the settings was asked. */
  readonly webhook: boolean;
}

/** The error that an answer above 299 stands for, in Discord's words. */
export function discordError({ what, ownRoute, webhook }: RefusedRequest, response: HttpResponse): ConnectorError {
  const { status, headers } = response;
  const body = bodyOf(response);
  if (status < 500 && !isSaidByStatus(status) && !isOfDiscord(body)) {
    return badAnswer(what, `it answered ${status} without Discord's reason`, { effect: 'none' });
  }
  const number = typeof body?.['code'] === 'number' ? body['code'] : 0;
  const said = typeof body?.['message'] === 'string' ? body['message'] : `status ${status}`;
  // Ids that are not there have numbers; without one the address itself is not there.
  if (number === 0 && ownRoute && (status === 404 || status === 405))
    return badAnswer(what, `it answered ${said}`, { effect: 'none' });
  const { code, blame, remedy } = (webhook ? WEBHOOK_MEANINGS[number] : undefined) ?? MEANINGS[number] ?? {};
  const faults = faultsOf(body?.['errors']);
  const hints = [...faults, ...(remedy === undefined ? [] : [remedy])];
  // The body's time is in fractions of a second, the header's is rounded up.
  const seconds = body?.['retry_after'];
  const exact = typeof seconds === 'number' ? parseRetryAfter(String(seconds)) : undefined;
  const retryAfterMs = exact ?? parseRetryAfter(headers['retry-after']);
  const options = {
    details: {
      status,
      ...(number === 0 ? {} : { discord_code: number }),
      ...(faults.length === 0 ? {} : { faults }),
    },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(blame === undefined ? {} : { blame }),
  };
  const message = `Discord refused ${what}: ${said}${hints.length === 0 ? '' : ` (${hints.join('; ')})`}`;
  if (code !== undefined) return createConnectorError(code, message, options);
  return errorForStatus(status, message, options) ?? badAnswer(what, `it answered ${status}`);
}

/** Whether a limit is one of all routes: Discord says so, and Cloudflare before it, which speaks no JSON, knows no routes. */
export function isGlobalLimit(response: HttpResponse): boolean {
  if (response.status !== 429) return false;
  const body = bodyOf(response);
  return response.headers['x-ratelimit-global'] === 'true' || body === undefined || body['global'] === true;
}

/** What is no object, or no JSON, is of a gateway before Discord. */
function bodyOf(response: HttpResponse): JsonObject | undefined {
  const answer = tryJson(response);
  return isJsonObject(answer) ? answer : undefined;
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

/** Most faults that are told, and most characters of each. */
const MOST_FAULTS = 20;
const FAULT_LENGTH = 200;

/** Discord's faults of a payload are a tree that ends in `_errors`: `embeds.0.title: Must be 256 or fewer in length.` */
function faultsOf(tree: JsonValue | undefined): string[] {
  const faults: string[] = [];
  const left: [path: string, branch: JsonValue | undefined][] = [['', tree]];
  for (let next = left.pop(); next !== undefined && faults.length < MOST_FAULTS; next = left.pop()) {
    const [path, branch] = next;
    if (!isJsonObject(branch)) continue;
    const { _errors: errors, ...branches } = branch;
    const start = path === '' ? '' : `${path}: `;
    if (Array.isArray(errors))
      faults.push(...errors.slice(0, MOST_FAULTS).map((error) => start + discordMessage(error)));
    const within = Object.entries(branches).map(([key, each]) => [path === '' ? key : `${path}.${key}`, each] as const);
    for (const [name, each] of within.toReversed()) left.push([name, each]);
  }
  return faults.slice(0, MOST_FAULTS).map((fault) => fault.slice(0, FAULT_LENGTH).toWellFormed());
}

function discordMessage(error: JsonValue): string {
  return isJsonObject(error) && typeof error['message'] === 'string' ? error['message'] : 'it is wrong';
}
