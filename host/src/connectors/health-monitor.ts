/** A connector whose health is to be watched. */
export interface MonitoredConnector {
  readonly id: string;
  /** Milliseconds between the end of one probe and the next. */
  readonly intervalMs: number;
  /** Probes once and records the result. */
  check(): Promise<unknown>;
}

interface Loop {
  readonly connector: MonitoredConnector;
  timer: NodeJS.Timeout | undefined;
}

export interface HealthMonitorOptions {
  /** 0 to 1; for tests. Default `Math.random`. */
  readonly random?: () => number;
  /** Hears of a check that failed itself, which the next one follows all the same. */
  onFault(fault: unknown, id: string): void;
}

/** How far an interval varies, so that many connectors do not beat in step. */
const JITTER = 0.2;

/**
 * One loop per connector, each at its own interval and never overlapping itself. There is no cap over all of them: a hung connector then
 * delays nobody else's check.
 */
export class HealthMonitor {
  readonly #loops = new Map<string, Loop>();
  readonly #random: () => number;
  readonly #onFault: HealthMonitorOptions['onFault'];
  #running = false;

  constructor(options: HealthMonitorOptions) {
    this.#onFault = options.onFault;
    this.#random = options.random ?? Math.random;
  }

  /** Starts the loops, once the host serves. The first probes are spread over the interval. */
  start(): void {
    this.#running = true;
    for (const loop of this.#loops.values()) this.#schedule(loop, loop.connector.intervalMs * this.#random());
  }

  /** Watches a connector; one with the same id is replaced. */
  watch(connector: MonitoredConnector): void {
    this.unwatch(connector.id);
    const loop: Loop = { connector, timer: undefined };
    this.#loops.set(connector.id, loop);
    if (this.#running) this.#schedule(loop, connector.intervalMs * this.#random());
  }

  unwatch(id: string): void {
    const loop = this.#loops.get(id);
    if (loop === undefined) return;
    this.#loops.delete(id);
    clearTimeout(loop.timer);
  }

  close(): void {
    this.#running = false;
    for (const id of [...this.#loops.keys()]) this.unwatch(id);
  }

  #schedule(loop: Loop, delayMs: number): void {
    clearTimeout(loop.timer);
    loop.timer = setTimeout(() => void this.#beat(loop), delayMs);
    // A program that embeds the host must be able to end by itself; the servers keep a serving host alive.
    loop.timer.unref();
  }

  async #beat(loop: Loop): Promise<void> {
    try {
      await loop.connector.check();
    } catch (fault) {
      this.#onFault(fault, loop.connector.id);
    }
    if (this.#loops.get(loop.connector.id) !== loop) return;
    const spread = 1 + JITTER * (2 * this.#random() - 1);
    this.#schedule(loop, loop.connector.intervalMs * spread);
  }
}
