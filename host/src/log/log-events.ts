import type { HostEvents } from '../events/host-events.ts';
import type { HostLog } from './host-log.ts';
import { recordFields } from './record-fields.ts';

/** Writes what connectors say, and that their workers died, into the host's log. */
export function logEvents(events: HostEvents, log: HostLog): void {
  events.on('log', (record) => log[record.level](recordFields(record), record.message));
  events.on('crash', (connector, error) => log.warn({ connector, reason: error.details?.['reason'] }, error.message));
  events.on('heldBack', (connector, reason) =>
    log.warn(
      { connector, event: 'held_back', reason },
      `connector "${connector}" goes on as it was: a change is held back`,
    ),
  );
}
