import { wakefulClock } from '../../dist/cluster/clock.js';
import { SimulatedProcess } from './simulated-process.mjs';

/** A host of a simulation, over the processes that it has had. */
export class SimulatedHost {
  isEnding = false;
  isCut = false;
  #world;
  #plan;
  #process;
  #asleepUntil = 0;
  /** Milliseconds in all for which its machine was suspended, but for the time since it was last. */
  #suspended = 0;
  #suspendedAt;

  constructor(world, plan) {
    this.#world = world;
    this.#plan = plan;
  }

  get id() {
    return this.#plan.id;
  }

  get labels() {
    return this.#plan.labels;
  }

  get memory() {
    return this.#plan.memory;
  }

  get isAlive() {
    return this.#process?.isAlive === true;
  }

  get cluster() {
    return this.#process.cluster;
  }

  get isAsleep() {
    return this.#world.time.now < this.#asleepUntil;
  }

  /** Whether it can do what hosts do. */
  get isWell() {
    return this.isAlive && !this.isCut && !this.isAsleep && !this.isEnding;
  }

  get clock() {
    const { time } = this.#world;
    const { rate, offset } = this.#plan;
    const stood = () => this.#suspended + (this.#suspendedAt === undefined ? 0 : time.now - this.#suspendedAt);
    return {
      now: wakefulClock({ steady: () => (time.now - stood()) * rate, wall: () => offset + time.now * rate }),
      toReal: (ms) => ms / rate,
    };
  }

  /** Until when nothing runs here. */
  get asleepUntil() {
    return this.#asleepUntil;
  }

  /** Starts its process. Gives whether it has joined; where the database is away it ends again. */
  async start() {
    const process = new SimulatedProcess(this, this.#world, this.#plan);
    this.#process = process;
    this.isEnding = false;
    return process.join();
  }

  /** Its process ends at once. */
  kill() {
    this.#process.isAlive = false;
    this.#wake();
  }

  /** Its process is told to end, and does. */
  async end() {
    const process = this.#process;
    this.isEnding = true;
    await process.cluster.leave();
    await process.cluster.close();
    process.isAlive = false;
  }

  /** Nothing of it runs for a while; with `isSuspended` its clock stands still meanwhile. */
  sleep(ms, { isSuspended }) {
    const until = this.#world.time.now + ms;
    this.#asleepUntil = until;
    if (isSuspended) this.#suspendedAt = this.#world.time.now;
    this.#world.time.at(until, () => this.#asleepUntil === until && this.#wake());
  }

  #wake() {
    this.#asleepUntil = 0;
    if (this.#suspendedAt !== undefined) this.#suspended += this.#world.time.now - this.#suspendedAt;
    this.#suspendedAt = undefined;
  }

  call(call) {
    return this.#process.call(call);
  }

  answer(call) {
    return this.#process.answer(call);
  }
}
