import { createConnectorError } from '../connector-error.ts';
import type { ConnectorError, ConnectorErrorOptions } from '../connector-error.ts';
import type { ErrorCode } from '../error-codes.ts';
import type { ErrorReason } from '../error-reasons.ts';

/** What the caller of a failed call knows about it. */
export interface CallContext {
  /** Of the service, as the user wrote it. */
  readonly address: string;
  /** The method's name: `ListConnectors`. */
  readonly method: string;
  /** How long the caller was willing to wait. */
  readonly timeoutMs?: number | undefined;
}

interface PlainMeaning {
  readonly code: ErrorCode;
  readonly reason: ErrorReason;
  readonly options?: ConnectorErrorOptions;
  say(context: CallContext): string;
}

const failed = (context: CallContext): string => `${context.method} failed at ${context.address}`;

const LOST: PlainMeaning = {
  code: 'TRANSIENT_NETWORK',
  reason: 'connection_lost',
  say: ({ address, method }) => `the connection to ${address} was lost during ${method}`,
};

/**
 * What each gRPC status means when it comes without our details: from the network, from grpc-js itself, from a proxy,
 * or from a server of the same interface that is not ours.
 */
const MEANINGS: Readonly<Record<number, PlainMeaning>> = {
  1: { code: 'CANCELLED', reason: 'cancelled', say: (context) => `${context.method} was cancelled` },
  2: { code: 'INTERNAL_ERROR', reason: 'unknown', say: failed },
  3: {
    code: 'INVALID_INPUT',
    reason: 'invalid_argument',
    say: (context) => `${context.address} refuses ${context.method}`,
  },
  4: {
    code: 'TIMEOUT',
    reason: 'deadline_exceeded',
    say: ({ address, method, timeoutMs }) =>
      `no answer to ${method} from ${address}${timeoutMs === undefined ? ' in time' : ` within ${timeoutMs} ms`}`,
  },
  5: { code: 'NOT_FOUND', reason: 'not_found', say: failed },
  6: { code: 'ALREADY_EXISTS', reason: 'already_exists', say: failed },
  7: {
    code: 'PERMISSION_DENIED',
    reason: 'permission_denied',
    say: (context) => `${context.address} does not permit ${context.method}`,
  },
  8: { code: 'OVERLOADED', reason: 'resource_exhausted', say: failed },
  9: { code: 'CONFIG_INVALID', reason: 'failed_precondition', say: failed },
  10: { code: 'UPSTREAM_5XX', reason: 'aborted', say: failed },
  11: { code: 'INVALID_INPUT', reason: 'out_of_range', say: failed },
  12: {
    code: 'UNAVAILABLE',
    reason: 'unimplemented',
    options: { retryable: false },
    say: ({ address, method }) =>
      `the service at ${address} does not know ${method}: it is older than this client, or another service; upgrade it`,
  },
  13: { code: 'INTERNAL_ERROR', reason: 'internal', say: failed },
  14: LOST,
  15: { code: 'INTERNAL_ERROR', reason: 'data_loss', say: failed },
  16: {
    code: 'UNAUTHENTICATED',
    reason: 'unauthenticated',
    say: (context) => `${context.address} does not accept the credentials of this client`,
  },
};

const UNREACHABLE: PlainMeaning = {
  code: 'UNAVAILABLE',
  reason: 'service_unreachable',
  say: ({ address }) =>
    `no connectors service can be reached at ${address}: start one with "automate start", correct the address, ` +
    'or unset CONNECTORS_SERVICE_ADDR to work in process',
};

const TOO_LARGE: PlainMeaning = {
  code: 'INVALID_INPUT',
  reason: 'message_too_large',
  say: ({ address, method }) => `${method} is too large for ${address}`,
};

/** What grpc-js says where a call was never sent, as there was no connection. */
const NEVER_LEFT = /No connection established|Name resolution failed|Channel closed before call started|ECONNREFUSED/;

/** The end of grpc-js's message where it knows nothing more about an address. */
const NO_NOTE = / Resolution note: $/;

/** The error for a status without details of ours. */
export function explainPlainStatus(
  status: { readonly code: number; readonly details: string },
  context: CallContext,
): ConnectorError {
  const { code, reason, options, say } = meaningOf(status);
  const server = status.details.replace(NO_NOTE, '').slice(0, 1000);
  const message = server === '' || code === 'TIMEOUT' ? say(context) : `${say(context)} (${server})`;
  return createConnectorError(code, message, {
    ...options,
    details: { reason, address: context.address, status: status.code },
  });
}

function meaningOf({ code, details }: { readonly code: number; readonly details: string }): PlainMeaning {
  if (code === 14 && NEVER_LEFT.test(details)) return UNREACHABLE;
  // The session was ended under the call, for one by a server that takes a storm of cancelled calls for an attack.
  if (code === 13 && /RST_STREAM|Session closed|GOAWAY/i.test(details)) return LOST;
  if (code === 8 && /larger than max/i.test(details)) return TOO_LARGE;
  return MEANINGS[code] ?? { code: 'INTERNAL_ERROR', reason: 'unknown', say: failed };
}
