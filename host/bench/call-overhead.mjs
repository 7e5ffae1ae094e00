// P1, P2 and P12: what a call into a connector's thread or process costs, against bare message passing and against other ways to call a
// thread. Each scene is a process of its own; with one call at a time both its threads are pinned to one CPU, since
// unpinned such figures depend on where the scheduler happens to put them.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { printTable } from './bench-table.mjs';
import * as contenders from './contenders.mjs';
import { payloadOf } from './payload-of.mjs';

export const name = 'call-overhead';

const ROUNDS = 9;
const SELF = fileURLToPath(import.meta.url);

const {
  comlinkCall,
  pingPong,
  piscinaLoop,
  piscinaRun,
  processCall,
  runtimeCall,
  serviceKeyed,
  serviceText,
  serviceValue,
  tinypoolLoop,
  tinypoolRun,
  workerpoolExec,
} = contenders;
const OURS = [runtimeCall, serviceText, serviceValue];
const OTHERS = [tinypoolRun, piscinaRun, tinypoolLoop, piscinaLoop, comlinkCall, workerpoolExec];

/** Goals are ratios against the first contender, by name. */
const SCENES = {
  'one call at a time, 100 B, both threads on one CPU': {
    inFlight: 1,
    bytes: 100,
    calls: 4000,
    pinned: true,
    line: [pingPong, ...OURS, ...OTHERS],
    goals: { [serviceText.name]: 1.6, [serviceValue.name]: 1.6 },
  },
  '64 calls in flight, 100 B': {
    inFlight: 64,
    bytes: 100,
    calls: 20_000,
    line: [pingPong, ...OURS, ...OTHERS],
    goals: { [serviceText.name]: 1.1, [serviceValue.name]: 1.1 },
  },
  '64 calls in flight, 10 KB': {
    inFlight: 64,
    bytes: 10_000,
    calls: 6000,
    line: [tinypoolRun, piscinaRun, pingPong, ...OURS],
    goals: { [serviceText.name]: 0.65, [serviceValue.name]: 0.65 },
  },
  'a call with an idempotency key against one without, one at a time, 100 B': {
    inFlight: 1,
    bytes: 100,
    calls: 400,
    line: [serviceText, serviceKeyed],
    goals: {},
  },
  'a call with an idempotency key against one without, 64 in flight, 100 B': {
    inFlight: 64,
    bytes: 100,
    calls: 4000,
    line: [serviceText, serviceKeyed],
    goals: {},
  },
  // P12
  'a process for the connector against a thread, one call at a time, 100 B': {
    inFlight: 1,
    bytes: 100,
    calls: 4000,
    line: [runtimeCall, processCall],
    goals: { [processCall.name]: 2 },
  },
  'a process for the connector against a thread, 64 in flight, 100 B': {
    inFlight: 64,
    bytes: 100,
    calls: 20_000,
    line: [runtimeCall, processCall],
    goals: { [processCall.name]: 1.5 },
  },
};

/** Measures and prints. */
export async function run() {
  const taskset = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
  for (const [title, { pinned = false, line, goals, inFlight }] of Object.entries(SCENES)) {
    const samples = measureInProcess(title, pinned && taskset);
    const rows = line.map((contender) => ({
      name: contender.name,
      samples: samples[contender.name],
      goal: goals[contender.name],
    }));
    printTable(pinned && !taskset ? `${title} (not pinned: no taskset here)` : title, rows, {
      unit: 'µs per call',
      digits: 2,
    });
    if (line.includes(comlinkCall)) printAgainstOthers(samples, inFlight);
  }
  console.log(`\n  node ${process.version}, ${availableParallelism()} CPUs, ${ROUNDS} rounds, contenders in turn`);
}

/** P2: the whole pipeline against other ways that have none. */
function printAgainstOthers(samples, inFlight) {
  const rows = [serviceValue, ...OTHERS].map(({ name }) => ({ name, samples: samples[name] }));
  printTable(
    inFlight === 1
      ? '  the same against ours (goal: none below 1)'
      : '  the same against ours (goal: all at 2 or above)',
    rows,
    { unit: 'µs per call' },
  );
}

function measureInProcess(title, pinned) {
  const command = [...(pinned ? ['taskset', '-c', '0'] : []), process.execPath, SELF, title];
  const { status, stdout } = spawnSync(command[0], command.slice(1), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(`${title}: the measuring process ended with ${status}`);
  return JSON.parse(stdout);
}

async function measure({ line, inFlight, bytes, calls }) {
  const payload = payloadOf(bytes);
  const samples = {};
  const open = [];
  for (const contender of line) {
    const opened = await contender.open();
    const answer = await opened.call(payload);
    if ((typeof answer === 'string' ? answer : JSON.stringify(answer)) !== payload.text)
      throw new Error(`${contender.name} does not echo`);
    samples[contender.name] = [];
    open.push({ contender, opened });
    await batch(opened, { payload, inFlight, calls });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contender, opened } of open) {
      // Its threads have slept while the others ran: waking them up is not what is measured.
      await batch(opened, { payload, inFlight, calls: calls / 4 });
      const startedAt = performance.now();
      await batch(opened, { payload, inFlight, calls });
      samples[contender.name].push(((performance.now() - startedAt) * 1000) / calls);
    }
  }
  for (const { opened } of open) await opened.close();
  return samples;
}

async function batch(opened, { payload, inFlight, calls }) {
  let left = calls;
  const lane = async () => {
    while (left-- > 0) await opened.call(payload);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

if (process.argv[1] === SELF) {
  const samples = await measure(SCENES[process.argv[2]]);
  process.stdout.write(JSON.stringify(samples), () => process.exit(0));
}
