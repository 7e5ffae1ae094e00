import type { HostInfo } from '@automate/contract';
import type { LivingHost } from '../store/placement-store.ts';

/** What others are told of hosts, in order of id. */
export function listHosts(living: readonly LivingHost[]): readonly HostInfo[] {
  return living.map(({ id, name, version, address, labels, since, lastBeatAt, held, memoryBytes }) => ({
    ...{ id, name, version, address, labels, since, lastBeatAt, held, memoryBytes },
    drift: [],
  }));
}
