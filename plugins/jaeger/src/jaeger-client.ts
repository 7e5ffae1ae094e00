import { createConnectorError, isJsonObject, NotFoundError, UpstreamError } from '@automate/sdk';
import type { HttpClient, HttpRequest, HttpResponse, JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** Statuses whose body may hold Jaeger's own reason; the rest is for the HTTP client to judge. */
const REASONED: ReadonlySet<number> = new Set([400, 404, 500, 501]);

const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Asks Jaeger's HTTP API v3 and checks the answer's shape.
 *
 * @throws ConnectorError by the answer's status, in Jaeger's words; UpstreamError where the answer is not Jaeger's.
 */
export async function askJaeger<S extends z.ZodType>(
  http: HttpClient,
  path: string,
  query: NonNullable<HttpRequest['query']>,
  schema: S,
): Promise<z.output<S>> {
  const response = await http.request({
    path,
    query,
    headers: { accept: 'application/json' },
    // As OTLP writes them traces are several times as long as what is made of them.
    maxBytes: MOST_BYTES,
    answers: 'json',
    accept: (status) => (status >= 200 && status < 300) || REASONED.has(status),
  });
  if (response.status >= 300) throw jaegerError(response, path);
  return check(schema, response.json(), path);
}

function check<S extends z.ZodType>(schema: S, value: JsonValue, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UpstreamError(
    `${path} did not answer as Jaeger does (${z.prettifyError(result.error).replaceAll('\n', ' ')}); check host, port and base_path of the connector`,
    { retryable: false, effect: 'none', details: { reason: 'bad_answer' } },
  );
}

/** `{ code, message }` of the published API, or `{ error: { httpCode, message } }` as versions before it send. */
function jaegerError(response: HttpResponse, path: string): ReturnType<typeof createConnectorError> {
  const said = reasonOf(response);
  const details = { status: response.status };
  if (said === undefined) {
    return new UpstreamError(
      `${path} answered ${response.status} and not as Jaeger does; check host, port and base_path of the connector`,
      { retryable: response.status === 500, effect: 'none', details: { ...details, reason: 'bad_answer' } },
    );
  }
  const message = `Jaeger refused ${path}: ${said}`;
  if (response.status === 404) return new NotFoundError(message, { details });
  if (response.status === 400) return createConnectorError('INVALID_INPUT', message, { details });
  return new UpstreamError(message, { details, effect: 'none', retryable: response.status !== 501 });
}

function reasonOf(response: HttpResponse): string | undefined {
  try {
    const body = response.json();
    if (!isJsonObject(body)) return undefined;
    const holder = isJsonObject(body['error']) ? body['error'] : body;
    // A gateway's own words come without a code of gRPC.
    const ofJaeger = holder !== body || typeof body['code'] === 'number';
    return ofJaeger && typeof holder['message'] === 'string' ? holder['message'] : undefined;
  } catch {
    // Not JSON, so not Jaeger's own reason: the caller says so.
    return undefined;
  }
}
