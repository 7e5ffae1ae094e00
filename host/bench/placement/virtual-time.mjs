/** Time that passes only as events are run, in order; of the same moment, in the order in which they were asked for. Nothing waits really. */
export class VirtualTime {
  /** Milliseconds. */
  now = 0;
  /** Events that were run. */
  count = 0;
  #heap = [];
  #made = 0;

  /** @returns what calls it off */
  at(time, run) {
    const event = { time: Math.max(time, this.now), order: (this.#made += 1), run };
    this.#push(event);
    return () => (event.run = undefined);
  }

  after(ms, run) {
    return this.at(this.now + ms, run);
  }

  delay(ms) {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Runs what is due until then. `each` is called after each event, once all that follows from it at once has happened. */
  async runUntil(time, each = () => undefined) {
    for (let next = this.#heap[0]; next !== undefined && next.time <= time; next = this.#heap[0]) {
      this.#pop();
      if (next.run === undefined) continue;
      this.now = next.time;
      this.count += 1;
      next.run();
      await new Promise(setImmediate);
      each();
    }
    this.now = time;
  }

  #push(event) {
    const heap = this.#heap;
    heap.push(event);
    let at = heap.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[above])) break;
      [heap[at], heap[above]] = [heap[above], heap[at]];
      at = above;
    }
  }

  #pop() {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < heap.length && isBefore(heap[left], heap[first])) first = left;
      if (right < heap.length && isBefore(heap[right], heap[first])) first = right;
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first], heap[at]];
      at = first;
    }
  }
}

function isBefore(a, b) {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
