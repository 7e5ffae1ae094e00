import type { ConfigDrift, PackageDrift } from '@automate/contract';
import type { HostLog } from './host-log.ts';
import { seldom } from './seldom.ts';

/** Says in what this host's packages are not those of all hosts that share its store; empty: they are alike again. */
export function tellDrift(log: HostLog, drift: readonly PackageDrift[]): void {
  if (drift.length === 0) {
    log.info({ event: 'plugins_alike' }, 'all hosts have the same packages again');
    return;
  }
  const words = drift.map(({ package: name, version }) =>
    version === undefined ? `no ${name}` : `${name} ${version}`,
  );
  log.warn(
    { event: 'plugins_differ', drift },
    `other hosts have other packages, and run what this one cannot: here is ${words.join(', ')}; "automate hosts" shows what each has, "automate plugins" changes it`,
  );
}

/** Says in what this host's configuration file is not that of all hosts that share its store; empty: they are alike again. */
export function tellConfigDrift(log: HostLog, drift: readonly ConfigDrift[]): void {
  if (drift.length === 0) {
    log.info({ event: 'configs_alike' }, 'the configuration files of all hosts say the same again');
    return;
  }
  const words = drift.map(({ part, form }) => (form === undefined ? `no ${part}` : part));
  log.warn(
    { event: 'configs_differ', drift },
    `the configuration files of other hosts say something else, so that callers are answered differently: here is ${words.join(', ')}; "automate hosts" shows whose differs, and it is to be made like the others by hand`,
  );
}

/** Says that the store is lost, and that it is there again. */
export function tellStore(log: HostLog, lost: unknown): void {
  if (lost === undefined) log.info({ event: 'store_back' }, 'the store is there again');
  else
    log.error(
      { event: 'store_lost', err: lost },
      'the store is lost: calls without a key go on, all else waits or is refused',
    );
}

/** Says that this host takes no connectors, or takes them again. */
export function tellDrained(log: HostLog, isDrained: boolean): void {
  if (isDrained)
    log.info(
      { event: 'host_drained' },
      'this host is drained: it takes no connectors, gives those that it holds to others, and passes calls on, until it is undrained or started again',
    );
  else log.info({ event: 'host_undrained' }, 'this host takes connectors again');
}

/** How often it is said that clocks differ, in milliseconds. */
const CLOCK_EVERY_MS = 3_600_000;

/** Says, once an hour at most, by how many milliseconds the store's clock is ahead of this machine's. */
export function clockTeller(log: HostLog): (aheadMs: number) => void {
  const tell = seldom(CLOCK_EVERY_MS, (aheadMs: number) =>
    log.warn({ event: 'clock_differs', aheadMs }, `${describeClocks(aheadMs)}; ${CLOCK_REMEDY}`),
  );
  return (aheadMs) => tell('', aheadMs);
}

/** @param aheadMs of the store's clock */
export function describeClocks(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return `the clock of this machine is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} that of the store's database: logs and calls of several hosts are out of order`;
}

/** Who must do what about it. */
export const CLOCK_REMEDY =
  'whoever runs this machine has it keep its clock by NTP, and whoever runs the database that of its machine';

/** Says that this host may run nothing of what only one host may, and that it may again. */
export function tellLease(log: HostLog, lost: unknown): void {
  if (lost === undefined)
    log.info({ event: 'lease_back' }, 'this host holds a lease again, and may run connectors that it takes');
  else
    log.error(
      { event: 'lease_lost', err: lost },
      'this host could not renew its lease, and has stopped the connectors that it held',
    );
}
