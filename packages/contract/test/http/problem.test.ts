import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, HTTP_STATUS } from '../../src/error-codes.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import {
  ConnectorError,
  createConnectorError,
  RateLimitedError,
  UnknownActionError,
} from '../../src/connector-error.ts';
import { problemDocumentSchema } from '../../src/http/answers.ts';
import { fromProblemDocument, problemType, retryAfterHeader, toProblemDocument } from '../../src/http/problem.ts';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];
const overJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a problem document', () => {
  it.each(codes)('of %s turns back into the same error', (code) => {
    const error = createConnectorError(code, 'it failed', {
      retryable: !ERROR_CODES[code].retryable,
      effect: ERROR_CODES[code].effect === 'none' ? 'maybe' : 'none',
      blame: ERROR_CODES[code].blame === 'remote' ? 'operator' : 'remote',
      retryAfterMs: 1500,
      details: { reason: 'x', nested: { a: [1] } },
      problems: [
        { path: 'port', expected: 'a number', received: '"x"', line: 3, column: 7, file: 'c.yaml', message: 'no' },
      ],
      connector: 'grafana',
      cause: new Error('inner secret'),
    });
    const document = toProblemDocument(error);
    const back = fromProblemDocument(overJson(document), document.status);
    expect(back.toEnvelope()).toEqual(error.toEnvelope());
    expect(back.constructor).toBe(error.constructor);
    expect(document.status).toBe(HTTP_STATUS[code]);
    expect(JSON.stringify(document)).not.toContain('inner secret');
    expect(problemDocumentSchema.strict().safeParse(document).error).toBeUndefined();
  });

  it('keeps the subclass of a code', () => {
    const back = fromProblemDocument(overJson(toProblemDocument(new UnknownActionError('no such action'))), 400);
    expect(back).toBeInstanceOf(UnknownActionError);
    expect(back.name).toBe('UnknownActionError');
  });

  it('leaves out what the error does not have', () => {
    expect(Object.keys(toProblemDocument(createConnectorError('NOT_FOUND', 'gone'))).toSorted()).toEqual([
      'blame',
      'code',
      'detail',
      'effect',
      'name',
      'retryable',
      'status',
      'title',
      'type',
    ]);
  });

  it('can bear a status that says it better', () => {
    const document = toProblemDocument(createConnectorError('INVALID_INPUT', 'too large'), 413);
    expect([document.status, document.code]).toEqual([413, 'INVALID_INPUT']);
  });

  it('has a type and a title of its own for each code', () => {
    const documents = codes.map((code) => toProblemDocument(createConnectorError(code, 'x')));
    expect(new Set(documents.map((document) => document.type)).size).toBe(codes.length);
    expect(new Set(documents.map((document) => document.title)).size).toBe(codes.length);
    expect(problemType('UPSTREAM_5XX')).toBe('urn:automate:error:upstream-5xx');
  });

  it.each([
    [undefined, undefined],
    [0, '0'],
    [1, '1'],
    [1000, '1'],
    [30_001, '31'],
  ])('asks to wait %s ms with Retry-After: %s', (retryAfterMs, header) => {
    expect(retryAfterHeader(new RateLimitedError('slow', retryAfterMs === undefined ? {} : { retryAfterMs }))).toBe(
      header,
    );
  });
});

describe('an answer that is no problem document', () => {
  it.each([
    [404, 'NOT_FOUND'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [408, 'TIMEOUT'],
    [409, 'ALREADY_EXISTS'],
    [429, 'RATE_LIMITED'],
    [500, 'INTERNAL_ERROR'],
    [502, 'UNAVAILABLE'],
    [503, 'UNAVAILABLE'],
    [504, 'TIMEOUT'],
  ] as const)('of status %s becomes %s', (status, code) => {
    for (const body of ['<html>', undefined, null, 7, [], {}, { code: 'NO_SUCH_CODE', detail: 'what it said' }]) {
      const error = fromProblemDocument(body, status);
      expect(ConnectorError.is(error)).toBe(true);
      expect(error).toMatchObject({ code, details: { status }, message: expect.stringContaining(String(status)) });
    }
  });

  it('fills in what a document lacks, and ignores what is of the wrong type', () => {
    const error = fromProblemDocument(
      {
        code: 'TIMEOUT',
        detail: 7,
        retryable: 'yes',
        effect: 3,
        blame: 'nobody',
        problems: [null, 'x', {}],
        details: [],
        retry_after_ms: '1',
      },
      504,
    );
    expect(error.toEnvelope()).toEqual({
      code: 'TIMEOUT',
      name: 'TimeoutError',
      message: expect.any(String),
      retryable: true,
      effect: 'maybe',
      blame: 'remote',
      problems: [{ path: '', expected: '', received: '' }],
    });
  });
});
