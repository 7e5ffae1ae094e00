import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseThread } from './database-thread.ts';
import { keepOutcomes } from './keep-outcomes.ts';
import type { OutcomeThreadData } from './outcome-entry.ts';
import type { OutcomeStep, StepAnswer } from './outcome-steps.ts';
import type { OutcomeStore } from './outcome-store.ts';
import { outcomeOwners } from './outcome-table.ts';

/**
 * Outcomes in `outcomes.db` of a data directory, with mode 0600. File and thread are made with the first call that needs them.
 * Several hosts may use one directory: each holds a lock for as long as it lives, so that the others know what it left unfinished.
 */
export function openSqliteOutcomeStore(directory: string): OutcomeStore {
  const file = join(directory, 'outcomes.db');
  return keepOutcomes({
    isEmpty: () => !existsSync(file),
    openSink() {
      const { owner, release } = outcomeOwners(directory).hold();
      const thread = new DatabaseThread<readonly OutcomeStep[]>({
        entry: new URL('./outcome-entry.js', import.meta.url),
        name: 'outcomes',
        what: 'the outcomes of calls cannot be kept',
        data: (): OutcomeThreadData => ({ file, owner }),
      });
      return {
        write: async (steps) => (await thread.ask(steps)) as readonly StepAnswer[],
        async close() {
          await thread.close();
          release();
        },
      };
    },
  });
}
