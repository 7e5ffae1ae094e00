import { createConnectorError, errorForStatus, InvalidInputError, parseRetryAfter, UpstreamError } from '@automate/sdk';
import type { ConnectorError, ErrorCode, HttpResponse, JsonValue } from '@automate/sdk';
import { isSaidByStatus, tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';

/** As much as the host takes as a result. */
export const MAX_RESULT_MIB = 3;

const errorBody = z.object({ status: z.literal('error'), errorType: z.string().optional(), error: z.string() });

/** What the server's own error types mean to a caller. Others, VictoriaMetrics' `422` among them, go by the status. */
const CODE_OF_ERROR_TYPE: Readonly<Record<string, ErrorCode>> = {
  bad_data: 'INVALID_INPUT',
  // The expression is right and yet cannot be evaluated: too many samples, ambiguous matching.
  execution: 'INVALID_INPUT',
  not_acceptable: 'INVALID_INPUT',
  not_found: 'NOT_FOUND',
  timeout: 'TIMEOUT',
  // The server shuts down, or a proxy before it has given up.
  canceled: 'UPSTREAM_5XX',
  internal: 'UPSTREAM_5XX',
  unavailable: 'UPSTREAM_5XX',
};

/** Failures whose body may be Prometheus's own error. */
const FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Whether only a status's body says whose refusal it is; what the rest means is for the HTTP client to say. */
export function mayCarryError(status: number): boolean {
  return status < 500 ? status >= 400 && !isSaidByStatus(status) : FAILURES.has(status);
}

/** The error that an answer with one of these statuses stands for. */
export function prometheusError(response: HttpResponse, path: string): ConnectorError {
  const said = toldError(tryJson(response), response, path);
  if (said !== undefined) return said;
  const { status } = response;
  const failed = status >= 500 ? errorForStatus(status, `${path} answered ${status}`, waitOf(response)) : undefined;
  return failed ?? notPrometheus(path, `status ${status}`);
}

/** The error that an answer tells in Prometheus's own words, whatever its status: proxies give errors with 200. */
export function toldError(
  body: JsonValue | undefined,
  response: HttpResponse,
  path: string,
): ConnectorError | undefined {
  const { data } = errorBody.safeParse(body);
  if (data === undefined) return undefined;
  const { errorType, error } = data;
  const { status } = response;
  // A status of success says nothing of an error, and VictoriaMetrics' types are statuses.
  const meant = status >= 400 ? status : /^[45]\d\d$/.test(errorType ?? '') ? Number(errorType) : 500;
  const code = prometheusCode(errorType, meant, error);
  return createConnectorError(code, `${path} was refused: ${error}`, {
    details: { status, ...(errorType === undefined ? {} : { error_type: errorType }) },
    ...(code === 'UPSTREAM_5XX' ? { retryable: meant >= 500, ...waitOf(response) } : {}),
  });
}

function waitOf({ headers }: HttpResponse): { readonly retryAfterMs?: number } {
  const retryAfterMs = parseRetryAfter(headers['retry-after']);
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

/** The answer is not Prometheus's: of another service, or of a gateway before it. */
export function notPrometheus(path: string, found: string): UpstreamError {
  return new UpstreamError(
    `${path} did not answer as Prometheus does (${found}); the operator must check host, port and base_path`,
    { retryable: false, effect: 'none', blame: 'operator', details: { reason: 'bad_answer' } },
  );
}

/** The server has more to say than a result may hold. Only its asker can ask for less. */
export function answerTooLong(narrow: string): InvalidInputError {
  return new InvalidInputError(`the answer is longer than the ${MAX_RESULT_MIB} MiB of a result; ask for ${narrow}`, {
    details: { reason: 'answer_too_large' },
  });
}

function prometheusCode(errorType: string | undefined, status: number, error: string): ErrorCode {
  if (errorType !== undefined && Object.hasOwn(CODE_OF_ERROR_TYPE, errorType))
    return CODE_OF_ERROR_TYPE[errorType] ?? 'UPSTREAM_5XX';
  // VictoriaMetrics has no type of its own for queries that take too long.
  if (status === 504 || /\b(timeout|deadline) exceeded\b/i.test(error)) return 'TIMEOUT';
  if (status === 404) return 'NOT_FOUND';
  return status < 499 ? 'INVALID_INPUT' : 'UPSTREAM_5XX';
}
