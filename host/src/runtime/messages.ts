// Long, as both directions of one protocol, their writers and their readers, must agree in each place.
import type { CallProgress } from '@automate/contract';
import { clipText } from '@automate/contract';
import type { LogReceipt } from '@automate/sdk';
import { FAILURE_LENGTH, FIELDS_LENGTH, LINE_LENGTH, MESSAGE_LENGTH, SECRETS_LENGTH } from './bounds.ts';

/**
 * What crosses between the host and a connector's thread. A batch is one flat array of strings and numbers: nothing
 * clones faster, and nothing in it can be refused by the structured clone.
 *
 * The host is trusted by the worker; what a worker posts is parsed, since its connector may have got hold of the port. The
 * results in it are not: each batch of a worker ends in the seal that only its core was given, and the core writes the results.
 */
export type Batch = (string | number)[];

/** A batch that is being written. It has no methods, and no prototype on which a connector could catch what is put there. */
export interface OpenBatch {
  [index: number]: string | number;
  length: number;
}

export function openBatch(): OpenBatch {
  return Object.setPrototypeOf([], null) as OpenBatch;
}

/** What a call asks for. The first five and the last are open to callers of the runtime. */
export const CHANNEL_OPS = [
  'execute',
  'health',
  'connect',
  'validate',
  'renew',
  'initialize',
  'close',
  'discover',
  'webhook',
] as const;
export type ChannelOp = (typeof CHANNEL_OPS)[number];

/** Why a call is cancelled. */
export const CANCEL_REASONS = ['deadline', 'caller'] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

/** `start`: what the runtime has to say of a start or a connection that failed. */
export const LOG_SOURCES = ['logger', 'stdout', 'stderr', 'start'] as const;
export type LogSource = (typeof LOG_SOURCES)[number];

/** What became of a record that its writer asks about. */
export const RECEIPTS = ['written', 'below_level', 'too_large', 'too_many', 'failed'] as const satisfies LogReceipt[];

/** What rides along with a call besides what every call has. */
export interface CallExtras {
  readonly idempotencyKey?: string;
  /** An earlier attempt of the same call may have taken effect. */
  readonly repeated?: true;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** Somebody hears how far the call is. */
  readonly progress?: true;
}

/** What every call has. */
export interface CallMessage {
  readonly id: number;
  readonly op: ChannelOp;
  readonly action: string;
  /** JSON text. */
  readonly payload: string;
  /** Milliseconds since the epoch; a call that arrives later is refused before anything runs. */
  readonly deadline: number;
}

export type ToWorker =
  | ({ readonly kind: 'call'; readonly extras: CallExtras | undefined } & CallMessage)
  /** Answered by `acknowledged` at once, whatever the call then does. Id 0 belongs to no call: a heartbeat. */
  | { readonly kind: 'cancel'; readonly id: number; readonly reason: CancelReason }
  /** What became of a record. */
  | { readonly kind: 'receipt'; readonly id: number; readonly receipt: LogReceipt };

/** Why a thread is about to die, or may be. */
export interface CrashReport {
  readonly reason:
    | 'process_exit'
    | 'process_abort'
    | 'process_kill'
    | 'uncaught_exception'
    | 'unhandled_rejection'
    | 'protocol_violation';
  readonly message: string;
  readonly stack?: string;
  readonly exitCode?: number;
  /** Where the thread dies for certain: the id of the call that began last, 0 for none. */
  readonly lastBegun?: number | undefined;
  /** The same: the call in whose code it happened, where it was in one. */
  readonly culprit?: Culprit | undefined;
}

/** A call as it is known by what it asked for. */
export interface Culprit {
  readonly action: string;
  /** SHA-256 of the payload's text, in hexadecimal. */
  readonly payloadHash: string;
}

export type FromWorker =
  /** The adapter stands; `description` is the JSON text of a ConnectorDescription. */
  | { readonly kind: 'described'; readonly description: string }
  /** `error` is the JSON text of an ErrorEnvelope, here and in `failure`. */
  | { readonly kind: 'start-failed'; readonly error: string }
  | { readonly kind: 'result'; readonly id: number; readonly text: string }
  | { readonly kind: 'failure'; readonly id: number; readonly error: string }
  | { readonly kind: 'acknowledged'; readonly id: number }
  /** `fields` is JSON text, or empty. */
  | {
      readonly kind: 'log';
      readonly level: Level;
      readonly source: LogSource;
      readonly message: string;
      readonly fields: string;
    }
  /** A log record that is written whole or not at all, and answered by a receipt. `fields` as above. */
  | {
      readonly kind: 'record';
      readonly id: number;
      readonly level: Level;
      readonly message: string;
      readonly fields: string;
    }
  /** How far a call is. */
  | { readonly kind: 'progress'; readonly id: number; readonly now: CallProgress }
  /** What the connector obtained and keeps secret. */
  | { readonly kind: 'secrets'; readonly values: readonly string[] }
  /** Log lines that the connector wrote beyond its rate. */
  | { readonly kind: 'dropped-lines'; readonly count: number }
  /** The remote system offers other actions. */
  | { readonly kind: 'actions-changed' }
  /** Messages that the connector tried to post on ports that are not its own. */
  | { readonly kind: 'strays'; readonly count: number }
  /** Sent ahead of death; the connector may yet survive an exception that it handles itself. */
  | { readonly kind: 'crash'; readonly report: CrashReport };

const CALL = 1;
const CANCEL = 2;
const RECEIPT = 3;

const RESULT = 1;
const FAILURE = 2;
const ACKNOWLEDGED = 3;
const LOG = 4;
const DROPPED_LINES = 5;
const STRAYS = 6;
const DESCRIBED = 7;
const START_FAILED = 8;
const CRASH = 9;
const RECORD = 10;
const SECRETS = 11;
const ACTIONS_CHANGED = 12;
const PROGRESS = 13;

/** Stands for what a call grows to where nobody knows. */
const NO_TOTAL = -1;

function put(batch: OpenBatch, ...values: Batch): void {
  for (let index = 0; index < values.length; index += 1) batch[batch.length] = values[index] as string | number;
}

/** Appends a call to a batch. `extras` is JSON text or empty. */
export function putCall(batch: OpenBatch, call: CallMessage, extras: string): void {
  put(batch, CALL, call.id, CHANNEL_OPS.indexOf(call.op), call.action, call.payload, call.deadline, extras);
}

export function putCancel(batch: OpenBatch, id: number, reason: CancelReason): void {
  put(batch, CANCEL, id, CANCEL_REASONS.indexOf(reason));
}

export function putReceipt(batch: OpenBatch, id: number, receipt: LogReceipt): void {
  put(batch, RECEIPT, id, RECEIPTS.indexOf(receipt));
}

/** Appends a result, of which there are more than of all else, without making a message of it first. */
export function putResult(batch: OpenBatch, id: number, text: string): void {
  put(batch, RESULT, id, text);
}

/**
 * Ends a batch: its last places are no messages. One for a worker says until when the host holds the connector, and when it was posted; one of
 * a worker says who wrote it.
 */
export function putEnd(batch: OpenBatch, end: string | number): void {
  put(batch, end);
}

/** Appends a message for the host to a batch. */
export function putMessage(batch: OpenBatch, message: FromWorker, stringify: (value: unknown) => string): void {
  switch (message.kind) {
    case 'result':
      putResult(batch, message.id, message.text);
      break;
    case 'failure':
      put(batch, FAILURE, message.id, message.error);
      break;
    case 'acknowledged':
      put(batch, ACKNOWLEDGED, message.id);
      break;
    case 'log':
      put(
        batch,
        LOG,
        LEVELS.indexOf(message.level),
        LOG_SOURCES.indexOf(message.source),
        message.message,
        message.fields,
      );
      break;
    case 'record':
      put(batch, RECORD, message.id, LEVELS.indexOf(message.level), message.message, message.fields);
      break;
    case 'progress':
      put(batch, PROGRESS, message.id, message.now.progress, message.now.total ?? NO_TOTAL, message.now.message ?? '');
      break;
    case 'secrets':
      put(batch, SECRETS, stringify(message.values));
      break;
    case 'dropped-lines':
      put(batch, DROPPED_LINES, message.count);
      break;
    case 'actions-changed':
      put(batch, ACTIONS_CHANGED);
      break;
    case 'strays':
      put(batch, STRAYS, message.count);
      break;
    case 'described':
      put(batch, DESCRIBED, message.description);
      break;
    case 'start-failed':
      put(batch, START_FAILED, message.error);
      break;
    case 'crash':
      put(batch, CRASH, stringify(message.report));
      break;
    default:
      message satisfies never;
  }
}

/**
 * Reads what the host sent: messages, and last the time of posting, which has been taken off. `parse` reads the extras.
 */
export function readToWorker(batch: Batch, parse: (text: string) => unknown): ToWorker[] {
  const messages: ToWorker[] = [];
  for (let at = 0; at < batch.length;) {
    if (batch[at] === CANCEL) {
      messages.push({
        kind: 'cancel',
        id: batch[at + 1] as number,
        reason: CANCEL_REASONS[batch[at + 2] as number] ?? 'caller',
      });
      at += 3;
      continue;
    }
    if (batch[at] === RECEIPT) {
      messages.push({
        kind: 'receipt',
        id: batch[at + 1] as number,
        receipt: RECEIPTS[batch[at + 2] as number] ?? 'failed',
      });
      at += 3;
      continue;
    }
    const extras = batch[at + 6] as string;
    messages.push({
      kind: 'call',
      id: batch[at + 1] as number,
      op: CHANNEL_OPS[batch[at + 2] as number] ?? 'execute',
      action: batch[at + 3] as string,
      payload: batch[at + 4] as string,
      deadline: batch[at + 5] as number,
      extras: extras === '' ? undefined : (parse(extras) as CallExtras),
    });
    at += 7;
  }
  return messages;
}

/** What a worker posted, and whether any of it was outside the protocol. What stands before the fault still counts. */
export interface ParsedBatch {
  readonly messages: readonly FromWorker[];
  readonly stray: boolean;
}

/** Parses what a worker posted. Never throws: anything at all may come. What does not end in the worker's seal counts for nothing. */
export function parseFromWorker(raw: unknown, seal: string): ParsedBatch {
  if (!Array.isArray(raw)) return { messages: [], stray: true };
  // Without methods where the host itself wrote it.
  const batch: ArrayLike<unknown> = raw;
  const end = batch.length - 1;
  if (batch[end] !== seal) return { messages: [], stray: true };
  const messages: FromWorker[] = [];
  let at = 0;
  while (at < end) {
    const tag = batch[at];
    const size = typeof tag === 'number' ? SIZES[tag] : undefined;
    const message = size === undefined ? undefined : readOne(batch, at);
    if (size === undefined || message === undefined || at + size > end) return { messages, stray: true };
    messages.push(message);
    at += size;
  }
  return { messages, stray: false };
}

/** Places that a message takes in the array, by tag. */
const SIZES: Readonly<Record<number, number>> = {
  [RESULT]: 3,
  [FAILURE]: 3,
  [ACKNOWLEDGED]: 2,
  [LOG]: 5,
  [DROPPED_LINES]: 2,
  [STRAYS]: 2,
  [DESCRIBED]: 2,
  [START_FAILED]: 2,
  [CRASH]: 2,
  [RECORD]: 5,
  [SECRETS]: 2,
  [ACTIONS_CHANGED]: 1,
  [PROGRESS]: 5,
};

function readOne(batch: ArrayLike<unknown>, at: number): FromWorker | undefined {
  const first = batch[at + 1];
  const second = batch[at + 2];
  switch (batch[at]) {
    case RESULT:
      return typeof first === 'number' && typeof second === 'string'
        ? { kind: 'result', id: first, text: second }
        : undefined;
    case FAILURE:
      return typeof first === 'number' && typeof second === 'string'
        ? { kind: 'failure', id: first, error: second }
        : undefined;
    case ACKNOWLEDGED:
      return typeof first === 'number' ? { kind: 'acknowledged', id: first } : undefined;
    case LOG:
      return readLog(first, second, batch[at + 3], batch[at + 4]);
    case RECORD:
      return readRecord(first, second, batch[at + 3], batch[at + 4]);
    case DROPPED_LINES:
      return isCount(first) ? { kind: 'dropped-lines', count: first } : undefined;
    case STRAYS:
      return isCount(first) ? { kind: 'strays', count: first } : undefined;
    case DESCRIBED:
      return typeof first === 'string' ? { kind: 'described', description: first } : undefined;
    case PROGRESS:
      return readProgress(first, second, batch[at + 3], batch[at + 4]);
    case ACTIONS_CHANGED:
      return { kind: 'actions-changed' };
    case SECRETS:
      return typeof first === 'string' ? readSecrets(first) : undefined;
    case START_FAILED:
      return typeof first === 'string' ? { kind: 'start-failed', error: first } : undefined;
    default:
      return typeof first === 'string' ? readCrash(first) : undefined;
  }
}

function readLog(level: unknown, source: unknown, message: unknown, fields: unknown): FromWorker | undefined {
  const known = wordOf(LEVELS, level);
  const from = wordOf(LOG_SOURCES, source);
  if (known === undefined || from === undefined || typeof message !== 'string' || typeof fields !== 'string')
    return undefined;
  // The worker cuts what is longer.
  if (message.length > 2 * LINE_LENGTH || fields.length > FIELDS_LENGTH) return undefined;
  return { kind: 'log', level: known, source: from, message, fields };
}

function readRecord(id: unknown, level: unknown, message: unknown, fields: unknown): FromWorker | undefined {
  const known = wordOf(LEVELS, level);
  if (!isCount(id) || known === undefined || typeof message !== 'string' || typeof fields !== 'string')
    return undefined;
  return { kind: 'record', id, level: known, message, fields };
}

function readProgress(id: unknown, progress: unknown, total: unknown, message: unknown): FromWorker | undefined {
  if (!isCount(id) || !Number.isFinite(progress) || !Number.isFinite(total) || typeof message !== 'string')
    return undefined;
  // The worker cuts what is longer.
  if (message.length > MESSAGE_LENGTH) return undefined;
  return {
    kind: 'progress',
    id,
    now: {
      progress: progress as number,
      ...(total === NO_TOTAL ? {} : { total: total as number }),
      ...(message === '' ? {} : { message }),
    },
  };
}

function wordOf<Word>(words: readonly Word[], index: unknown): Word | undefined {
  return typeof index === 'number' ? words[index] : undefined;
}

function readSecrets(text: string): FromWorker | undefined {
  if (text.length > SECRETS_LENGTH) return undefined;
  try {
    const values: unknown = JSON.parse(text);
    if (!Array.isArray(values) || !values.every((value) => typeof value === 'string')) return undefined;
    return { kind: 'secrets', values };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

const CRASH_REASONS: Readonly<Record<CrashReport['reason'], true>> = {
  process_exit: true,
  process_abort: true,
  process_kill: true,
  uncaught_exception: true,
  unhandled_rejection: true,
  protocol_violation: true,
};

function readCrash(text: string): FromWorker | undefined {
  if (text.length > FAILURE_LENGTH) return undefined;
  try {
    const { reason, message, stack, exitCode, lastBegun, culprit } = JSON.parse(text) as Record<string, unknown>;
    if (typeof reason !== 'string' || !Object.hasOwn(CRASH_REASONS, reason) || typeof message !== 'string')
      return undefined;
    return {
      kind: 'crash',
      report: {
        reason: reason as CrashReport['reason'],
        message: clipText(message, 2 * MESSAGE_LENGTH),
        ...(typeof stack === 'string' ? { stack } : {}),
        ...(Number.isSafeInteger(exitCode) ? { exitCode: exitCode as number } : {}),
        ...(Number.isSafeInteger(lastBegun) ? { lastBegun: lastBegun as number } : {}),
        ...(isCulprit(culprit) ? { culprit } : {}),
      },
    };
  } catch {
    return undefined;
  }
}

function isCulprit(value: unknown): value is Culprit {
  const { action, payloadHash } = (value ?? {}) as Record<string, unknown>;
  return typeof action === 'string' && typeof payloadHash === 'string' && /^[0-9a-f]{64}$/.test(payloadHash);
}
