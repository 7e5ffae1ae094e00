import type { Operation, OperationRequest } from '@automate/openapi';
import { buildRequest } from '@automate/openapi';
import type { CallContext, HttpResponse, JsonObject, JsonValue } from '@automate/sdk';
import { ConnectorError } from '@automate/sdk';
import { readJson } from '@automate/sdk/exchange';
import type { Authorization, Authorizer } from './authorize.ts';

export interface OperationTarget {
  /** What its requests begin with: a whole URL, or nothing where the connector's own endpoint is meant. */
  readonly base: string;
  readonly authorizer: Authorizer;
  readonly result: 'body' | 'response';
}

/** Does an operation: sends its request and gives what came of it. */
export async function runOperation(
  operation: Operation,
  input: JsonObject,
  call: CallContext,
  target: OperationTarget,
): Promise<JsonValue> {
  const request = withKey(operation, buildRequest(operation, input), call);
  let authorization = await target.authorizer.authorize(operation);
  try {
    return toResult(await send(request, authorization, call, target), target.result);
  } catch (reason) {
    // Who was not let in has done nothing.
    if (ConnectorError.from(reason).code !== 'AUTH_FAILED' || !authorization.refuse()) throw reason;
    authorization = await target.authorizer.authorize(operation);
    return toResult(await send(request, authorization, call, target), target.result);
  }
}

/** The name of the header under which services take a caller's key, if the operation has it. */
export function keyHeaderOf({ parameters }: Operation): string | undefined {
  return parameters.find((each) => each.in === 'header' && each.name.toLowerCase() === 'idempotency-key')?.name;
}

/** The caller's key, where the input names none. */
function withKey(operation: Operation, request: OperationRequest, { idempotencyKey }: CallContext): OperationRequest {
  const name = keyHeaderOf(operation);
  if (name === undefined || idempotencyKey === undefined || request.headers[name] !== undefined) return request;
  return { ...request, headers: { ...request.headers, [name]: idempotencyKey } };
}

function send(
  { method, path, headers, body, parts }: OperationRequest,
  authorization: Authorization,
  { http }: CallContext,
  { base }: OperationTarget,
): Promise<HttpResponse> {
  const query = authorization.query.join('&');
  const cookies = [headers['cookie'], ...authorization.cookies].filter((each) => each !== undefined);
  return http.request({
    method,
    path: `${base}${path}${query === '' ? '' : `${path.includes('?') ? '&' : '?'}${query}`}`,
    headers: {
      accept: 'application/json, */*;q=0.5',
      ...headers,
      ...authorization.headers,
      ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
    },
    // The server of a document is the connector's own, as its endpoint is.
    authorize: true,
    ...(body === undefined ? {} : { body }),
    ...(parts === undefined ? {} : { multipart: parts }),
  });
}

function toResult(response: HttpResponse, form: OperationTarget['result']): JsonValue {
  const body = bodyOf(response);
  if (form === 'body') return body;
  const headers = Object.entries(response.headers).filter(([name]) => name !== 'set-cookie');
  return { status: response.status, headers: Object.fromEntries(headers), body };
}

/** As JSON or text where it is that, bytes as `{ base64, content_type }`, and null where there is none. */
function bodyOf(response: HttpResponse): JsonValue {
  if (response.body.byteLength === 0) return null;
  const type = (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^[\w-]+\/([\w.-]+\+)?json$/.test(type)) return readJson(response);
  if (/^text\/|[/+](xml|yaml|javascript|x-ndjson|csv)$/.test(type)) return response.text();
  return { base64: Buffer.from(response.body).toString('base64'), ...(type === '' ? {} : { content_type: type }) };
}
