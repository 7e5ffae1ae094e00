import { create } from '@bufbuild/protobuf';
import type {
  AuditCode,
  AuditFilter,
  AuditKind,
  AuditPage,
  AuditRecord,
  AuditVerdict,
} from '../../audit-operations.ts';
import { AUDIT_KINDS } from '../../audit-operations.ts';
import { ERROR_CODES } from '../../error-codes.ts';
import type { ErrorCode } from '../../error-codes.ts';
import { ListAuditResponseSchema, VerifyAuditResponseSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  AuditRecord as RecordMessage,
  ListAuditRequest,
  ListAuditResponse,
  VerifyAuditResponse,
} from '../../gen/connectors/connectors_pb.ts';
import { int64ToNumber, millisToInt64, readWord } from './words.ts';
import type { Problems } from './words.ts';
import { withoutUndefined } from './without-undefined.ts';

const CODES: readonly AuditCode[] = ['OK', 'BEGUN', ...(Object.keys(ERROR_CODES) as ErrorCode[])];

/** What is wrong with it is for the service to say. */
export function auditFilterFromMessage({ cursor, cursorText, ...message }: ListAuditRequest): AuditFilter {
  const { since, until, principal, connector, action, operation, code, order, limit, host } = message;
  return {
    ...withoutUndefined({ since, until, principal, connector, action, operation, code, order, limit, host }),
    ...(cursor === undefined ? {} : { cursor: Number(cursor) }),
    ...(cursorText === undefined ? {} : { cursor: cursorText }),
  } as AuditFilter;
}

/** What a request has of a cursor. */
export function auditCursorToMessage(cursor: AuditFilter['cursor']): { cursor?: bigint; cursorText?: string } {
  if (typeof cursor === 'string') return { cursorText: cursor };
  return cursor === undefined ? {} : { cursor: millisToInt64(cursor) };
}

export function auditPageToMessage({ records, next }: AuditPage): ListAuditResponse {
  return create(ListAuditResponseSchema, {
    records: records.map(({ seq, begun, ...rest }) => ({
      ...rest,
      seq: millisToInt64(seq),
      ...(begun === undefined ? {} : { begun: millisToInt64(begun) }),
    })),
    ...(typeof next === 'string' ? { nextText: next } : next === undefined ? {} : { next: millisToInt64(next) }),
  });
}

export function auditPageFromMessage({ records, next, nextText }: ListAuditResponse, problems: Problems): AuditPage {
  return {
    records: records.map((record) => recordFromMessage(record, problems)),
    ...(next === undefined ? {} : { next: int64ToNumber(next, { path: 'next', problems }) }),
    ...(nextText === undefined ? {} : { next: nextText }),
  };
}

function recordFromMessage(
  { $typeName: _name, $unknown: _unknown, ...message }: RecordMessage,
  problems: Problems,
): AuditRecord {
  const { seq, begun, kind, code, ...rest } = message;
  const path = `records.${seq}`;
  return {
    ...withoutUndefined(rest),
    seq: int64ToNumber(seq, { path: `${path}.seq`, problems }),
    kind: readWord<AuditKind>(AUDIT_KINDS, kind, { path: `${path}.kind`, problems, fallback: 'host' }),
    code: readWord<AuditCode>(CODES, code, { path: `${path}.code`, problems, fallback: 'OK' }),
    ...(begun === undefined ? {} : { begun: int64ToNumber(begun, { path: `${path}.begun`, problems }) }),
  };
}

export function auditVerdictToMessage({ fault, ...verdict }: AuditVerdict): VerifyAuditResponse {
  const { records, first, last, unsealed } = verdict;
  return create(VerifyAuditResponseSchema, {
    ...verdict,
    records: millisToInt64(records),
    first: millisToInt64(first),
    last: millisToInt64(last),
    unsealed: millisToInt64(unsealed),
    ...(fault === undefined
      ? {}
      : { fault: { message: fault.message, ...(fault.seq === undefined ? {} : { seq: millisToInt64(fault.seq) }) } }),
  });
}

export function auditVerdictFromMessage(message: VerifyAuditResponse, problems: Problems): AuditVerdict {
  const { ok, host, hash, fault, unprovenEnd } = message;
  const number = (name: 'records' | 'first' | 'last' | 'unsealed'): number =>
    int64ToNumber(message[name], { path: name, problems });
  return {
    ok,
    host,
    records: number('records'),
    first: number('first'),
    last: number('last'),
    hash,
    unsealed: number('unsealed'),
    ...(unprovenEnd ? { unprovenEnd } : {}),
    ...(fault === undefined
      ? {}
      : {
          fault: {
            ...(fault.seq === undefined ? {} : { seq: int64ToNumber(fault.seq, { path: 'fault.seq', problems }) }),
            message: fault.message,
          },
        }),
  };
}
