import { describe, expect, it } from '@jest/globals';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../src/gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../src/gen/google/rpc/status_pb.ts';
import { DEFAULT_DETAILS_LIMIT, errorFromStatus, MAX_DETAILS_LIMIT, statusFromError } from '../src/grpc/index.ts';
import {
  ConnectorError,
  createConnectorError,
  ERROR_CODES,
  GRPC_STATUS,
  InvalidInputError,
  RateLimitedError,
  UnknownActionError,
} from '../src/index.ts';
import type { ErrorCode, JsonObject, Problem } from '../src/index.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const context = { address: '127.0.0.1:1', method: 'GetConnector' };
const KEY = 'grpc-status-details-bin';

const travel = (error: ConnectorError, limit = MAX_DETAILS_LIMIT): ConnectorError =>
  errorFromStatus(statusFromError(error, limit), context);
const detailsOf = (error: ConnectorError) =>
  fromBinary(StatusSchema, statusFromError(error).metadata.get(KEY)[0] as Buffer);

const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((value) => value.toWellFormed());
const problem: fc.Arbitrary<Problem> = fc
  .record({
    required: fc.record({ path: text, expected: text, received: text }),
    optional: fc.record(
      { message: text, file: text, line: fc.nat(), column: fc.nat() },
      { requiredKeys: [], noNullPrototype: true },
    ),
  })
  .map(({ required, optional }) => ({ ...required, ...optional }));
const details = fc.dictionary(text, fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const options = fc.record(
  {
    retryable: fc.boolean(),
    effect: fc.constantFrom('none' as const, 'maybe' as const),
    blame: fc.constantFrom('caller' as const, 'operator' as const, 'plugin' as const, 'remote' as const),
    retryAfterMs: fc.nat(),
    details,
    problems: fc.array(problem, { maxLength: 5 }),
    connector: text,
  },
  { requiredKeys: [], noNullPrototype: true },
);

describe('an error over gRPC', () => {
  it.each(CODES)('%s comes out as the same class with the same status', (code) => {
    const error = createConnectorError(code, `${code} happened`, { connector: 'slack', details: { reason: 'x' } });
    const status = statusFromError(error);
    expect(status).toMatchObject({ code: GRPC_STATUS[code], details: `${code} happened` });
    const read = errorFromStatus(status, context);
    expect(read.toEnvelope()).toStrictEqual(error.toEnvelope());
    expect(read.constructor).toBe(error.constructor);
  });

  it('comes out with every field as it went in', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODES), text, options, (code, message, given) => {
        const error = createConnectorError(code, message, given);
        expect(travel(error).toEnvelope()).toStrictEqual(error.toEnvelope());
      }),
    );
  });

  it('keeps a subclass of a code', () => {
    expect(travel(new UnknownActionError('no such action'))).toBeInstanceOf(UnknownActionError);
  });

  it('never carries its cause', () => {
    const error = new InvalidInputError('wrong', { cause: new Error('secret-of-the-host') });
    const bytes = statusFromError(error).metadata.get(KEY)[0] as Buffer;
    expect(bytes.toString('latin1')).not.toContain('secret-of-the-host');
    expect(travel(error).cause).toBeUndefined();
  });

  it('can be read with the standard details alone', () => {
    const problems = [{ path: 'health_check.interval', expected: 'a duration such as "30s"', received: '30' }];
    const status = detailsOf(new RateLimitedError('slow down', { retryAfterMs: 1500, problems }));
    const [info, request, retry] = status.details;
    expect(status).toMatchObject({ code: 8, message: 'slow down' });
    expect(anyUnpack(info!, ErrorInfoSchema)).toMatchObject({
      reason: 'RATE_LIMITED',
      domain: 'automate.connectors',
      metadata: { retryable: 'true', effect: 'none', blame: 'remote', name: 'RateLimitedError' },
    });
    expect(anyUnpack(request!, BadRequestSchema)?.fieldViolations).toMatchObject([
      { field: 'health_check.interval', description: 'expected a duration such as "30s", received 30' },
    ]);
    expect(anyUnpack(retry!, RetryInfoSchema)?.retryDelay).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
  });

  it('stays within what every gRPC implementation takes, and says what it left out', () => {
    const problems = Array.from({ length: 400 }, (_, index) => ({
      path: `connectors[${index}].port`,
      expected: 'a number',
      received: 'x'.repeat(40),
    }));
    const error = new InvalidInputError('many problems', {
      problems,
      connector: 'slack',
      details: { big: 'y'.repeat(9000) },
    });
    const read = travel(error, DEFAULT_DETAILS_LIMIT);
    expect((statusFromError(error).metadata.get(KEY)[0] as Buffer).length).toBeLessThanOrEqual(DEFAULT_DETAILS_LIMIT);
    expect(read).toMatchObject({ code: 'INVALID_INPUT', message: 'many problems', connector: 'slack' });
    const shown = read.problems!.length - 1;
    expect(shown).toBeGreaterThan(5);
    expect(read.problems!.at(-1)?.message).toBe(`and ${400 - shown} more problems`);
    expect(travel(error, MAX_DETAILS_LIMIT).problems!.length).toBeGreaterThan(shown);
  });

  it.each([
    ['a message that is longer than any header', 'ä'.repeat(100_000)],
    ['half a surrogate pair', 'broken \ud800 text'],
    ['line ends and control characters', 'a\r\nb\0c\u001b[31m'],
  ])('can be sent with %s', (_, message) => {
    const status = statusFromError(new InvalidInputError(message));
    expect(() => encodeURI(status.details)).not.toThrow();
    expect(encodeURI(status.details).length).toBeLessThan(700);
    expect(errorFromStatus(status, context).message.slice(0, 6)).toBe(message.toWellFormed().slice(0, 6));
  });
});

describe('a status that is not ours', () => {
  const plain = (code: number, details = '') => errorFromStatus({ code, details }, { ...context, timeoutMs: 250 });

  it.each([
    [1, 'CANCELLED'],
    [2, 'INTERNAL_ERROR'],
    [3, 'INVALID_INPUT'],
    [4, 'TIMEOUT'],
    [5, 'NOT_FOUND'],
    [6, 'ALREADY_EXISTS'],
    [7, 'PERMISSION_DENIED'],
    [8, 'OVERLOADED'],
    [9, 'CONFIG_INVALID'],
    [10, 'UPSTREAM_5XX'],
    [11, 'INVALID_INPUT'],
    [12, 'UNAVAILABLE'],
    [13, 'INTERNAL_ERROR'],
    [14, 'TRANSIENT_NETWORK'],
    [15, 'INTERNAL_ERROR'],
    [16, 'UNAUTHENTICATED'],
    [99, 'INTERNAL_ERROR'],
  ])('%i is %s', (status, code) => {
    expect(plain(status, 'as the server put it')).toMatchObject({
      code,
      details: { status, address: '127.0.0.1:1' },
      message: expect.stringContaining(status === 4 ? '250 ms' : 'as the server put it'),
    });
  });

  it('tells a service that cannot be reached from a connection that broke', () => {
    expect(plain(14, 'No connection established. Last error: ECONNREFUSED')).toMatchObject({
      code: 'UNAVAILABLE',
      effect: 'none',
      details: { reason: 'service_unreachable' },
      message: expect.stringContaining('automate start'),
    });
    expect(plain(14, 'Connection dropped')).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'maybe' });
  });

  it('does not make a caller try an unknown method again', () => {
    expect(plain(12)).toMatchObject({ retryable: false, details: { reason: 'unimplemented' } });
  });

  it('tells a message that is too large from a server that is too busy', () => {
    expect(plain(8, 'Received message larger than max (5 vs. 4)')).toMatchObject({ code: 'INVALID_INPUT' });
  });

  const withDetails = (bytes: Uint8Array) => {
    const metadata = new Metadata();
    metadata.set(KEY, Buffer.from(bytes));
    return errorFromStatus({ code: 5, details: 'gone', metadata }, context);
  };
  const info = (init: { reason: string; domain: string; metadata?: Record<string, string> }) =>
    toBinary(
      StatusSchema,
      create(StatusSchema, {
        code: 5,
        message: 'gone',
        details: [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, init))],
      }),
    );

  it.each([
    ['rubbish', Buffer.from('not a message at all')],
    ['another domain', info({ reason: 'RATE_LIMITED', domain: 'googleapis.com' })],
    ['nothing', Buffer.alloc(0)],
  ])('falls back to the status when the details are %s', (_, bytes) => {
    expect(withDetails(bytes)).toMatchObject({ code: 'NOT_FOUND', details: { status: 5 } });
  });

  it('survives details whose parts are not what they should be', () => {
    const metadata = { details: '{"a":', problems: '[{"path":1}]', retryable: 'perhaps', effect: 'both', blame: 'me' };
    expect(withDetails(info({ reason: 'NOT_FOUND', domain: 'automate.connectors', metadata }))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'gone',
      retryable: false,
      effect: 'none',
      blame: 'caller',
      details: undefined,
      problems: undefined,
    });
  });

  it('keeps a code that only a newer service knows', () => {
    const error = withDetails(info({ reason: 'QUOTA_EXCEEDED', domain: 'automate.connectors' }));
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR', details: { code: 'QUOTA_EXCEEDED' } });
    expect(ConnectorError.is(error)).toBe(true);
  });
});
