// P7 and P10: how long a cold connector takes to its first answer, and one whose worker crashed to its next, against an empty worker of the
// same kind. What the connector itself imports is its own: it is measured in an empty worker, and allowed on top.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createProject } from './bench-project.mjs';
import { printTable } from './bench-table.mjs';

export const name = 'start';

const ROUNDS = 15;
const EMPTY = join(import.meta.dirname, 'start-empty.mjs');
const ISOLATION = ['thread', 'process'];
const DEADLINE_MS = 60_000;

/** Measures and prints. */
export async function run() {
  const { createWorkerRuntime } = await import('../dist/runtime/worker-runtime.js');
  const project = createProject('connectors: []\n', { echo: MORTAL });
  const code = pathToFileURL(join(project.root, 'node_modules/connector-echo/index.js')).href;
  const runtime = createWorkerRuntime({
    events: { onLog() {}, onState() {}, onCrash() {} },
    compileCacheDirectory: join(project.root, 'cache'),
    // A crash a round is no loop of crashes here.
    policy: { maxCrashes: 1e6, initialDelayMs: 0, maxDelayMs: 0 },
  });
  const samples = Object.fromEntries(ISOLATION.map((kind) => [kind, { empty: [], allowed: [], first: [], next: [] }]));
  try {
    // The first round fills caches, and starts the first spare.
    for (let round = 0; round <= ROUNDS; round += 1)
      for (const kind of ISOLATION) {
        const empty = await emptyStart(kind, code);
        const ours = await ourStart(runtime, kind, `${kind}-${round}`, code);
        if (round === 0) continue;
        samples[kind].empty.push(empty.startMs);
        samples[kind].allowed.push(0.7 * empty.startMs + empty.importMs);
        samples[kind].first.push(ours.firstMs);
        samples[kind].next.push(ours.nextMs);
      }
  } finally {
    await runtime.close();
    project.dispose();
  }
  for (const kind of ISOLATION) {
    const { empty, allowed, first, next } = samples[kind];
    printTable(`a cold connector in a ${kind}`, [
      { name: `0.7 × an empty ${kind}, and the import of the connector in it`, samples: allowed },
      { name: 'from nothing to the first answer', samples: first, goal: 1 },
    ]);
    printTable(`a ${kind} that crashed`, [
      { name: `an empty ${kind}`, samples: empty },
      { name: 'from the crash to the next answer', samples: next, goal: 2 },
    ]);
  }
}

const MORTAL = `import { ConnectorAdapter } from '@automate/sdk';
export default class Echo extends ConnectorAdapter {
  name = 'echo';
  version = '1.0.0';
  async connect() { return true; }
  async execute(action, payload) { return action === 'die' ? process.exit(1) : payload; }
}
`;

/** From nothing to the first word of an empty worker, and what it then takes to import the connector. */
async function emptyStart(kind, code) {
  const startedAt = performance.now();
  const worker = kind === 'thread' ? new Worker(EMPTY, { env: {} }) : fork(EMPTY, { env: {} });
  await once(worker, 'message');
  const startMs = performance.now() - startedAt;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const post = (message) => (kind === 'thread' ? worker.postMessage(message) : worker.send(message));
  post(code);
  const [importMs] = await once(worker, 'message');
  if (kind === 'thread') await worker.terminate();
  else {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  return { startMs, importMs };
}

async function ourStart(runtime, isolation, id, code) {
  const worker = runtime.create({
    id,
    kind: 'echo',
    packageName: 'connector-echo',
    packageVersion: '1.0.0',
    isolation,
    code,
    resolveConfig: () => ({
      config: { id, kind: 'echo', scheme: 'http', auth: { type: 'none' }, settings: {} },
      settings: {},
    }),
    startTimeoutMs: DEADLINE_MS,
    memoryMb: 128,
  });
  // A spare worker is made some time after the last one was taken.
  await delay(1500);
  const firstMs = await timeToAnswer(worker);
  await delay(1500);
  await call(worker, 'die');
  const nextMs = await timeToAnswer(worker);
  await worker.close();
  return { firstMs, nextMs };
}

async function timeToAnswer(worker) {
  const startedAt = performance.now();
  await worker.ensure('ready', { deadline: Date.now() + DEADLINE_MS });
  const outcome = await call(worker, 'echo');
  if (!outcome.ok) throw new Error(outcome.error.message);
  return performance.now() - startedAt;
}

const call = (worker, action) =>
  worker.call({ op: 'execute', action, payload: '{}', deadline: Date.now() + DEADLINE_MS });
