// One contender of `memory`: starts workers of one sort and prints what each of them adds to this process and its children.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createProject } from './bench-project.mjs';

const WORKERS = 20;
const EMPTY = join(import.meta.dirname, 'start-empty.mjs');

const [sort] = process.argv.slice(2);
const project = createProject('connectors: []\n');
const begin = sort.startsWith('empty') ? beginEmpty : await beginConnectors();
// The first of its sort brings along what all of them share, and for processes the spare one.
await begin();
await delay(1500);
const before = census();
for (let n = 0; n < WORKERS; n += 1) await begin();
await delay(3000);
const after = census();
project.dispose();
const each = (what) => (after[what] - before[what]) / WORKERS;
process.stdout.write(
  JSON.stringify(after && { memoryMb: each('memoryMb'), descriptors: each('descriptors') }),
  // Its workers end with it.
  () => process.exit(0),
);

async function beginEmpty() {
  const worker = sort === 'empty-thread' ? new Worker(EMPTY, { env: {} }) : fork(EMPTY, { env: {} });
  await once(worker, 'message');
}

async function beginConnectors() {
  const { createWorkerRuntime } = await import('../dist/runtime/worker-runtime.js');
  const runtime = createWorkerRuntime({ events: { onLog() {}, onState() {}, onCrash() {} } });
  const code = pathToFileURL(join(project.root, 'node_modules/connector-echo/index.js')).href;
  let started = 0;
  return async () => {
    started += 1;
    const id = `c${started}`;
    const worker = runtime.create({
      id,
      kind: 'echo',
      packageName: 'connector-echo',
      packageVersion: '1.0.0',
      isolation: sort,
      code,
      resolveConfig: () => ({
        config: { id, kind: 'echo', scheme: 'http', auth: { type: 'none' }, settings: {} },
        settings: {},
      }),
      startTimeoutMs: 60_000,
      memoryMb: 128,
    });
    await worker.ensure('ready', { deadline: Date.now() + 60_000 });
  };
}

/** What this process and its children hold; null where the system does not say. */
function census() {
  if (!existsSync('/proc/self/smaps_rollup')) return null;
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid);
  const pids = [process.pid, ...children];
  return {
    memoryMb: pids.reduce((sum, pid) => sum + privateMb(pid), 0),
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // gone meanwhile
  }
}

function privateMb(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (what) => Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  return (of('Private_Clean') + of('Private_Dirty')) / 1024;
}
