import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keepOutcomes } from './keep-outcomes.ts';
import type { OutcomeStore } from './outcome-store.ts';
import { outcomeOwners } from './outcome-table.ts';
import { openOwnedSink } from './owned-sink.ts';

/**
 * Outcomes in `outcomes.db` of a data directory, with mode 0600. File and thread are made with the first call that needs them.
 * Several hosts may use one directory: each holds a lock for as long as it lives, so that the others know what it left unfinished.
 */
export function openSqliteOutcomeStore(directory: string): OutcomeStore {
  const file = join(directory, 'outcomes.db');
  return keepOutcomes({
    isEmpty: () => !existsSync(file),
    openSink: () =>
      openOwnedSink({
        file,
        owners: outcomeOwners(directory),
        entry: new URL('./outcome-entry.js', import.meta.url),
        name: 'outcomes',
        what: 'the outcomes of calls cannot be kept',
      }),
  });
}
