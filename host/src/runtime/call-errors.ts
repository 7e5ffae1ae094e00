import type { ErrorEnvelope } from '@automate/contract';
import {
  CancelledError,
  ConnectorError,
  ConnectorInternalError,
  MAX_PAYLOAD_BYTES,
  TimeoutError,
} from '@automate/contract';
import { findSystemLimit } from './worker-errors.ts';
import type { ChannelOp } from './messages.ts';

/** What of a call its errors name. */
export interface NamedCall {
  readonly op: ChannelOp;
  readonly action: string;
}

export function describeCall({ op, action }: NamedCall): string {
  return op === 'execute' ? `action "${action}"` : op;
}

/** The deadline passed: `afterMs` after the call was sent, or before it was. */
export function late(connector: string, call: NamedCall, afterMs: number | undefined): ErrorEnvelope {
  const message =
    afterMs === undefined
      ? `${describeCall(call)} of connector "${connector}" was not sent before its deadline`
      : `${describeCall(call)} of connector "${connector}" gave no answer within ${afterMs} ms`;
  return new TimeoutError(message, { connector, ...(afterMs === undefined ? { effect: 'none' } : {}) }).toEnvelope();
}

export function cancelled(connector: string, when: string, effect: 'none' | 'maybe'): ErrorEnvelope {
  return new CancelledError(`the call to connector "${connector}" was cancelled ${when}`, {
    connector,
    effect,
  }).toEnvelope();
}

export function tooLong(connector: string, call: NamedCall): ErrorEnvelope {
  return new ConnectorInternalError(
    `${describeCall(call)} of connector "${connector}" answered with more than ${MAX_PAYLOAD_BYTES} bytes`,
    { connector, details: { reason: 'result_too_large' } },
  ).toEnvelope();
}

/** The error of a failed start for whoever wanted to call: their call has not been sent, whatever the failing step may have done. */
export function notSent(reason: unknown, connector: string): ConnectorError {
  const given = ConnectorError.from(reason).withConnector(connector);
  const error = findSystemLimit(connector, given) ?? given;
  return error.effect === 'none' ? error : ConnectorError.change(error, { effect: 'none' });
}
