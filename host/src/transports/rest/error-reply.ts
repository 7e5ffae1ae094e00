import type { ServerResponse } from 'node:http';
import {
  ConnectorError,
  ConnectorInternalError,
  InvalidInputError,
  MAX_PAYLOAD_BYTES,
  NotFoundError,
  makeVisible,
} from '@automate/contract';
import { configTooLarge, payloadTooLarge } from '@automate/contract/service';
import { PROBLEM_MEDIA_TYPE, retryAfterHeader, toProblemDocument } from '@automate/contract/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpFailure } from './http-failure.ts';

/** An answer that is an error, ready to be written. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function toErrorReply(failure: HttpFailure | ConnectorError): ErrorReply {
  const error = failure instanceof HttpFailure ? failure.error : failure;
  const status = failure instanceof HttpFailure ? failure.status : betterStatus(error);
  const document = toProblemDocument(error, status);
  const retryAfter = retryAfterHeader(error);
  return {
    status: document.status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
      ...(failure instanceof HttpFailure ? failure.headers : {}),
    },
    body: JSON.stringify(document),
  };
}

/** The status of HTTP that fits an error better than its code's own. */
function betterStatus({ code, details }: ConnectorError): number | undefined {
  return code === 'INVALID_INPUT' && details?.['reason'] === 'payload_too_large' ? 413 : undefined;
}

/** How long the rest of a request is read that has been answered already, in milliseconds. */
export const READ_ON_MS = 5_000;

/**
 * Answers a request that never got as far as Fastify, or whose body nobody wants to read. The answer goes out at once; the
 * connection stays until the client has sent the rest, or it would find a reset instead of the answer. One that sends on
 * and on is cut off.
 */
export function writeErrorReply(response: ServerResponse, failure: HttpFailure | ConnectorError): void {
  const { status, headers, body } = toErrorReply(failure);
  response
    .writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' })
    .write(body);
  const { req: request } = response;
  if (request.complete) {
    response.end();
    return;
  }
  const late = setTimeout(() => request.socket.destroy(), READ_ON_MS).unref();
  request.once('close', () => clearTimeout(late));
  request.once('end', () => response.end());
  request.resume();
}

/** Answers a request with its error. */
export function sendErrorReply(reply: FastifyReply, failure: HttpFailure | ConnectorError): FastifyReply {
  if (!reply.request.raw.complete) {
    reply.hijack();
    writeErrorReply(reply.raw, failure);
    return reply;
  }
  const { status, headers, body } = toErrorReply(failure);
  // Sent as bytes: to a text Fastify would add a charset, which JSON does not have.
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

/** What Fastify throws, and anything else, as an error of the contract. */
export function toFailure(thrown: unknown, request: FastifyRequest): HttpFailure | ConnectorError {
  if (thrown instanceof HttpFailure || ConnectorError.is(thrown)) return thrown;
  const { code, statusCode, message } = thrown as { code?: unknown; statusCode?: unknown; message?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge(request);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedMediaType('the Content-Type header');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HttpFailure(statusCode, new InvalidInputError(String(message)));
  }
  return new ConnectorInternalError('the service failed to answer; its log says why', {
    cause: thrown,
    details: { reason: 'rest_failure' },
  });
}

export function unsupportedMediaType(what: string): HttpFailure {
  return new HttpFailure(
    415,
    new InvalidInputError('a request body has to be JSON in UTF-8, uncompressed', {
      details: { reason: 'unsupported_media_type' },
      problems: [{ path: '', expected: 'Content-Type: application/json', received: `something else in ${what}` }],
    }),
    { accept: 'application/json', 'accept-encoding': 'identity' },
  );
}

export function unknownRoute(method: string, path: string): NotFoundError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new NotFoundError(`there is no route ${method} ${makeVisible(shown)}; GET /openapi.json lists them all`, {
    details: { reason: 'unknown_route' },
  });
}

export function methodNotAllowed(method: string, allowed: string): HttpFailure {
  return new HttpFailure(
    405,
    new InvalidInputError(`${method} is not for this route; it takes ${allowed}`, {
      details: { reason: 'method_not_allowed' },
    }),
    { allow: allowed },
  );
}

/** The error that the service itself raises for the same mistake. */
function bodyTooLarge({ params, headers }: FastifyRequest): ConnectorError {
  const { id, action } = params as { readonly id?: string; readonly action?: string };
  if (action === undefined) return configTooLarge();
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (length > MAX_PAYLOAD_BYTES) return payloadTooLarge(length, id);
  return new InvalidInputError(`the request's body has more than ${MAX_PAYLOAD_BYTES} bytes`, {
    details: { reason: 'payload_too_large' },
  });
}
