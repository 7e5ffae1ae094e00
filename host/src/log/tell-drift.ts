import type { PackageDrift } from '@automate/contract';
import type { HostLog } from './host-log.ts';

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
