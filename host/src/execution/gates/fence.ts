import { notHeld } from '../not-held.ts';
import type { Gate } from './gate.ts';

/** Whether this host may send calls to a connector now: where hosts share connectors, one of them may at a time. */
export type MaySend = (connector: string) => boolean;

/** The last gate before an attempt is sent: what waited for others may have lost the right to it meanwhile. */
export function createFence(maySend: MaySend): Gate<{ readonly target: { readonly id: string } }> {
  return {
    name: 'fence',
    concerns: ({ target }) => !maySend(target.id),
    admit: ({ target }) => {
      throw notHeld(target.id);
    },
  };
}
