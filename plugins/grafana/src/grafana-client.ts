import { isJsonObject, NotFoundError, UpstreamError } from '@automate/sdk';
import type { HttpClient, HttpRequest, HttpResponse, JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** Any JSON: what comes from JSON needs no further check. */
export const jsonValue: z.ZodType<JsonValue> = z.any();

/** Becomes part of a path; these are the characters that Grafana allows. */
export const dashboardUid = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/)
  .describe('Uid of the dashboard');

const health = z.object({ database: z.string(), version: z.string().optional() });
const organization = z.object({ id: z.int(), name: z.string() });

/**
 * Sends a request to Grafana's HTTP API.
 *
 * @throws NotFoundError only where Grafana itself says so; a 404 without its message is of something before it.
 */
export async function requestGrafana(http: HttpClient, request: HttpRequest): Promise<HttpResponse> {
  const { path, accept = isSuccess } = request;
  const response = await http.request({
    ...request,
    headers: { accept: 'application/json', ...request.headers },
    answers: 'json',
    accept: (status) => status === 404 || accept(status),
  });
  if (response.status !== 404) return response;
  const details = { status: 404 };
  if (response.body.byteLength > 0) throw new NotFoundError(`${path}: ${messageOf(response.json())}`, { details });
  throw new UpstreamError(`${path} answered 404 without a word; the operator must check host, port and base_path`, {
    effect: 'none',
    blame: 'operator',
    retryable: false,
    details: { ...details, reason: 'bad_answer' },
  });
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/**
 * Asks Grafana's HTTP API and checks the answer's shape.
 *
 * @throws ConnectorError by the answer's status; UpstreamError where the answer is not Grafana's.
 */
export async function askGrafana<S extends z.ZodType>(
  http: HttpClient,
  request: HttpRequest,
  schema: S,
): Promise<z.output<S>> {
  const response = await requestGrafana(http, request);
  return check(schema, response.json(), request.path);
}

/** Grafana's own word on itself, which it gives to anyone. */
export async function readHealth(http: HttpClient): Promise<z.output<typeof health>> {
  return askGrafana(http, { path: '/api/health' }, health);
}

/** The organization that the credentials belong to; proves them. */
export async function readOrganization(http: HttpClient): Promise<z.output<typeof organization>> {
  return askGrafana(http, { path: '/api/org' }, organization);
}

/** What Grafana says in the body of an error. */
export function messageOf(body: JsonValue): string {
  return isJsonObject(body) && typeof body['message'] === 'string' ? body['message'] : 'no reason given';
}

/** The part of an answer that matters; UpstreamError where Grafana sent something else. */
export function check<S extends z.ZodType>(schema: S, value: JsonValue, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UpstreamError(
    `${path} did not answer as Grafana does (${z.prettifyError(result.error).replaceAll('\n', ' ')}); check host, port and base_path of the connector`,
    // A change may have been made all the same.
    { retryable: false, details: { reason: 'bad_answer' } },
  );
}
