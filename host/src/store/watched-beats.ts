import { LEASE_MS } from './execution-store.ts';

/** Which other hosts have stopped to give signs of life, by a clock that nobody sets. */
export interface WatchedBeats {
  /** Whether a host has stood at this beat for as long as it was looked at, which is a lease at least. */
  isSilent(host: string, beat: number): boolean;
  /** Forgets all hosts but these. */
  keep(hosts: ReadonlySet<string>): void;
}

export function watchBeats(): WatchedBeats {
  const watched = new Map<string, { readonly beat: number; readonly since: number }>();
  return {
    isSilent(host, beat) {
      const now = performance.now();
      const before = watched.get(host);
      if (before?.beat === beat) return now - before.since >= LEASE_MS;
      watched.set(host, { beat, since: now });
      return false;
    },
    keep(hosts) {
      for (const host of watched.keys()) if (!hosts.has(host)) watched.delete(host);
    },
  };
}
