import type { OutgoingHttpHeaders } from 'node:http2';
import { InvalidInputError, TimeoutError, quote } from '@automate/contract';
import type { ConnectorError } from '@automate/contract';
import { TOO_SLOW } from './slow-callers.ts';
import { STATUS_DETAILS_KEY, statusFromError } from '@automate/contract/grpc';
import { Metadata } from '@automate/grpc';
import { answerError } from './answer-errors.ts';
import type { GrpcLogger } from './logger.ts';

/** Statuses that grpc-js answers by itself, by number and words, and what they mean for the caller. */
const MEANINGS: readonly {
  readonly status: number;
  readonly words: RegExp;
  explain(match: RegExpExecArray): ConnectorError;
}[] = [
  { status: 13, words: /^Invalid grpc-timeout value "(.*)"$/, explain: ([, hex = '']) => badTimeout(hex) },
  { status: 8, words: /larger than (?:max \((\d+) vs )?(\d+)/, explain: ([, size, limit]) => tooLarge(limit, size) },
  {
    status: 13,
    words: /^Failed to decompress message$/,
    explain: () => new InvalidInputError('the message says that it is compressed, and cannot be decompressed'),
  },
  {
    status: 12,
    words: /^Received (no|a second) request message/,
    explain: ([, count]) => new InvalidInputError(`the call has ${count} message; exactly one is expected, whole`),
  },
  { status: 3, words: new RegExp(`^${TOO_SLOW}$`), explain: () => new InvalidInputError(TOO_SLOW) },
  { status: 4, words: /^/, explain: () => new TimeoutError('the deadline passed before there was an answer') },
];

/**
 * The headers of an answer; those of a status that the library made up say what our own errors say, so that a caller need
 * not guess whether to try again.
 */
export function explainStatus(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const status = headers['grpc-status'];
  if (status === undefined || status === 0 || headers[STATUS_DETAILS_KEY] !== undefined) return headers;
  const said = decodeURI(String(headers['grpc-message'] ?? ''));
  for (const { status: known, words, explain } of MEANINGS) {
    const match = known === status ? words.exec(said) : null;
    if (match === null) continue;
    const { code, details, metadata } = statusFromError(explain(match));
    return { ...headers, 'grpc-status': code, 'grpc-message': encodeURI(details), ...metadata.toHttp2Headers() };
  }
  return headers;
}

/** The headers by which a caller is turned away before its call begins: a status with the details of all our errors, and nothing else. */
export function refusalHeaders(reason: unknown, logger: GrpcLogger): OutgoingHttpHeaders {
  const { code, details, metadata } = answerError(reason, { method: 'signing in', metadata: new Metadata(), logger });
  return {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': code,
    'grpc-message': encodeURI(details),
    ...metadata.toHttp2Headers(),
  };
}

/** @param hex see `prepareStreams` */
function badTimeout(hex: string): InvalidInputError {
  const value = Buffer.from(hex, 'hex').toString();
  const expected = 'up to eight digits and a unit of H, M, S, m, u or n';
  const received = quote(value.slice(0, 80));
  return new InvalidInputError(`grpc-timeout: expected ${expected}, received ${received}`, {
    problems: [{ path: 'timeout_ms', expected, received }],
  });
}

function tooLarge(limit = '', size?: string): InvalidInputError {
  const received = size === undefined ? 'more' : `${size} bytes`;
  return new InvalidInputError(
    `the message has ${received === 'more' ? `more than ${limit} bytes` : received}; at most ${limit} are read`,
    {
      problems: [{ path: '', expected: `at most ${limit} bytes`, received }],
      details: { reason: 'payload_too_large' },
    },
  );
}
