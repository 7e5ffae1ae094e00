import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { isErrorCode, readTraits } from '../error-codes.ts';
import type { ErrorCode } from '../error-codes.ts';
import type { ErrorEnvelope } from '../error-envelope.ts';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';
import type { BadRequest } from '../gen/google/rpc/error_details_pb.ts';
import type { Status } from '../gen/google/rpc/status_pb.ts';
import { isJsonObject } from '../json.ts';
import type { Problem } from '../problem.ts';

/** The envelope in a status' details; none when they are not of this domain. What is there is taken, never trusted. */
export function envelopeFromDetails(status: Status, domain: string): ErrorEnvelope | undefined {
  const info = find(status.details, ErrorInfoSchema);
  if (info === undefined || info.domain !== domain) return undefined;
  const { metadata, reason } = info;
  const { retryable, effect, blame } = metadata;
  const delay = find(status.details, RetryInfoSchema)?.retryDelay;
  const problems = readProblems(metadata['problems'], find(status.details, BadRequestSchema));
  const details = readDetailsJson(metadata['details']);
  return {
    // A code that this release does not know becomes INTERNAL_ERROR when the error is made.
    code: reason as ErrorCode,
    name: metadata['name'] ?? '',
    message: status.message,
    ...readTraits(isErrorCode(reason) ? reason : 'INTERNAL_ERROR', {
      retryable: retryable === undefined ? undefined : retryable === 'true',
      effect,
      blame,
    }),
    ...(delay === undefined ? {} : { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1e6 }),
    ...(isJsonObject(details) ? { details } : {}),
    ...(problems === undefined ? {} : { problems }),
    ...(metadata['connector'] === undefined ? {} : { connector: metadata['connector'] }),
    ...(/^[1-9]\d{0,8}$/.test(metadata['attempts'] ?? '') ? { attempts: Number(metadata['attempts']) } : {}),
  };
}

function find<Schema extends DescMessage>(details: readonly Any[], schema: Schema): MessageShape<Schema> | undefined {
  for (const detail of details) {
    const message = anyUnpack(detail, schema);
    if (message !== undefined) return message;
  }
  return undefined;
}

function readProblems(text: string | undefined, request: BadRequest | undefined): readonly Problem[] | undefined {
  const list = readDetailsJson(text);
  if (Array.isArray(list) && list.every(isProblem)) return list;
  return request?.fieldViolations.map(({ field, description }) => ({
    path: field,
    expected: '',
    received: '',
    message: description,
  }));
}

function isProblem(value: unknown): value is Problem {
  if (!isJsonObject(value)) return false;
  return [value['path'], value['expected'], value['received']].every((part) => typeof part === 'string');
}

function readDetailsJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
