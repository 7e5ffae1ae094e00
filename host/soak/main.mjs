// `npm run soak`: twenty connectors of mixed isolation in a real host, called over gRPC and REST from another process while some of them
// misbehave. Prints what was counted, and ends with 1 where something was violated. Options:
//   --mode chaos    (default) one connector after another crashes, hangs, floods, leaks, is upgraded, removed and registered
//          steady   nothing misbehaves
//          burst    5,000 calls at once to one connector
//          capacity as many calls a second as there can be
//          start    twenty connectors from nothing to ready, and what they hold idle
//   --minutes N     how long, without warming up; default 3
//   --rate N        calls a second; default 100 (steady: 500)
//   --counts-only   times are printed, and judge nothing: for machines that do other work besides
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '@automate/client';
import { startChaos } from './chaos.mjs';
import { startMeasuredHost } from './measured-host.mjs';

const { values: options } = parseArgs({
  options: {
    mode: { type: 'string', default: 'chaos' },
    minutes: { type: 'string', default: '3' },
    rate: { type: 'string' },
    'counts-only': { type: 'boolean', default: false },
  },
});
const MODES = { chaos: soak, steady: soak, burst, capacity, start: startUp };
const totalMs = Number(options.minutes) * 60_000;
const run = MODES[options.mode];
if (run === undefined || !(totalMs > 0)) {
  console.error(`--mode is one of ${Object.keys(MODES).join(', ')}, --minutes a number`);
  process.exit(2);
}

const LEVELS = ['thread', 'process'];
const CALM = Array.from({ length: 12 }, (_, n) => entry(`calm-${n}`, 'soak', n));
const ROUGH = Array.from({ length: 6 }, (_, n) => ({
  ...entry(`rough-${n}`, 'soak', n),
  limits: { timeout: '1s', memory_mb: 64 },
}));
const UPGRADED = entry('upgraded', 'upgraded', 0);
const GUEST = entry('guest', 'soak', 1);

function entry(id, kind, n) {
  const isolation = LEVELS[n % LEVELS.length];
  return { id, kind, isolation, health_check: { interval: '5s' }, retry: { attempts: 1 } };
}

/** Whose answers must come, and right, whatever goes on beside them. */
const WELL = [...CALM, UPGRADED].map(({ id }) => ({ id }));
const HELD_BACK = ['UNAVAILABLE', 'WORKER_LOST', 'TIMEOUT', 'OVERLOADED'];
const ALL = [
  ...WELL,
  ...ROUGH.map(({ id }) => ({ id, mayFail: HELD_BACK })),
  { id: GUEST.id, mayFail: [...HELD_BACK, 'NOT_FOUND'] },
];

const violations = [];
const judge = (isSo, words) => void (isSo || violations.push(words));
/** What is a matter of time, which on a busy machine says nothing. */
const judgeTime = (isSo, words) => void (options['counts-only'] || judge(isSo, words));
const show = (title, value) => console.log(`  ${title.padEnd(44)} ${value}`);

const host = await startMeasuredHost([...CALM, ...ROUGH, UPGRADED]);
const service = await connect({ address: host.grpc });
const caller = fork(join(import.meta.dirname, 'load.mjs'), [host.grpc, host.http]);
await once(caller, 'message');
console.log(`${options.mode}, ${options.minutes} min, Node.js ${process.versions.node}`);
try {
  await service.register(GUEST);
  await run();
} catch (error) {
  violations.push(error.stack);
} finally {
  if (caller.connected) caller.disconnect();
  await service.close();
  judge(host.ended() === undefined, `the host ended: ${host.ended()}`);
  const code = await host.stop();
  judge(code === 0, `the host ended with ${code} when it was told to stop`);
}
for (const words of violations) console.log(`VIOLATED: ${words}`);
console.log(violations.length === 0 ? 'nothing was violated' : `${violations.length} violated`);
process.exitCode = violations.length === 0 ? 0 : 1;

/** L1 and L2. */
async function soak() {
  const chaotic = options.mode === 'chaos';
  const perSecond = Number(options.rate ?? (chaotic ? 100 : 500));
  await bringAllUp();
  await phase({ targets: ALL, perSecond }, Math.min(10_000, totalMs / 6));
  await bringAllUp();
  const before = host.census();
  const quiet = await phase({ targets: WELL, perSecond }, totalMs / 4);
  let chaos;
  if (chaotic)
    chaos = startChaos({
      service,
      host,
      rough: ROUGH.map(({ id }) => id),
      guest: GUEST,
      restMs: Math.min(1000, totalMs / 60),
    });
  const caught = await phase({ targets: ALL, perSecond }, (totalMs * 3) / 4);
  const disturbed = await chaos?.stop();
  await bringAllUp();
  // What the last one left behind goes within seconds.
  await delay(Math.min(10_000, totalMs / 10));
  const after = host.census();
  showAnswers('quiet', quiet);
  showAnswers(chaotic ? 'disturbed' : 'all', caught);
  if (disturbed !== undefined) {
    show(
      'disturbances',
      Object.entries(disturbed.done)
        .map(([what, times]) => `${times} × ${what}`)
        .join(', '),
    );
    for (const words of disturbed.complaints) violations.push(words);
    for (const what of ['crash', 'hang', 'upgrade', 'remove and register'])
      judge(disturbed.done[what] > 0, `nothing of "${what}" was done: more time is needed`);
  }
  showCensus(before, after);
  judgeTime(
    caught.p99 <= Math.max(2 * quiet.p99, 20),
    `p99 was ${caught.p99.toFixed(1)} ms, quiet ${quiet.p99.toFixed(1)} ms`,
  );
}

/** L3. */
async function burst() {
  await bringAllUp();
  const before = host.census();
  const [target] = WELL;
  const seen = await phase({ targets: [{ ...target, mayFail: ['OVERLOADED'] }], burst: 5000 }, 0);
  // Its connections, half of all calls, are kept open for as long as it lives.
  caller.disconnect();
  await once(caller, 'exit');
  await delay(5000);
  showAnswers('5,000 at once', seen);
  judge(seen.right > 0, 'none was served');
  judge(seen.right + seen.refused === 5000, `${seen.right} were served and ${seen.refused} refused, of 5000`);
  showCensus(before, host.census());
}

/** L4. */
async function capacity() {
  await bringAllUp();
  const rates = {};
  for (const { id, isolation: level } of CALM.slice(0, 2)) {
    await phase({ targets: [{ id }] }, totalMs / 6);
    const seen = await phase({ targets: [{ id }] }, totalMs / 3);
    rates[level] = (seen.calls / totalMs) * 3000;
    showAnswers(level, seen);
    show(`${level}: calls a second, half over gRPC, half over REST`, rates[level].toFixed(0));
  }
  judgeTime(rates.thread >= 1000 && rates.process >= 700, 'too few calls a second');
}

/** L5. */
async function startUp() {
  const empty = host.census();
  const startedAt = performance.now();
  await bringAllUp();
  const tookMs = performance.now() - startedAt;
  await delay(3000);
  const idle = host.census();
  show('twenty connectors ready', `${tookMs.toFixed(0)} ms`);
  showCensus(empty, idle, { flat: false });
  judgeTime(tookMs <= 3000, `it took ${tookMs.toFixed(0)} ms until all were ready, goal 3000`);
  if (idle !== undefined) judge(idle.memoryMb + idle.childrenMb <= 600, 'they hold more than 600 MB');
}

/** Has every connector answer, those that are held back as well. */
async function bringAllUp() {
  for (const { id } of ALL) {
    const end = Date.now() + 30_000;
    for (let report = await service.test(id); !report.success; report = await service.test(id)) {
      if (Date.now() > end) throw new Error(`${id} is not up: ${report.error}`);
      await delay(200);
    }
  }
}

async function phase(order, ms) {
  caller.send(order);
  await delay(ms);
  caller.send({ end: true });
  const [counts] = await once(caller, 'message');
  return counts;
}

function showAnswers(title, { calls, right, wrong, lost, failed, refused, codes, complaints, p50, p99, longest }) {
  show(
    `${title}: calls`,
    `${calls}: ${right} right, ${refused} held back, ${failed} failed, ${wrong} wrong, ${lost} lost`,
  );
  show(
    `${title}: codes`,
    Object.entries(codes)
      .map(([code, times]) => `${code} ${times}`)
      .join(', ') || 'none',
  );
  show(`${title}: p50, p99, longest in ms`, [p50, p99, longest].map((ms) => ms.toFixed(1)).join(', '));
  judge(wrong === 0, `${wrong} answers were wrong`);
  judge(lost === 0, `${lost} answers were lost`);
  judge(failed === 0, `${failed} calls failed that should not have`);
  for (const words of complaints) violations.push(words);
}

/**
 * Threads and children come and go by one or two: a spare child, a thread that is just ending. Each of the caller's sixteen lanes may keep a
 * connection of its own open.
 */
function showCensus(before, after, { flat = true } = {}) {
  if (before === undefined || after === undefined)
    return show('memory, descriptors, threads, children', 'not seen on this system');
  for (const [what, most] of Object.entries({
    memoryMb: 160,
    childrenMb: 160,
    descriptors: 8 + 16,
    threads: 4,
    children: 1,
  })) {
    show(what, `${before[what].toFixed(0)} before, ${after[what].toFixed(0)} after`);
    if (flat)
      judge(
        after[what] - before[what] <= most,
        `${what}: ${before[what].toFixed(0)} before, ${after[what].toFixed(0)} after`,
      );
  }
}
