import type { CallTotals } from './call-metrics.ts';
import { NO_CALLS } from './call-metrics.ts';

/** What a worker has used by now in its present life. Times are in milliseconds. */
export interface WorkerUse {
  /** When it began, since the epoch: another one is another life. */
  readonly startedAt: number;
  /** Heap and buffers. */
  readonly memoryBytes: number;
  /** Of processors; undefined where the system does not say. */
  readonly cpuMs: number | undefined;
  /** How long its event loop has worked and rested. */
  readonly activeMs: number;
  readonly idleMs: number;
  /** What its last sign of life took. */
  readonly lagMs: number | undefined;
}

/** One look at a connector. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** All calls so far. */
  readonly calls: CallTotals;
  /** Undefined while no worker runs, and until it has answered. */
  worker: WorkerUse | undefined;
}

export interface SampledConnector {
  readonly id: string;
  /** Absent: it was not used yet. */
  readonly use?: (() => Promise<WorkerUse | undefined>) | undefined;
}

export interface SamplerOptions<Connector extends SampledConnector> {
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  connectors(): Iterable<Connector>;
  calls(connector: string): CallTotals;
}

interface Track {
  readonly samples: Sample[];
  /** The look whose answer is awaited. */
  asked: Sample | undefined;
  /** Processor time over all lives that were seen. */
  cpuMs: number;
  /** Of the worker as it was seen last. */
  last: WorkerUse | undefined;
}

/** Looks over which rates are told: a minute's worth by default. */
const WINDOW_LOOKS = 12;
/** Looks after which an answer is awaited no longer. */
const PATIENCE_LOOKS = 3;
/** Looks that are kept, by which growth is told from what comes and goes. */
const KEPT_LOOKS = 24;

/**
 * Looks at every connector now and then and remembers the last looks, so that rates can be told at once when somebody asks. A look
 * costs one question to each worker, which a thread answers even while it spins. It does not keep the process alive.
 */
export class Sampler<Connector extends SampledConnector> {
  readonly #options: SamplerOptions<Connector>;
  readonly #tracks = new Map<string, Track>();
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = Date.now();
  #lookedAt = this.#startedAt;

  /** @param onLook called after each look with those that were looked at; their answers may still be on their way */
  constructor(options: SamplerOptions<Connector>, onLook: (connectors: readonly Connector[]) => void) {
    this.#options = options;
    this.#timer = setInterval(() => {
      const connectors = [...options.connectors()];
      this.#look(connectors);
      onLook(connectors);
    }, options.everyMs).unref();
  }

  /** How far back the rates go by now, in milliseconds. */
  get windowMs(): number {
    return Math.min(WINDOW_LOOKS * this.#options.everyMs, Date.now() - this.#startedAt);
  }

  /** The looks at a connector, the oldest first; none where it was not used. */
  samplesOf(connector: string): readonly Sample[] {
    return this.#tracks.get(connector)?.samples ?? [];
  }

  /** The looks of the window. */
  windowOf(connector: string): readonly Sample[] {
    return this.samplesOf(connector).slice(-WINDOW_LOOKS - 1);
  }

  /** Processor time of a connector's workers so far, in milliseconds. */
  cpuOf(connector: string): number {
    return this.#tracks.get(connector)?.cpuMs ?? 0;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(connectors: readonly Connector[]): void {
    const seen = new Set<string>();
    for (const { id, use } of connectors) {
      seen.add(id);
      const calls = this.#options.calls(id);
      if (use === undefined && calls === NO_CALLS) this.#tracks.delete(id);
      else this.#track(id, calls, use);
    }
    for (const id of this.#tracks.keys()) if (!seen.has(id)) this.#tracks.delete(id);
    this.#lookedAt = Date.now();
  }

  #track(id: string, now: CallTotals, use: SampledConnector['use']): void {
    let track = this.#tracks.get(id);
    if (track === undefined) {
      // It was used since the last look: before that nothing was.
      const samples: Sample[] = [{ at: this.#lookedAt, calls: NO_CALLS, worker: undefined }];
      track = { samples, asked: undefined, cpuMs: 0, last: undefined };
      this.#tracks.set(id, track);
    }
    const before = track.samples.at(-1)?.calls;
    // What did not change is kept once.
    const calls = before?.count === now.count ? before : now;
    const sample: Sample = { at: Date.now(), calls, worker: undefined };
    track.samples.push(sample);
    if (track.samples.length > KEPT_LOOKS + 1) track.samples.shift();
    const isAwaited = track.asked !== undefined && sample.at - track.asked.at < PATIENCE_LOOKS * this.#options.everyMs;
    if (use !== undefined && !isAwaited) void ask(track, sample, use);
  }
}

/** A worker that is blocked outside JavaScript does not answer, and may be another's by the time that it does. */
async function ask(track: Track, sample: Sample, use: () => Promise<WorkerUse | undefined>): Promise<void> {
  track.asked = sample;
  const worker = await use().catch(() => undefined);
  if (track.asked !== sample) return;
  track.asked = undefined;
  sample.worker = worker;
  if (worker === undefined) return;
  const before = track.last?.startedAt === worker.startedAt ? (track.last.cpuMs ?? 0) : 0;
  track.cpuMs += Math.max(0, (worker.cpuMs ?? 0) - before);
  track.last = worker;
}
