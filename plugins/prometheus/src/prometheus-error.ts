import { createConnectorError, UpstreamError } from '@automate/sdk';
import type { ConnectorError, ErrorCode, HttpResponse } from '@automate/sdk';
import { z } from 'zod';

const errorBody = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** What the server's own error types mean to a caller. Every action only reads, so a retry never harms. */
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

/** Statuses whose body may be Prometheus's own error; the rest is for the HTTP client to judge. */
const STATUSES: ReadonlySet<number> = new Set([400, 404, 406, 422, 500, 503]);

export function mayCarryError(status: number): boolean {
  return STATUSES.has(status);
}

/** The error that an answer with one of these statuses stands for. */
export function prometheusError(response: HttpResponse, path: string): ConnectorError {
  const parsed = errorBody.safeParse(tryJson(response));
  if (parsed.success) {
    const { errorType, error } = parsed.data;
    const code = CODE_OF_ERROR_TYPE[errorType] ?? 'UPSTREAM_5XX';
    return createConnectorError(code, `Prometheus refused ${path}: ${error}`, {
      details: { status: response.status, error_type: errorType },
      ...(code === 'UPSTREAM_5XX' ? { retryable: response.status >= 500 } : {}),
    });
  }
  return new UpstreamError(
    `${path} answered ${response.status} and not as Prometheus does; check host, port and base_path`,
    { details: { status: response.status }, retryable: response.status >= 500, effect: 'none' },
  );
}

function tryJson(response: HttpResponse): unknown {
  try {
    return response.json();
  } catch {
    // Not JSON, so not Prometheus's own error: the caller says so.
    return undefined;
  }
}
