import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseThread } from './database-thread.ts';
import { lockFile } from './file-lock.ts';
import { keepOutcomes } from './keep-outcomes.ts';
import type { OutcomeThreadData } from './outcome-entry.ts';
import type { OutcomeStep, StepAnswer } from './outcome-steps.ts';
import type { OutcomeStore } from './outcome-store.ts';
import { ownerFile } from './outcome-table.ts';

/**
 * Outcomes in `outcomes.db` of a data directory, with mode 0600. File and thread are made with the first call that needs them.
 * Several hosts may use one directory: each holds a lock for as long as it lives, so that the others know what it left unfinished.
 */
export function openSqliteOutcomeStore(directory: string): OutcomeStore {
  const file = join(directory, 'outcomes.db');
  return keepOutcomes({
    isEmpty: () => !existsSync(file),
    openSink() {
      const { owner, release } = holdOwner(directory);
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

/** Takes a name for this host, under which others can find out whether it lives. */
function holdOwner(directory: string): { readonly owner: string; release(): void } {
  for (;;) {
    const owner = randomUUID();
    const file = ownerFile(directory, owner);
    const unlock = lockFile(file, 'the outcomes of calls cannot be kept');
    // Another host may have looked for its owner before it was held, and taken it away.
    if (unlock === undefined || !existsSync(file)) {
      unlock?.();
      continue;
    }
    return {
      owner,
      release() {
        rmSync(file, { force: true });
        unlock();
      },
    };
  }
}
