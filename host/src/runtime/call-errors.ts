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

/** The deadline passed after the call was sent, and the worker reacted to that, or is stuck. */
export function late(
  connector: string,
  call: NamedCall,
  { afterMs, stuck }: { readonly afterMs: number; readonly stuck: boolean },
): ErrorEnvelope {
  const message = `${describeCall(call)} of connector "${connector}" gave no answer within ${afterMs} ms`;
  return stuck
    ? new TimeoutError(`${message}, as its own code blocks its event loop; the plugin's author must act`, {
        connector,
        blame: 'plugin',
      }).toEnvelope()
    : new TimeoutError(message, { connector }).toEnvelope();
}

/** The deadline passed before the call was sent, as another one may have to be ended with the worker. */
export function heldTooLong(connector: string, call: NamedCall): ErrorEnvelope {
  return new TimeoutError(
    `${describeCall(call)} of connector "${connector}" was not sent before its deadline, as a call before it does not end`,
    { connector, effect: 'none', blame: 'plugin' },
  ).toEnvelope();
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
