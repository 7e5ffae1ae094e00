/** What may happen to simulated hosts. Each gives what it did, and says when hosts are as well again as they get. */
export const DISTURBANCES = {
  /** A process ends without a word, and comes back or does not. */
  async die(world) {
    const host = world.pick((each) => each.isWell);
    if (host === undefined || world.wellHosts().length < 3) return 'nobody';
    host.kill();
    if (world.random() < 0.7) world.time.after(500 + world.random() * 10_000, () => world.restart(host));
    return host.id;
  },
  /** The network of a host is away, to the database and to the other hosts. */
  async cutOff(world) {
    const host = world.pick((each) => each.isWell);
    if (host === undefined || world.wellHosts().length < 3) return 'nobody';
    const ms = 500 + world.random() * 12_000;
    host.isCut = true;
    world.time.after(ms, () => {
      host.isCut = false;
      world.disturbed();
    });
    return `${host.id} ${Math.round(ms)}`;
  },
  /** A process, or its whole machine with its clock, stands still. */
  async sleep(world) {
    const host = world.pick((each) => each.isWell);
    if (host === undefined || world.wellHosts().length < 3) return 'nobody';
    const ms = 200 + world.random() * 12_000;
    const isSuspended = world.random() < 0.5;
    host.sleep(ms, { isSuspended });
    world.time.after(ms, () => world.disturbed());
    return `${host.id} ${Math.round(ms)} ${isSuspended}`;
  },
  async loseDatabase(world) {
    const ms = 500 + world.random() * 15_000;
    world.isDatabaseUp = false;
    world.time.after(ms, () => {
      world.isDatabaseUp = true;
      world.disturbed();
    });
    return String(Math.round(ms));
  },
  /** The database answers slowly. */
  async slowDatabase(world) {
    const ms = 1_000 + world.random() * 10_000;
    world.slowness = 20 + world.random() * 60;
    world.time.after(ms, () => {
      world.slowness = 1;
      world.disturbed();
    });
    return `${Math.round(world.slowness)} ${Math.round(ms)}`;
  },
  async join(world) {
    const host = world.add();
    void world.restart(host);
    return host.id;
  },
  /** A host is told to end, for good. */
  async leave(world) {
    const host = world.pick((each) => each.isWell);
    if (host === undefined || world.wellHosts().length < 3) return 'nobody';
    void host.end().then(() => world.disturbed());
    return host.id;
  },
  /** Hosts are told to end one after the other, and come back. */
  async upgrade(world) {
    const hosts = world.wellHosts();
    if (hosts.length < 2) return 'nobody';
    void (async () => {
      for (const host of hosts.slice(0, world.options.upgrades ?? 3)) {
        if (!host.isWell) continue;
        await host.end();
        world.disturbed();
        await world.time.delay(1_000 + world.random() * 2_000);
        await world.restart(host);
        await world.time.delay(2_000);
      }
    })();
    return hosts.map(({ id }) => id).join();
  },
};
