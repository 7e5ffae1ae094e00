import { UnavailableError } from '@automate/contract';
import { Cluster } from '../../dist/cluster/cluster.js';

/** As the host's own pool of connections: for how long it tries again, and how often, in milliseconds. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 250;
/** As the host's own passing on: how often it looks again for who holds a connector, and for how long, in milliseconds. */
const STEP_MS = 100;
const CALL_PATIENCE_MS = 8_000;

/**
 * A process of a host: the real `Cluster`, over a store that is asked over a simulated network, and with a clock of its own, which may
 * run faster or slower, and stands still while its machine is suspended.
 */
export class SimulatedProcess {
  isAlive = true;
  cluster;
  #host;
  #world;
  #clock;
  /** Calls under way, by connector. */
  #inFlight = new Map();

  constructor(host, world, { id, version, labels, memory }) {
    this.#host = host;
    this.#world = world;
    this.#clock = host.clock;
    this.cluster = new Cluster({
      store: this.#store(),
      clock: {
        now: this.#clock.now,
        after: (ms, run) => this.#later(ms, run),
        every: (ms, run) => this.#every(ms, run),
      },
      host: { id, name: id, version, labels, pid: 1 },
      memory: () => memory,
      labelsOf: (connector) => world.labelsOf(connector),
      kindOf: () => 'simulated',
      lacksKind: () => false,
      plugins: () => ({ kinds: ['simulated'], packages: [], digest: version }),
      useOf: (connector) => ({ ...world.useOf(connector), inFlight: this.#inFlight.get(connector) ?? 0 }),
      letGo: (connector, how) => this.#letGo(connector, how),
      healthOf: (connector) => ({ id: connector, status: 'healthy', message: id, blame: 'none' }),
      onDrift: () => undefined,
      onNews: () => undefined,
      onLost: () => this.#inFlight.clear(),
      onLease: () => undefined,
    });
  }

  async join() {
    try {
      await this.cluster.join(this.#host.id);
    } catch {
      this.isAlive = false;
    }
    return this.isAlive;
  }

  /** Calls a connector at this host. Gives the error with which it ended, if it did. */
  async call(call) {
    const { connector } = call;
    const { time } = this.#world;
    const since = time.now;
    for (;;) {
      await this.#awake();
      const failure = await this.#callOnce(call).then(
        () => undefined,
        (error) => error,
      );
      if (failure === undefined) return undefined;
      if (failure.details?.reason !== 'moved' || time.now - since >= CALL_PATIENCE_MS) return failure;
      this.cluster.forget(connector);
      await this.#awake(STEP_MS);
    }
  }

  async #callOnce(call) {
    const { connector } = call;
    const holder = await this.cluster.find(connector, { here: false });
    if (holder.mine) return this.#run(call);
    const life = this.cluster.lifeOf(holder.host);
    if (life === undefined) throw moved('it lives no more');
    const { promise: gone, reject } = Promise.withResolvers();
    const leave = () => reject(moved('it lives no more'));
    life.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([gone, this.#world.passOn(this.#host, holder.host.id, call)]);
    } finally {
      life.removeEventListener('abort', leave);
    }
  }

  /** What another host has passed on. */
  async answer(call) {
    const { connector } = call;
    await this.#awake();
    const holder = await this.cluster.find(connector, { here: true });
    if (!holder.mine) throw moved('another one holds it');
    await this.#run(call);
  }

  async #run(call) {
    const { connector } = call;
    if (!this.cluster.serves(connector)) throw moved('it is held no more');
    const counts = this.#inFlight;
    counts.set(connector, (counts.get(connector) ?? 0) + 1);
    try {
      // What a start takes, or a place among the connector's calls.
      await this.#awake(this.#world.random() < 0.1 ? 150 : 1);
      if (!this.cluster.holds(connector)) throw moved('it is held no more');
      this.#world.noteSent(call, this.#host);
      await this.#awake(this.#world.callMs());
    } finally {
      counts.set(connector, (counts.get(connector) ?? 1) - 1);
    }
  }

  async #letGo(connector, { withinMs, force }) {
    const until = this.#world.time.now + withinMs;
    while ((this.#inFlight.get(connector) ?? 0) > 0) {
      if (this.#world.time.now >= until) {
        if (!force) return false;
        break;
      }
      await this.#awake(10);
    }
    await this.#awake(20);
    return true;
  }

  #later(ms, run) {
    const { time } = this.#world;
    return time.after(this.#clock.toReal(ms), () => {
      if (!this.isAlive) return;
      if (this.#host.isAsleep) time.at(this.#host.asleepUntil, () => void (this.isAlive && run()));
      else run();
    });
  }

  #every(ms, run) {
    let stop;
    const next = () => {
      stop = this.#later(ms, () => {
        next();
        run();
      });
    };
    next();
    return () => stop();
  }

  /** Resolves once so much time has passed and it is awake; never where it has ended by then. */
  async #awake(ms = 0) {
    const { time } = this.#world;
    if (ms > 0) await time.delay(ms);
    while (this.isAlive && this.#host.isAsleep) await time.delay(this.#host.asleepUntil - time.now);
    if (!this.isAlive) await new Promise(() => undefined);
  }

  #store() {
    const world = this.#world;
    const { time, store } = world;
    const ask = async (execute, onSend) => {
      const until = time.now + PATIENCE_MS;
      const canReach = () => world.isDatabaseUp && !this.#host.isCut;
      for (;;) {
        if (canReach()) {
          onSend?.();
          await time.delay(world.latencyMs());
          if (canReach()) {
            // Also for a process that has ended meanwhile, which had sent it.
            const answer = execute();
            await time.delay(world.latencyMs());
            while (!canReach() && time.now < until) await this.#awake(RETRY_MS);
            await this.#awake();
            if (canReach()) return answer;
          }
        }
        if (time.now >= until) throw storeLost();
        await this.#awake(RETRY_MS);
      }
    };
    return {
      beat: (host, options) => ask(() => store.beat(host, options), options.onSend),
      find: (connector) => ask(() => store.find(connector)),
      take: (connector, host) => ask(() => store.take(connector, host)),
      hand: (connector, hosts) =>
        ask(() => {
          const isHanded = store.hand(connector, hosts);
          if (isHanded) world.noteHanded(connector, hosts);
          return isHanded;
        }),
      release: (connector, host) => ask(() => store.release(connector, host)),
      tellHealth: (host, health) => ask(() => store.tellHealth(host, health)),
      leave: (host) => ask(() => store.leave(host)),
      close: async () => undefined,
    };
  }
}

function moved(message) {
  return new UnavailableError(message, { details: { reason: 'moved' } });
}

function storeLost() {
  return new UnavailableError('the database is away', { details: { reason: 'store_lost' } });
}
