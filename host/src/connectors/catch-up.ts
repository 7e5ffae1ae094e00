import type { OverlayStore } from '../store/overlay-store.ts';
import type { ProfileStore } from '../store/profile-store.ts';
import type { AppliedChange, Changes, Plan } from './changes.ts';
import { readProfiles } from './profiles.ts';
import type { Sources } from './registry.ts';

export interface CatchUpOptions {
  readonly changes: Changes;
  readonly profiles: ProfileStore;
  readonly overlays: OverlayStore;
}

/** Puts to work what another host has written of connectors, profiles and overlays. What runs and is the same goes on. */
export function catchUp({ changes, profiles, overlays }: CatchUpOptions): Promise<AppliedChange> {
  return changes.ofAll<AppliedChange>(() => {
    let read: { readonly before: Sources; readonly kept: Pick<Sources, 'setProfiles' | 'overlays'> } | undefined;
    return ({ sources }): Plan<AppliedChange> | Promise<unknown> => {
      // A change that this host made meanwhile may not be among what was read.
      if (read === undefined || read.before !== sources)
        return Promise.all([profiles.load(), overlays.load()]).then(([setProfiles, set]) => {
          read = { before: sources, kept: { setProfiles: readProfiles(setProfiles).profiles, overlays: set } };
        });
      return { sources: read.kept, written: true, answer: (change) => change };
    };
  });
}
