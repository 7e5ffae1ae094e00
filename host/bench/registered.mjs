// P8: what 1,000 registered connectors cost while none of them runs.
import { Session } from 'node:inspector/promises';
import { readdirSync } from 'node:fs';
import { createProject, openHost } from './bench-project.mjs';
import { spread } from './bench-table.mjs';

export const name = 'registered';

const CONNECTORS = 1_000;
const ROUNDS = 7;

/** Measures and prints. */
export async function run() {
  const session = new Session();
  session.connect();
  const heapAfterCollection = async () => {
    await session.post('HeapProfiler.collectGarbage');
    return process.memoryUsage().heapUsed;
  };
  const perConnector = [];
  const listTimes = [];
  let threads = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sizes = [];
    for (const count of [0, CONNECTORS]) {
      const yaml = Array.from(
        { length: count },
        (_, index) => `  - { id: c${index}, kind: echo, tags: [bench] }\n`,
      ).join('');
      const project = createProject(`connectors:${count === 0 ? ' []' : `\n${yaml}`}`);
      const threadsBefore = countThreads();
      const host = await openHost(project.root);
      sizes.push(await heapAfterCollection());
      if (count > 0) {
        threads = Math.max(threads, countThreads() - threadsBefore);
        const startedAt = performance.now();
        await host.service.list();
        listTimes.push(performance.now() - startedAt);
      }
      await host.close();
      project.dispose();
    }
    // The first round also pays for what is loaded once.
    if (round > 0) perConnector.push((sizes[1] - sizes[0]) / CONNECTORS / 1024);
  }
  session.disconnect();
  console.log(`  heap per connector   ${spread(perConnector)} KB (goal: ≤ 6 KB)`);
  console.log(`  ListConnectors       ${spread(listTimes)} ms for ${CONNECTORS} (goal: ≤ 5 ms)`);
  console.log(`  further threads      ${threads} (goal: 0)`);
}

function countThreads() {
  try {
    return readdirSync('/proc/self/task').length;
  } catch {
    return 0; // not Linux
  }
}
