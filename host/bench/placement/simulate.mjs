import { createHash } from 'node:crypto';
import { NO_MOVES, nextMove, weightOf } from '../../dist/cluster/placement-policy.js';
import { DISTURBANCES } from './disturbances.mjs';
import { ModelStore } from './model-store.mjs';
import { SimulatedHost } from './simulated-host.mjs';
import { randomOf, VirtualTime } from './virtual-time.mjs';

const GIB = 2 ** 30;
/** What the contract allows: until another host has taken what one that was lost held, in milliseconds. */
const TAKEOVER_MS = 5_000;
/** The least that a host takes its load for. */
const ABOUT = 0.85;
/** Between two moves of one connector, in milliseconds. */
const SETTLED_MS = 10 * 60_000;
/**
 * Runs hosts for some virtual time while things happen to them, and checks what must hold. The same options give the same run.
 *
 * @param options.seed of all that is random
 * @param options.hosts how many there are at first
 * @param options.connectors how many connectors
 * @param options.seconds virtual time in all
 * @param options.quietMs how long before the end nothing happens to the hosts any more; default: a minute
 * @param options.looks whether all connectors are looked at each second besides those that are called; default: true
 * @param options.everyMs how often something happens, on average
 * @param options.disturbances names of what may happen; default: all
 * @param options.callsPerSecond calls that are made, over all connectors and hosts
 */
export async function simulate(options) {
  const world = new World(options);
  await world.run();
  return world.result();
}

class World {
  time = new VirtualTime();
  random;
  options;
  store;
  isDatabaseUp = true;
  slowness = 1;
  hosts = [];
  #connectors;
  #disturbedAt = 0;
  #violations = [];
  #moves = [];
  #handed = 0;
  #calls = 0;
  #failed = 0;
  #longestMs = 0;
  #happened = {};
  #trace = createHash('sha256');

  constructor(options) {
    this.options = options;
    this.random = randomOf(options.seed);
    this.store = new ModelStore(() => this.time.now);
    const labelled = options.labelled ?? 0.1;
    this.#connectors = new Map(
      Array.from({ length: options.connectors }, (_, index) => [
        `c${index}`,
        {
          labels: this.random() < labelled ? ['gpu'] : [],
          memoryBytes: this.random() < 0.5 ? 0 : Math.round(this.random() * 96 * 2 ** 20),
          callsPerSecond: this.random() < 0.8 ? 0 : this.random() * 20,
        },
      ]),
    );
    for (let count = 0; count < options.hosts; count += 1) this.add();
  }

  add() {
    const index = this.hosts.length;
    const limit = (this.options.isMixed === true && index % 3 === 0 ? 8 : 4) * GIB;
    const host = new SimulatedHost(this, {
      id: `h${String(index).padStart(3, '0')}`,
      version: '1.0.0',
      labels: index % 2 === 0 ? ['gpu'] : [],
      rate: 1 + (this.random() - 0.5) / 50,
      offset: this.random() * 1e9,
      memory: { memoryBytes: GIB, memoryLimitBytes: limit, memoryFreeBytes: limit / 2 },
    });
    this.hosts.push(host);
    return host;
  }

  /** Starts a host, again and again until it has joined. */
  async restart(host) {
    while (!host.isAlive && !(await host.start())) await this.time.delay(1_000);
    this.disturbed();
  }

  wellHosts() {
    return this.hosts.filter(({ isWell }) => isWell);
  }

  pick(is) {
    const some = this.hosts.filter(is);
    return some[Math.floor(this.random() * some.length)];
  }

  labelsOf(connector) {
    return this.#connectors.get(connector).labels;
  }

  useOf(connector) {
    const { memoryBytes, callsPerSecond } = this.#connectors.get(connector);
    return { memoryBytes, calls: Math.floor((callsPerSecond * this.time.now) / 1_000) };
  }

  latencyMs() {
    const usual = 1 + this.random() * 8;
    return Math.min(2_000, (this.random() < 0.01 ? 30 * usual : usual) * this.slowness);
  }

  callMs() {
    return this.random() < 0.01 ? this.random() * 3_000 : 1 + this.random() * 30;
  }

  /** From now on it counts how long connectors are not to be had. */
  disturbed() {
    this.#disturbedAt = this.time.now;
  }

  async passOn(from, to, call) {
    const host = this.hosts.find(({ id }) => id === to);
    await this.time.delay(1 + this.random());
    if (!host.isAlive) throw Object.assign(new Error('refused'), { details: { reason: 'moved' } });
    // Until one of them hears that the other is gone.
    if (host.isCut || from.isCut) await new Promise(() => undefined);
    await host.answer(call);
    await this.time.delay(1 + this.random());
    if (host.isCut || from.isCut) await new Promise(() => undefined);
  }

  noteSent(call, host) {
    const { connector } = call;
    call.sentAt = this.time.now;
    this.#note(`sent ${connector} ${host.id}`);
    this.#requireAlone(connector, host);
  }

  noteHanded(connector, { from, to, isMove }) {
    this.#note(`handed ${connector} ${from} ${to} ${isMove}`);
    this.#handed += 1;
    if (!isMove) return;
    const { now } = this.time;
    const before = this.#moves.findLast((move) => move.connector === connector);
    if (before !== undefined && now - before.at < SETTLED_MS * 0.9)
      this.#violate(`${connector} was moved to ${before.to}, and after ${now - before.at} ms to ${to}`);
    if (this.#moves.filter((move) => move.to === to && now - move.at < 10_000).length > 20)
      this.#violate(`more than 20 connectors were moved to ${to} in ten seconds`);
    this.#moves.push({ connector, from, to, at: now });
  }

  async run() {
    const {
      seconds,
      quietMs = 60_000,
      everyMs,
      disturbances = Object.keys(DISTURBANCES),
      callsPerSecond,
    } = this.options;
    const endAt = seconds * 1_000;
    const { time } = this;
    for (const host of this.hosts) time.after(this.random() * 1_000, () => void this.restart(host));
    this.#callEach(2_000, this.options.firstMs ?? 10_000);
    const names = [...this.#connectors.keys()];
    let callsMade = 0;
    const call = () => {
      if (time.now < endAt - 10_000) time.after(1_000 / callsPerSecond, call);
      const host = this.pick(({ isWell }) => isWell);
      callsMade += 1;
      if (host !== undefined) void this.#call(host, names[(callsMade * 7) % names.length]);
    };
    time.after(12_000, call);
    const disturb = async () => {
      const nextMs = everyMs * (0.5 + this.random());
      if (time.now + nextMs < endAt - quietMs - 15_000) time.after(nextMs, () => void disturb());
      const name = disturbances[Math.floor(this.random() * disturbances.length)];
      const what = await DISTURBANCES[name](this);
      this.disturbed();
      this.#happened[name] = (this.#happened[name] ?? 0) + 1;
      this.#note(`${name} ${what}`);
    };
    if (disturbances.length > 0) time.after(this.options.disturbAfterMs ?? 15_000, () => void disturb());
    const look = () => {
      time.after(1_000, look);
      for (const connector of names) this.#requireAlone(connector);
    };
    if (this.options.looks !== false) look();
    // All are called once more, so that what nobody holds is found out.
    this.#callEach(endAt - 9_000, 5_000);
    await time.runUntil(endAt);
    for (const connector of names) this.#requireAlone(connector);
  }

  #callEach(fromMs, withinMs) {
    for (const [index, connector] of [...this.#connectors.keys()].entries())
      this.time.at(fromMs + (withinMs * index) / this.#connectors.size, () => {
        const host = this.pick(({ isWell }) => isWell);
        if (host !== undefined) void this.#call(host, connector);
      });
  }

  async #call(host, connector) {
    const since = this.time.now;
    this.#calls += 1;
    const wasUndisturbed = () => host.isWell && this.isDatabaseUp && this.slowness === 1;
    const call = { connector, sentAt: undefined };
    const failure = await host.call(call);
    this.#note(`call ${connector} ${host.id} ${failure?.details?.reason ?? 'OK'}`);
    const labels = this.labelsOf(connector);
    const isFit = this.hosts.some((each) => each.isWell && labels.every((label) => each.labels.includes(label)));
    if (failure !== undefined) this.#failed += 1;
    if (!wasUndisturbed() || !isFit) return;
    const tookMs = (failure === undefined ? call.sentAt : this.time.now) - Math.max(since, this.#disturbedAt);
    this.#longestMs = Math.max(this.#longestMs, tookMs);
    if (tookMs > TAKEOVER_MS)
      this.#violate(`${connector} was not to be had at ${host.id} for ${Math.round(tookMs)} ms: ${failure ?? 'OK'}`);
  }

  /** @param sender who has just sent something for it */
  #requireAlone(connector, sender) {
    const holders = this.hosts.filter((host) => host.isAlive && host.cluster.holds(connector));
    if (sender !== undefined && !holders.includes(sender))
      this.#violate(`${sender.id} sent for ${connector} without it`);
    if (holders.length > 1) this.#violate(`${connector} is held by ${holders.map(({ id }) => id).join(' and ')}`);
  }

  #violate(what) {
    if (this.#violations.length < 10)
      this.#violations.push(`seed ${this.options.seed}, ${Math.round(this.time.now)} ms: ${what}`);
  }

  #note(what) {
    this.#trace.update(`${this.time.now} ${what}\n`);
  }

  /** The hosts that are well, each with what it holds, as the policy is told of them. */
  #views() {
    return this.wellHosts().map((host) => {
      const held = [...this.#connectors].flatMap(([connector, load]) => {
        if (!host.cluster.holds(connector)) return [];
        const move = this.#moves.findLast((each) => each.connector === connector);
        const movedMsAgo = move && this.time.now - move.at;
        return [{ connector, kind: 'simulated', inFlight: 0, ...load, movedMsAgo }];
      });
      const load = held.reduce((sum, each) => sum + weightOf(each), 0);
      return {
        id: host.id,
        labels: host.labels,
        ...host.memory,
        held: held.length,
        load,
        isLeaving: false,
        views: held,
      };
    });
  }

  /** Nobody clearly has more than another host that could take some of it. Calls are averaged, so that hosts know their loads about. */
  #requireEven(views) {
    const hosts = views.map((host) => ({ ...host, load: ABOUT * host.load }));
    for (const { id, views: held } of hosts) {
      const { state } = nextMove(NO_MOVES, { now: this.time.now, self: id, hosts, held, round: 0 });
      if (state.since !== undefined) this.#violate(`${id} has clearly more than it should in the end`);
    }
  }

  result() {
    const hosts = this.#views();
    this.#requireEven(hosts);
    const loads = hosts.map(({ load }) => load);
    const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
    const most = Math.max(...loads);
    const placed = [...this.#connectors.keys()].filter((connector) =>
      this.hosts.some((host) => host.isAlive && host.cluster.holds(connector)),
    ).length;
    const placeable = [...this.#connectors.values()].filter(({ labels }) =>
      this.hosts.some((host) => host.isWell && labels.every((label) => host.labels.includes(label))),
    ).length;
    if (placed < placeable) this.#violate(`${placeable - placed} connectors are held by nobody in the end`);
    return {
      violations: this.#violations,
      hosts: loads.length,
      events: this.time.count,
      happened: this.#happened,
      calls: this.#calls,
      failed: this.#failed,
      longestMs: Math.round(this.#longestMs),
      moves: this.#moves.length,
      handed: this.#handed,
      placed,
      placeable,
      spread: { mean, most, least: Math.min(...loads), ratio: most / mean },
      digest: this.#trace.digest('hex'),
    };
  }
}
