import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@automate/grpc';
import { ConnectorError } from '../connector-error.ts';
import { GRPC_STATUS } from '../error-codes.ts';
import type { ErrorEnvelope } from '../error-envelope.ts';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../gen/google/rpc/status_pb.ts';
import { describeProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { envelopeFromDetails } from './status-details.ts';
import { explainPlainStatus } from './plain-status.ts';
import type { CallContext } from './plain-status.ts';

/** Trailer with the `google.rpc.Status`. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

/** `ErrorInfo.domain` of our errors. */
export const ERROR_DOMAIN = 'automate.connectors';

/** Request metadata: how many milliseconds the caller waits. The deadline of a client that adds some patience is later. */
export const TIMEOUT_KEY = 'connectors-timeout-ms';

/** Request metadata: how many bytes of details the client can take. */
export const DETAILS_LIMIT_KEY = 'connectors-details-limit';

/**
 * Bytes of details that every gRPC implementation can take: some refuse trailers of more than 8 KiB, base64 included,
 * and then the caller sees their complaint instead of the error.
 */
export const DEFAULT_DETAILS_LIMIT = 5000;

/** Bytes of details that are sent at most; Node's own limit for headers is 64 KiB. */
export const MAX_DETAILS_LIMIT = 40_000;

/** Bytes that `grpc-message` may have on the wire. The whole message is in the details. */
const GRPC_MESSAGE_LIMIT = 600;

/** What a failed call answers: give it to grpc-js as it is. */
export interface ErrorStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * The status of an error, with its whole envelope in the details.
 *
 * @param limit bytes that the details may have; beyond it first `details`, then the last problems are left out, and
 *   what is left says so
 */
export function statusFromError(error: ConnectorError, limit: number = DEFAULT_DETAILS_LIMIT): ErrorStatus {
  const envelope = error.toEnvelope();
  const metadata = new Metadata();
  metadata.set(STATUS_DETAILS_KEY, Buffer.from(encodeWithin(envelope, limit)));
  return { code: GRPC_STATUS[envelope.code], details: shortMessage(envelope.message), metadata };
}

/** The error that a failed call's status tells of; one that is not ours is explained as well as can be. */
export function errorFromStatus(
  status: { readonly code: number; readonly details: string; readonly metadata?: Metadata | undefined },
  context: CallContext,
): ConnectorError {
  const [bytes] = status.metadata?.get(STATUS_DETAILS_KEY) ?? [];
  const envelope = typeof bytes === 'string' || bytes === undefined ? undefined : readDetails(bytes);
  return envelope === undefined ? explainPlainStatus(status, context) : ConnectorError.fromEnvelope(envelope);
}

function readDetails(bytes: Uint8Array): ErrorEnvelope | undefined {
  try {
    return envelopeFromDetails(fromBinary(StatusSchema, bytes), ERROR_DOMAIN);
  } catch {
    // The status has no details of ours, so that only its code and message count.
    return undefined;
  }
}

function encodeWithin(envelope: ErrorEnvelope, limit: number): Uint8Array {
  const whole = encodeStatus(envelope);
  if (whole.length <= limit) return whole;
  const { details: _, problems = [], ...rest } = envelope;
  const message = envelope.message.slice(0, Math.floor(limit / 8));
  for (let count = problems.length; count > 0; count = Math.floor(count / 2)) {
    const shorter = encodeStatus({
      ...rest,
      message,
      problems: [...problems.slice(0, count), ...moreProblems(problems, count)],
    });
    if (shorter.length <= limit) return shorter;
  }
  return encodeStatus({ ...rest, message });
}

function moreProblems(problems: readonly Problem[], shown: number): readonly Problem[] {
  const missing = problems.length - shown;
  if (missing === 0) return [];
  return [
    { path: '', expected: 'a shorter list', received: `${missing} more`, message: `and ${missing} more problems` },
  ];
}

function encodeStatus(envelope: ErrorEnvelope): Uint8Array {
  const { code, message, problems, retryAfterMs } = envelope;
  const info = create(ErrorInfoSchema, { reason: code, domain: ERROR_DOMAIN, metadata: infoMetadata(envelope) });
  const details = [anyPack(ErrorInfoSchema, info)];
  if (problems !== undefined) {
    const fieldViolations = problems.map((problem) => ({ field: problem.path, description: sentence(problem) }));
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (retryAfterMs !== undefined)
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, retryDelay(retryAfterMs))));
  return toBinary(StatusSchema, create(StatusSchema, { code: GRPC_STATUS[code], message, details }));
}

function infoMetadata({
  retryable,
  effect,
  blame,
  name,
  connector,
  attempts,
  details,
  problems,
}: ErrorEnvelope): Record<string, string> {
  return {
    retryable: String(retryable),
    effect,
    blame,
    name,
    ...(connector === undefined ? {} : { connector }),
    ...(attempts === undefined ? {} : { attempts: String(attempts) }),
    ...(details === undefined ? {} : { details: JSON.stringify(details) }),
    // `BadRequest` has one sentence per problem; these are the parts of that sentence.
    ...(problems === undefined ? {} : { problems: JSON.stringify(problems) }),
  };
}

/** The problem without its path, which stands beside it. */
function sentence(problem: Problem): string {
  return describeProblem({ ...problem, path: '' });
}

/** A Duration holds at most 315,576,000,000 seconds. */
function retryDelay(ms: number): MessageInitShape<typeof RetryInfoSchema> {
  const bounded = Math.min(Math.max(Number.isFinite(ms) ? ms : 0, 0), 315_576_000_000_000);
  const seconds = Math.floor(bounded / 1000);
  return { retryDelay: { seconds: BigInt(seconds), nanos: Math.round((bounded - seconds * 1000) * 1e6) } };
}

/** grpc-js percent-encodes the message with a function that throws on half a surrogate pair. */
function shortMessage(message: string): string {
  let text = message.toWellFormed();
  while (encodeURI(text).length > GRPC_MESSAGE_LIMIT)
    text = text.slice(0, Math.floor(text.length * 0.8)).toWellFormed();
  return text === message ? text : `${text}…`;
}
