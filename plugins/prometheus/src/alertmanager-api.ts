import { errorForStatus, isJsonObject, NotFoundError, UpstreamError } from '@automate/sdk';
import type { ConnectorContext, ConnectorError, Effect, HttpClient, HttpRequest, HttpResponse } from '@automate/sdk';
import { isSaidByStatus, tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import { Tenant } from './tenant.ts';

/** Nothing matches it, so that a server with any number of alerts has little to say. */
const NO_ALERTS = { active: false, silenced: false, inhibited: false, unprocessed: false };

/** The HTTP API v2 of one Alertmanager. */
export class AlertmanagerApi {
  readonly #tenant = new Tenant();

  open(context: ConnectorContext): void {
    this.#tenant.open(context);
  }

  /**
   * Asks for something and checks the answer's shape.
   *
   * @throws NotFoundError where there is no such silence; UpstreamError where the answer is not an Alertmanager's
   */
  async ask<S extends z.ZodType>(
    http: HttpClient,
    request: HttpRequest,
    schema: S,
    tenant?: string,
  ): Promise<z.output<S>> {
    const { path } = request;
    const response = await this.#send(http, request, tenant);
    const { status } = response;
    if (await this.#isMissing(http, response, tenant)) {
      throw new NotFoundError(`${path}: silence not found`, { details: { status } });
    }
    // Its own word for a path that it does not have: an older one, or another service of the same make.
    if (status === 404) throw notAlertmanager(path, reasonOf(response) ?? 'status 404', 'none');
    if (status >= 400) throw alertmanagerRefused(path, response);
    const result = schema.safeParse(response.body.byteLength === 0 ? undefined : (tryJson(response) ?? null));
    if (result.success) return result.data;
    // A change may have been made all the same.
    throw notAlertmanager(path, z.prettifyError(result.error).replaceAll('\n', ' '), 'maybe');
  }

  /** Sends any request, and gives errors in the Alertmanager's words. */
  async send(http: HttpClient, request: HttpRequest): Promise<HttpResponse> {
    const wanted = request.accept ?? ((status: number) => status >= 200 && status < 300);
    const response = await this.#send(http, request);
    if (wanted(response.status)) return response;
    throw alertmanagerRefused(request.path, response);
  }

  /** Asks for alerts: proves that the endpoint speaks the Alertmanager's API, lets us in and has alerts to give. */
  async check(http: HttpClient, tenant?: string): Promise<void> {
    const path = '/api/v2/alerts';
    const response = await this.#send(http, { path, query: NO_ALERTS }, tenant);
    if (response.status !== 200) throw alertmanagerRefused(path, response);
    if (!Array.isArray(tryJson(response))) throw notAlertmanager(path, 'no list', 'none');
  }

  /** Whether the Alertmanager says that there is no such silence: 500 with words before 0.28, then 404, with or without. */
  async #isMissing(http: HttpClient, response: HttpResponse, tenant?: string): Promise<boolean> {
    const { status, body } = response;
    if (status !== 404 && status !== 500) return false;
    const said = tryJson(response);
    if (body.byteLength > 0) return typeof said === 'string' && /^silence .*not found/i.test(said);
    if (status === 500) return false;
    // Anybody can say nothing: who is there must show that it is an Alertmanager.
    await this.check(http, tenant);
    return true;
  }

  #send(http: HttpClient, request: HttpRequest, tenant?: string): Promise<HttpResponse> {
    const { accept } = request;
    return http.request({
      ...request,
      headers: { accept: 'application/json', ...this.#tenant.headers(tenant), ...request.headers },
      accept: (status) => accept?.(status) === true || (status >= 200 && status < 300) || mayBeOwn(status),
    });
  }
}

/** Statuses whose body says whether they are the Alertmanager's; of the others the HTTP client says what they mean. */
function mayBeOwn(status: number): boolean {
  return status >= 400 && status <= 500 && !isSaidByStatus(status);
}

/** What an Alertmanager says of a failure: a text as JSON, or a code with a message. */
function reasonOf(response: HttpResponse): string | undefined {
  const body = tryJson(response);
  if (typeof body === 'string') return body;
  if (!isJsonObject(body)) return undefined;
  const { code, message } = body;
  return typeof code === 'number' && typeof message === 'string' ? message : undefined;
}

function alertmanagerRefused(path: string, response: HttpResponse): ConnectorError {
  const { status } = response;
  const reason = reasonOf(response);
  if (reason === undefined && status < 500) return notAlertmanager(path, `status ${status}`, 'none');
  const said = `${path} was refused: ${reason ?? `status ${status}`}`;
  return errorForStatus(status, said) ?? notAlertmanager(path, `status ${status}`, 'none');
}

/** The answer is not an Alertmanager's: of another service, or of a gateway before it. */
function notAlertmanager(path: string, found: string, effect: Effect): UpstreamError {
  return new UpstreamError(
    `${path} did not answer as an Alertmanager does (${found}); the operator must check host, port and base_path`,
    { retryable: false, effect, blame: 'operator', details: { reason: 'bad_answer' } },
  );
}
