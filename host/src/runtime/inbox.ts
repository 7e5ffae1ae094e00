import type { CallProgress, ErrorEnvelope } from '@automate/contract';
import type { Channel } from './channel.ts';
import type { CrashReport, FromWorker } from './messages.ts';
import { parseFromWorker } from './messages.ts';
import { parseEnvelope } from './parse-envelope.ts';
import type { SecretFilter } from './runtime.ts';
import type { RuntimeParts } from './runtime-parts.ts';

/** So many messages outside the protocol, and the worker ends. */
const MAX_STRAYS = 100;
/** Most characters of one worker's records that wait for the log to take them. */
const MAX_RECORD_BYTES = 8 * 1024 * 1024;

export interface InboxOptions {
  readonly id: string;
  /** In which all that the worker's core writes ends. */
  readonly seal: string;
  readonly channel: Channel;
  readonly parts: Pick<RuntimeParts, 'events' | 'log' | 'record' | 'note' | 'secrets'>;
  /** False where it comes at the wrong time, as below. */
  onDescribed(description: string): boolean;
  onStartFailed(error: ErrorEnvelope): boolean;
  onActionsChanged(): void;
  onReport(report: CrashReport): void;
  /** It said what must be its end. */
  onViolation(message: string): void;
}

/** Takes what one worker posts to where it belongs, and counts what belongs nowhere. */
export class Inbox {
  readonly #options: InboxOptions;
  #strays = 0;
  #droppedLines = 0;
  #lastPongAt = 0;
  /** Since when a sign of life is awaited. */
  #pingedAt: number | undefined;
  #lagMs: number | undefined;
  /** Of records that are being written. */
  #recordBytes = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Messages outside the protocol. */
  get strays(): number {
    return this.#strays;
  }

  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** When the worker last answered a ping, in milliseconds since the epoch. */
  get lastPongAt(): number {
    return this.#lastPongAt;
  }

  /** Milliseconds that the last sign of life took, or that one has been awaited for by now; undefined before the first. */
  get lagMs(): number | undefined {
    return this.#pingedAt === undefined ? this.#lagMs : Math.max(this.#lagMs ?? 0, performance.now() - this.#pingedAt);
  }

  /** The worker is asked for a sign of life. */
  notePing(): void {
    this.#pingedAt ??= performance.now();
  }

  take(raw: unknown): void {
    try {
      const { messages, stray } = parseFromWorker(raw, this.#options.seal);
      for (const message of messages) if (!this.#handle(message)) this.#count(1);
      if (stray) this.#count(1);
    } catch (fault) {
      // A fault of our own in reading what one worker said is that worker's end, and nobody else's.
      const { id, parts, onViolation } = this.#options;
      parts.events.onFault(fault, `what the worker of connector "${id}" sent was read`);
      onViolation('the host failed to read what it sent');
    }
  }

  #handle(message: FromWorker): boolean {
    const { id, channel, parts, onDescribed, onStartFailed, onActionsChanged, onReport } = this.#options;
    switch (message.kind) {
      case 'result':
        return channel.onResult(message.id, message.text);
      case 'failure':
        return channel.onFailure(message.id, parts.secrets.scrubEnvelope(parseEnvelope(message.error, id)));
      case 'acknowledged':
        if (message.id !== 0) return channel.onAcknowledged(message.id);
        this.#notePong();
        return true;
      case 'described':
        return onDescribed(message.description);
      case 'start-failed':
        return onStartFailed(parts.secrets.scrubEnvelope(parseEnvelope(message.error, id)));
      case 'progress':
        return channel.onProgress(message.id, scrubProgress(message.now, parts.secrets));
      case 'actions-changed':
        onActionsChanged();
        return true;
      case 'secrets':
        parts.secrets.learn(id, message.values);
        return true;
      case 'log':
        parts.log(id, message);
        return true;
      case 'record':
        void this.#record(message);
        return true;
      case 'dropped-lines':
        this.#droppedLines += message.count;
        parts.note(id, 'warn', `${message.count} log lines were dropped: the connector wrote too many`);
        return true;
      case 'strays':
        this.#count(message.count);
        return true;
      case 'crash':
        onReport(message.report);
        return true;
      default:
        return message satisfies never;
    }
  }

  /** Writes a record, unless too many wait: a worker may not fill the host's memory with what nobody takes. */
  async #record({ id, message, fields, level }: Extract<FromWorker, { kind: 'record' }>): Promise<void> {
    const { channel, parts } = this.#options;
    const bytes = message.length + fields.length;
    if (this.#recordBytes > 0 && this.#recordBytes + bytes > MAX_RECORD_BYTES) {
      channel.receipt(id, 'too_many');
      return;
    }
    this.#recordBytes += bytes;
    const receipt = await parts.record(this.#options.id, { level, message, fields }).catch(() => 'failed' as const);
    this.#recordBytes -= bytes;
    channel.receipt(id, receipt);
  }

  #notePong(): void {
    this.#lastPongAt = Date.now();
    if (this.#pingedAt === undefined) return;
    this.#lagMs = performance.now() - this.#pingedAt;
    this.#pingedAt = undefined;
  }

  #count(strays: number): void {
    const before = this.#strays;
    this.#strays += strays;
    if (before < MAX_STRAYS && this.#strays >= MAX_STRAYS) {
      this.#options.onViolation(`it posted ${this.#strays} messages outside the protocol`);
    }
  }
}

function scrubProgress({ message, ...now }: CallProgress, secrets: SecretFilter): CallProgress {
  return message === undefined ? now : { ...now, message: secrets.scrubString(message) };
}
