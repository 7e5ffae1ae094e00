// A host whose executions are measured. node executions-host.mjs PROJECT DATA_DIR KEY_FILE [STORE_URL]
import { openHost } from './bench-project.mjs';
import { answerLoad } from './executions-load.mjs';

const [root, dataDir, keyFile, storeUrl] = process.argv.slice(2);
const env = { DATA_DIR: dataDir, MASTER_KEY_FILE: keyFile, ...(storeUrl && { STORE_URL: storeUrl }) };
const { service } = await openHost(root, { env, serve: true });
const seen = new Set();
answerLoad(() => service.startExecution({ id: 'echo', action: 'echo', payload: { text: 'x'.repeat(80) } }), {
  /** Of those that were not asked for before; undefined while one has not ended. */
  async waits() {
    const waiting = await service.listExecutions({ status: ['queued', 'running'], limit: 1 });
    if (waiting.executions.length > 0) return undefined;
    const waits = [];
    for (let cursor; ;) {
      const page = await service.listExecutions({ limit: 1_000, ...(cursor !== undefined && { after: cursor }) });
      const fresh = page.executions.filter(({ id }) => !seen.has(id));
      for (const { id, createdAt, endedAt } of fresh) {
        seen.add(id);
        waits.push(Date.parse(endedAt) - Date.parse(createdAt));
      }
      cursor = page.next;
      if (cursor === undefined || fresh.length === 0) return waits;
    }
  },
});
