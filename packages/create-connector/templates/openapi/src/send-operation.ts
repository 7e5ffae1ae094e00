import type { RequestPlan } from '@automate/openapi';
import { buildRequest } from '@automate/openapi';
import type { CallContext, HttpResponse, JsonObject, JsonValue } from '@automate/sdk';

/** A key in a place where the connector's own `auth` puts none. It is a setting of the connector. */
export interface ApiKey {
  readonly setting: string;
  readonly in: 'header' | 'query' | 'cookie';
  readonly name: string;
}

/** How an operation is asked for: method and path, where each member of the input goes, and which keys go along. */
export interface OperationPlan extends RequestPlan {
  readonly apiKeys?: readonly ApiKey[];
  /** The header that takes a caller's idempotency key. */
  readonly keyHeader?: string;
  /** The service has nothing to say but that it is done: whatever comes, the result is null. */
  readonly answersNothing?: boolean;
}

/** What an action uses to do its operation. */
export type Send = <Output>(
  plan: OperationPlan,
  input: object,
  call: Pick<CallContext, 'http' | 'idempotencyKey'>,
) => Promise<Output>;

/** Sends an operation's request; `http` applies the connector's `auth`, and makes the right error of every failure. */
export async function sendOperation(
  { apiKeys = [], keyHeader, answersNothing, ...plan }: OperationPlan,
  input: JsonObject,
  { http, idempotencyKey }: Pick<CallContext, 'http' | 'idempotencyKey'>,
  settings: JsonObject,
): Promise<JsonValue> {
  const { method, path, headers, body, parts } = buildRequest(plan, input);
  const keys = apiKeys.flatMap(({ setting, ...place }) => {
    const value = settings[setting];
    return typeof value === 'string' ? [{ ...place, value }] : [];
  });
  const inPlace = (where: ApiKey['in']) => keys.filter((key) => key.in === where);
  const pairs = (where: ApiKey['in']) =>
    inPlace(where).map(({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const query = pairs('query').join('&');
  const cookies = [headers['cookie'], ...pairs('cookie')].filter((cookie) => cookie !== undefined).join('; ');
  const response = await http.request({
    method,
    path: query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`,
    headers: {
      accept: 'application/json, */*;q=0.5',
      ...(keyHeader === undefined || idempotencyKey === undefined ? {} : { [keyHeader]: idempotencyKey }),
      ...headers,
      ...Object.fromEntries(inPlace('header').map(({ name, value }) => [name, value])),
      ...(cookies === '' ? {} : { cookie: cookies }),
    },
    ...(body === undefined ? {} : { body }),
    ...(parts === undefined ? {} : { multipart: parts }),
  });
  return answersNothing === true ? null : bodyOf(response);
}

/** As JSON or text where it is that, bytes as `{ base64, content_type }`, and null where there is none. */
function bodyOf(response: HttpResponse): JsonValue {
  if (response.body.byteLength === 0) return null;
  const type = (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^[\w-]+\/([\w.-]+\+)?json$/.test(type)) return response.json();
  if (/^text\/|[/+](xml|yaml|javascript|x-ndjson|csv)$/.test(type)) return response.text();
  return { base64: Buffer.from(response.body).toString('base64'), ...(type === '' ? {} : { content_type: type }) };
}
