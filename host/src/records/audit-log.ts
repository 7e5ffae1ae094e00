import { hash } from 'node:crypto';
import type { AuditExpectation, AuditFilter, AuditPage, AuditVerdict, ConnectorError } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import type { HostLog } from '../log/host-log.ts';
import { DatabaseThread } from '../store/database-thread.ts';
import type { AuditQuestion, AuditThreadData } from './audit-entry.ts';
import type { AuditObservation } from '../telemetry/host-metrics.ts';
import { readHead } from './audit-head.ts';
import type { AuditNews } from './audit-news.ts';
import type { AuditPlace } from './audit-place.ts';
import { isAuditThere } from './audit-place.ts';
import { createAuditWriter } from './audit-text.ts';
import type { Appended, AuditBounds, AuditKeyRing } from './audit-table.ts';
import { lostKeyError } from './audit-table.ts';

export interface AuditLogOptions {
  /** Where it is, for those who read and for those who write, which may make what belongs to it. */
  placeOf(makes?: 'makes'): AuditPlace;
  readonly bounds: AuditBounds;
  /** Whether anything is recorded: asked of every call. */
  recording(): boolean;
  /** The keys for those who read; none may be there yet. */
  keysToRead(): AuditKeyRing;
  /** The keys for those who write; one is made where there is none. */
  keysToWrite(): AuditKeyRing;
  readonly log: Pick<HostLog, 'error' | 'warn'>;
}

/** Records of calls are gathered for so long before they are written, in milliseconds. */
const GATHER_MS = 50;
/** So many are written at once, however short they have been gathered. */
const ENOUGH_ROWS = 2_048;
/** Payloads that wait for their hash, in characters. The hashes of more are made at once, which holds up the call. */
const WAITING_CHARACTERS = 16 * 1024 * 1024;
/** Records that wait while they cannot be written. Beyond, records of calls are dropped, and counted. */
const MOST_WAITING = 20_000;
const RETRY_MS = 1_000;

interface Waiting {
  readonly news: AuditNews;
  /** Absent where it stays, however often it cannot be written. */
  readonly fail?: ((reason: ConnectorError) => void) | undefined;
  readonly done?: ((seq: number) => void) | undefined;
  /** Hears of the first try, whether it came off or not. */
  readonly tried?: (() => void) | undefined;
  /** Whether it may have been written: a thread can die between its write and its word of it. */
  readonly doubtful?: true;
}

/**
 * The audit as the host has it: it gathers what happened and hands it to a thread that writes. Records of calls cost a call no more
 * than to be gathered; whoever makes a change waits until the disk has it.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #toText = createAuditWriter();
  readonly #writer: DatabaseThread<AuditQuestion>;
  readonly #reader: DatabaseThread<AuditQuestion>;
  #waiting: Waiting[] = [];
  #characters = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The newest record of this host's that it has heard of. */
  #last = 0;
  #recorded = 0;
  #dropped = 0;
  #untoldDrops = 0;
  #failing = false;

  constructor(options: AuditLogOptions) {
    const { placeOf, bounds, keysToRead, keysToWrite } = options;
    const startThread = (ringOf: () => AuditKeyRing, makes?: 'makes'): DatabaseThread<AuditQuestion> =>
      new DatabaseThread({
        entry: new URL('./audit-entry.js', import.meta.url),
        name: 'audit',
        what: 'the audit cannot be kept',
        data: (): AuditThreadData => ({ place: placeOf(makes), bounds, ring: ringOf() }),
      });
    this.#options = options;
    this.#writer = startThread(() => keysToWrite(), 'makes');
    this.#reader = startThread(() => keysToRead());
  }

  /** Whether anything is recorded. */
  get recording(): boolean {
    return this.#options.recording();
  }

  /** Throws UNAVAILABLE, reason `audit_key_lost`, where records are under a key that is not there: none can follow them. */
  requireKeys(): void {
    const { placeOf, keysToRead } = this.#options;
    const place = placeOf();
    const head = readHead(place.file, keysToRead().keys);
    if (head.kind === 'unfit' && head.lostKey !== undefined) throw lostKeyError(place, head.lostKey);
  }

  /** Takes it down for the next write. Never throws, and waits for nothing. */
  note(news: AuditNews): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped += 1;
      this.#untoldDrops += 1;
      return;
    }
    this.#push({ news });
    if (this.#failing) return;
    if (this.#waiting.length >= ENOUGH_ROWS) this.#write();
    else this.#arm(GATHER_MS);
  }

  /** Takes down what the host itself did. */
  noteHost(operation: string, subject?: string): void {
    if (!this.recording) return;
    const own = { kind: 'host', principal: 'host', door: 'local', code: 'OK' } as const;
    this.note({ ...own, at: Date.now(), operation, subject });
  }

  /** Writes it now, and gives its number. Where that cannot be done it rejects with UNAVAILABLE, reason `audit_failed`, and nothing is recorded. */
  write(news: AuditNews): Promise<number> {
    return new Promise((done, reject) => {
      this.#push({ news, done, fail: (cause) => reject(auditFailed(cause)) });
      this.#write();
    });
  }

  /** Writes it now, and resolves when that has been tried; where it failed it is tried again. */
  keep(news: AuditNews): Promise<void> {
    return new Promise((tried) => {
      this.#push({ news, tried });
      this.#write();
    });
  }

  async list(filter: AuditFilter): Promise<AuditPage> {
    await this.#settled();
    this.#requireRecords();
    return (await this.#reader.ask({ op: 'list', filter })) as AuditPage;
  }

  /** @param host whose records; default: this one's */
  async verify(expected?: AuditExpectation, host?: string): Promise<AuditVerdict> {
    await this.#settled();
    this.#requireRecords();
    return (await this.#reader.ask({ op: 'verify', expected, host })) as AuditVerdict;
  }

  observe(): AuditObservation {
    const [oldest] = this.#waiting;
    return {
      recorded: this.#recorded,
      dropped: this.#dropped,
      waiting: this.#waiting.length,
      lagMs: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.news.at),
      failing: this.#failing,
    };
  }

  /** Writes what waits, unless that fails, and ends the threads. */
  async close(): Promise<void> {
    await this.#settled();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all([this.#writer.close(), this.#reader.close()]);
  }

  /** Resolves when all that was told so far has been written, or cannot be. */
  async #settled(): Promise<void> {
    do {
      this.#write();
      await this.#writing;
    } while (this.#waiting.length > 0 && !this.#failing);
  }

  #requireRecords(): void {
    if (!isAuditThere(this.#options.placeOf())) throw auditOff();
  }

  #push(waiting: Waiting): void {
    const characters = waiting.news.payload?.length ?? 0;
    this.#characters += characters;
    // Kept until the thread has it: many large ones would fill the host's memory.
    const tooMuch = characters > 0 && this.#characters > WAITING_CHARACTERS;
    this.#waiting.push(tooMuch ? { ...waiting, news: withHash(waiting.news) } : waiting);
  }

  #arm(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, ms);
  }

  #write(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#handOver(this.#takeWaiting()).finally(() => {
      this.#writing = undefined;
      if (this.#failing) this.#arm(RETRY_MS);
      else if (this.#waiting.length > 0) this.#arm(this.#waiting.some(isUrgent) ? 0 : GATHER_MS);
    });
  }

  #takeWaiting(): readonly Waiting[] {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#characters = 0;
    if (this.#untoldDrops === 0) return batch;
    const news: AuditNews = {
      at: Date.now(),
      kind: 'host',
      operation: 'dropRecords',
      principal: 'host',
      door: 'local',
      subject: `${this.#untoldDrops} records of calls`,
      code: 'UNAVAILABLE',
    };
    this.#untoldDrops = 0;
    return [...batch, { news }];
  }

  async #handOver(batch: readonly Waiting[]): Promise<void> {
    try {
      const doubt = { count: batch.filter(({ doubtful }) => doubtful).length, after: this.#last };
      const records = batch.map(({ news }) => this.#toText(news));
      const { first, known } = (await this.#writer.ask({ op: 'append', records, doubt })) as Appended;
      this.#last = first + batch.length - known - 1;
      this.#recorded += batch.length;
      if (this.#failing) this.#options.log.warn({ dropped: this.#dropped }, 'the audit is kept again');
      this.#failing = false;
      // Nobody waits any more for the number of one that is doubtful, and those come first.
      for (const [index, { done }] of batch.entries()) done?.(first + index - known);
    } catch (reason) {
      const error = reason as ConnectorError;
      if (!this.#failing)
        this.#options.log.error(
          { event: 'audit_failed', reason: error.details?.['reason'] },
          `${error.message}. Until it is kept again changes are refused; calls go on, and are recorded later, the first ${MOST_WAITING} of them`,
        );
      this.#failing = true;
      this.#waiting = [
        ...batch.filter(({ fail }) => fail === undefined).map(({ news }) => ({ news, doubtful: true as const })),
        ...this.#waiting,
      ];
      for (const { fail } of batch) fail?.(error);
    }
    for (const { tried } of batch) tried?.();
  }
}

/** Whether somebody waits for it. */
function isUrgent({ done, tried }: Waiting): boolean {
  return done !== undefined || tried !== undefined;
}

function withHash({ payload, ...news }: AuditNews): AuditNews & { readonly payloadSha256: string } {
  return { ...news, payloadSha256: hash('sha256', payload ?? '') };
}

function auditFailed(cause: ConnectorError): UnavailableError {
  const isLost = cause.details?.['reason'] === 'store_lost';
  return new UnavailableError(`nothing was changed, as it could not be recorded: ${cause.message}`, {
    blame: 'operator',
    effect: 'none',
    // A database that is lost is that, whatever was to be written there.
    details: isLost ? cause.details : { ...cause.details, reason: 'audit_failed' },
    cause,
  });
}

function auditOff(): UnavailableError {
  return new UnavailableError(
    'there are no records: the audit is off, and was never on. Start the host with AUDIT=on',
    {
      retryable: false,
      blame: 'operator',
      effect: 'none',
      details: { reason: 'audit_off' },
    },
  );
}
