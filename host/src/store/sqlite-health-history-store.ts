import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnedFile } from './answer-batches.ts';
import { DatabaseThread } from './database-thread.ts';
import type { HealthHistoryStore, KeptFinding } from './health-history-store.ts';
import type { HealthStep } from './health-table.ts';

/** How connectors were, in `health.db` of a data directory, with mode 0600. File and thread are made with the first finding. */
export function openSqliteHealthHistoryStore(directory: string): HealthHistoryStore {
  const file = join(directory, 'health.db');
  const thread = new DatabaseThread<readonly HealthStep[]>({
    entry: new URL('./health-entry.js', import.meta.url),
    name: 'health',
    what: 'how connectors were cannot be kept',
    data: (): OwnedFile => ({ file, owner: '' }),
  });
  const ask = async (step: HealthStep): Promise<readonly KeptFinding[]> => {
    const [answer = []] = (await thread.ask([step])) as readonly (readonly KeptFinding[])[];
    return answer;
  };
  return {
    add: async (findings) => void (await ask({ add: findings })),
    list: async (connector) => (existsSync(file) ? ask({ list: connector }) : []),
    async forget(connector) {
      if (existsSync(file)) await ask({ forget: connector });
    },
    close: () => thread.close(),
  };
}
