import { LEASE_MS } from '../../dist/store/placement-store.js';

/**
 * What the tables of hosts and placements do, in memory and by a clock of the caller's, for simulations. A test asks the same of this and
 * of PostgreSQL, and compares the answers.
 */
export class ModelStore {
  /** Milliseconds. */
  #now;
  /** By id. */
  hosts = new Map();
  /** By connector. */
  placements = new Map();
  /** In order, the connectors whose placements have changed. */
  #changes = [];

  constructor(now) {
    this.#now = now;
  }

  beat(host, { first, plugins, seen, knownSets }) {
    const now = this.#now();
    const known = this.hosts.get(host.id);
    const renewed = first || known?.row.instance === host.instance;
    if (renewed)
      this.hosts.set(host.id, {
        row: host,
        plugins: plugins ?? (first ? undefined : known.plugins),
        since: first ? now : known.since,
        expiresAt: now + LEASE_MS,
      });
    const living = [...this.hosts.values()]
      .filter(({ expiresAt }) => expiresAt > now)
      .map(({ row, since, expiresAt }) => ({
        ...row,
        since: new Date(since).toISOString(),
        lastBeatAt: new Date(expiresAt - LEASE_MS).toISOString(),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const digests = new Set(living.map(({ digest }) => digest).filter((digest) => !knownSets.includes(digest)));
    const sets = new Map(
      [...this.hosts.values()]
        .filter(({ row, plugins: set }) => set !== undefined && digests.has(row.digest))
        .map(({ plugins: set }) => [set.digest, set]),
    );
    const read = seen === undefined ? this.placements.keys() : this.#changedSince(Number(seen));
    const placements = [...read].map((each) => this.#placement(each));
    return { renewed, living, sets: [...sets.values()], placements, seen: String(this.#changes.length) };
  }

  find(connector) {
    const held = this.placements.get(connector);
    return held !== undefined && this.#lives(held.host) ? this.#placement(connector) : undefined;
  }

  take(connector, { id, instance }) {
    const held = this.placements.get(connector);
    const own = this.hosts.get(id);
    const mayTake = own?.row.instance === instance && this.#lives(id);
    if (mayTake && (held === undefined || held.host === id || !this.#lives(held.host)))
      this.#put(connector, { health: '', movedAt: undefined, ...held, host: id, fence: (held?.fence ?? 0) + 1 });
    else if (held === undefined || !this.#lives(held.host)) return undefined;
    return this.#placement(connector);
  }

  hand(connector, { from, to, isMove }) {
    const held = this.placements.get(connector);
    if (held?.host !== from || !this.#lives(to)) return false;
    this.#put(connector, {
      ...held,
      host: to,
      fence: held.fence + 1,
      movedAt: isMove ? this.#now() : held.movedAt,
    });
    return true;
  }

  release(connector, host) {
    const held = this.placements.get(connector);
    if (held?.host === host) this.#put(connector, { ...held, host: '' });
  }

  tellHealth(host, health) {
    for (const [connector, text] of health) {
      const held = this.placements.get(connector);
      if (held?.host === host) this.#put(connector, { ...held, health: text });
    }
  }

  leave({ id, instance }) {
    if (this.hosts.get(id)?.row.instance === instance) this.hosts.delete(id);
  }

  #lives(id) {
    const host = this.hosts.get(id);
    return host !== undefined && host.expiresAt > this.#now();
  }

  #placement(connector) {
    const { host, fence, health, movedAt } = this.placements.get(connector);
    return { connector, host, fence, health, movedMsAgo: movedAt === undefined ? null : this.#now() - movedAt };
  }

  #put(connector, placement) {
    this.placements.set(connector, placement);
    this.#changes.push(connector);
  }

  #changedSince(seen) {
    return new Set(this.#changes.slice(seen));
  }
}
