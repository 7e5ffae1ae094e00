import { ForbiddenError, isJsonObject, NotFoundError, UpstreamError } from '@automate/sdk';
import type { ConnectorContext, HttpClient, HttpRequest, HttpResponse, JsonValue } from '@automate/sdk';
import { tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import { configSchema } from './config.ts';

/** Any JSON: what comes from JSON needs no further check. */
export const jsonValue: z.ZodType<JsonValue> = z.any();

/** Becomes part of a path; these are the characters that Grafana allows. */
const uid = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/);
export const dashboardUid = uid.describe('Uid of the dashboard');
export const dataSourceUid = uid;
export const folderUid = uid.describe('Uid of the folder');

const health = z.object({ database: z.string(), version: z.string().optional() });
const organization = z.object({ id: z.int(), name: z.string() });
const ORGANIZATION = '/api/org';

/** What Grafana says in the body of an error, and needs for that. */
const errorBody = z.object({
  message: z.string(),
  messageId: z.string().optional(),
  status: z.string().optional(),
  extra: z.object({ permissions: z.string().optional() }).nullish(),
});

/** How Grafana says that something is not there. A gateway would say it of a page, a route or a resource. */
const NAMED =
  /^(alert ?rule|annotation|dashboard|data ?source|folder|library \w+|org(anization)?|playlist|silence|snapshot|team|user) not found/i;

/** The HTTP API of one Grafana. */
export class GrafanaApi {
  #headers: Readonly<Record<string, string>> = { accept: 'application/json' };

  open({ settings }: ConnectorContext): void {
    const { org_id } = configSchema.parse(settings);
    if (org_id !== undefined) this.#headers = { ...this.#headers, 'x-grafana-org-id': String(org_id) };
  }

  /**
   * Sends a request.
   *
   * @throws NotFoundError only where Grafana itself says so; a 404 of something before it is for the operator
   */
  async request(http: HttpClient, request: HttpRequest): Promise<HttpResponse> {
    const { path, accept = isSuccess } = request;
    const response = await http.request({
      ...request,
      headers: { ...this.#headers, ...request.headers },
      answers: 'json',
      accept: (status) => status === 403 || status === 404 || accept(status),
    });
    const { status } = response;
    if (status === 403 && !accept(403)) throw forbidden(path, response);
    if (status !== 404 || accept(404)) return response;
    const said = errorBody.safeParse(response.body.byteLength > 0 ? response.json() : undefined);
    // A gateway before Grafana may say `message` too. It speaks of routes, and answers likewise whatever is asked.
    if (!said.success || path === ORGANIZATION) throw notGrafana(path, said.data?.message ?? 'no word');
    const { message, messageId, status: word } = said.data;
    if (messageId === undefined && word !== 'not-found' && !NAMED.test(message)) await this.readOrganization(http);
    throw new NotFoundError(`${path}: ${message}`, { details: { status } });
  }

  /**
   * Asks for something and checks the answer's shape.
   *
   * @throws ConnectorError by the answer's status; UpstreamError where the answer is not Grafana's
   */
  async ask<S extends z.ZodType>(http: HttpClient, request: HttpRequest, schema: S): Promise<z.output<S>> {
    const response = await this.request(http, request);
    return checkAnswer(schema, response.json(), request.path);
  }

  /** Grafana's own word on itself, which it gives to anyone. */
  readHealth(http: HttpClient): Promise<z.output<typeof health>> {
    return this.ask(http, { path: '/api/health' }, health);
  }

  /** The organization that the credentials belong to; proves them. */
  readOrganization(http: HttpClient): Promise<z.output<typeof organization>> {
    return this.ask(http, { path: ORGANIZATION }, organization);
  }
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** Grafana names the permissions that the service account lacks: in words, or as newer parts of it do, in a field. */
function forbidden(path: string, response: HttpResponse): ForbiddenError {
  const said = errorBody.safeParse(tryJson(response));
  const message = said.data?.message ?? 'no reason given';
  const permissions = said.data?.extra?.permissions ?? /permissions needed: (.+)$/i.exec(message)?.[1];
  const lacks = permissions === undefined || message.includes(permissions) ? '' : ` (needs ${permissions})`;
  return new ForbiddenError(
    `${path} was refused: ${message}${lacks}; the operator must give the connector's service account that right`,
    { details: { status: 403, ...(permissions === undefined ? {} : { permissions }) } },
  );
}

function notGrafana(path: string, said: string): UpstreamError {
  return new UpstreamError(
    `${path} answered 404, and not as Grafana does (${said}); the operator must check host, port and base_path`,
    { effect: 'none', blame: 'operator', retryable: false, details: { status: 404, reason: 'bad_answer' } },
  );
}

/** What Grafana says in the body of an error. */
export function grafanaMessage(body: JsonValue | undefined): string {
  return isJsonObject(body) && typeof body['message'] === 'string' ? body['message'] : 'no reason given';
}

/** The part of an answer that matters; UpstreamError where Grafana sent something else. */
export function checkAnswer<S extends z.ZodType>(schema: S, value: JsonValue, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UpstreamError(
    `${path} did not answer as Grafana does (${z.prettifyError(result.error).replaceAll('\n', ' ')}); the operator must check host, port and base_path`,
    // A change may have been made all the same.
    { retryable: false, blame: 'operator', details: { reason: 'bad_answer' } },
  );
}
