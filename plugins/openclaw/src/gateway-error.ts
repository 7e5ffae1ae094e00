import { createConnectorError, isJsonObject, UpstreamError } from '@automate/sdk';
import type { ConnectorError, ErrorCode } from '@automate/sdk';
import { z } from 'zod';
import type { ErrorShape } from './frames.ts';

/** What the gateway's own codes mean to a caller. */
const CODE_OF: Readonly<Record<string, ErrorCode>> = {
  INVALID_REQUEST: 'INVALID_INPUT',
  FORBIDDEN: 'FORBIDDEN',
  NOT_PAIRED: 'FORBIDDEN',
  NOT_LINKED: 'FORBIDDEN',
  APPROVAL_NOT_FOUND: 'NOT_FOUND',
  UNAVAILABLE: 'UPSTREAM_5XX',
};

/** The connector error for a request that the gateway refused. */
export function gatewayError(method: string, error: ErrorShape): ConnectorError {
  const detail = detailCode(error);
  const code = detail === undefined ? gatewayCode(error) : (codeOfDetail(detail) ?? gatewayCode(error));
  // What the gateway has not taken on, it does not do later either; only a delivery that is queued it may.
  const effect = code === 'INVALID_INPUT' ? 'none' : undefined;
  return createConnectorError(code, `the gateway refused ${method}: ${error.message}${hint(detail)}`, {
    details: { gateway_error: error.code, ...(detail === undefined ? {} : { gateway_detail: detail }) },
    ...(code === 'UPSTREAM_5XX' ? { retryable: error.retryable ?? false } : {}),
    ...(effect === undefined ? {} : { effect }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** An answer that a gateway would not give. */
export function badAnswer(what: string, found: string): UpstreamError {
  return new UpstreamError(
    `${what} was not answered as OpenClaw's gateway does (${found}); check scheme, host, port and base_path of the connector`,
    { retryable: false, blame: 'operator', details: { reason: 'bad_answer' } },
  );
}

/** The part of an answer that is needed, or the error that says what is wrong with it. */
export function parseAnswer<S extends z.ZodType>(schema: S, payload: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw badAnswer(what, z.prettifyError(parsed.error).replaceAll('\n', ' '));
}

/** The same for what failed before the gateway was asked. */
export function withoutEffect(error: ConnectorError): ConnectorError {
  if (error.effect === 'none') return error;
  const { retryable, retryAfterMs, blame, details } = error;
  return createConnectorError(error.code, error.message, {
    retryable,
    retryAfterMs,
    blame,
    details,
    effect: 'none',
    cause: error,
  });
}

function gatewayCode({ code }: ErrorShape): ErrorCode {
  return (Object.hasOwn(CODE_OF, code) ? CODE_OF[code] : undefined) ?? 'UPSTREAM_5XX';
}

/** Refused handshakes come as INVALID_REQUEST, and only their details tell why. */
function codeOfDetail(detail: string): ErrorCode | undefined {
  if (detail === 'AUTH_RATE_LIMITED') return 'RATE_LIMITED';
  if (detail === 'AUTH_SCOPE_MISMATCH' || detail === 'MISSING_SCOPE') return 'FORBIDDEN';
  if (detail === 'PROTOCOL_MISMATCH') return 'CONFIG_INVALID';
  if (/^(PAIRING_REQUIRED|.*DEVICE_IDENTITY_REQUIRED)$/.test(detail)) return 'FORBIDDEN';
  return /^(DEVICE_)?AUTH_/.test(detail) ? 'AUTH_FAILED' : undefined;
}

function hint(detail: string | undefined): string {
  if (detail === 'PROTOCOL_MISMATCH') return '; gateway and connector must speak the same version of the protocol';
  if (detail?.endsWith('REQUIRED') !== true || detail.startsWith('AUTH_')) return '';
  return '; from another machine a gateway wants a paired device, which this connector is not: run it beside the gateway or through a tunnel';
}

function detailCode({ details }: ErrorShape): string | undefined {
  const code = isJsonObject(details) ? details['code'] : undefined;
  return typeof code === 'string' ? code : undefined;
}
