// Places connectors on simulated hosts while those die, sleep, are cut off, join and leave, by the real rules and in virtual time.
import { DISTURBANCES } from './placement/disturbances.mjs';
import { simulate } from './placement/simulate.mjs';

export const name = 'placement';

const SEEDS = Number(process.env.BENCH_SEEDS ?? 300);
/** Each trouble by itself, then all together; the large ones once. */
const SCENARIOS = [
  ...Object.keys(DISTURBANCES).map((trouble) => ({ title: trouble, seeds: 30, disturbances: [trouble] })),
  { title: 'everything', seeds: SEEDS },
  { title: 'everything, machines of two sizes', seeds: 30, isMixed: true },
  {
    title: 'one host joins 99',
    seeds: 1,
    hosts: 99,
    connectors: 10_000,
    seconds: 420,
    everyMs: 1e9,
    disturbances: ['join'],
  },
  {
    title: 'upgrade of 20 in 100 hosts',
    seeds: 1,
    hosts: 100,
    connectors: 10_000,
    seconds: 420,
    everyMs: 1e9,
    disturbances: ['upgrade'],
    upgrades: 20,
  },
  {
    title: 'everything, 100 hosts',
    seeds: 1,
    hosts: 100,
    connectors: 10_000,
    seconds: 620,
    // Evening out takes its time.
    quietMs: 260_000,
    everyMs: 5_000,
    upgrades: 10,
  },
];
const LARGE = { firstMs: 25_000, disturbAfterMs: 45_000, callsPerSecond: 50, looks: false };
const HEADER = [
  '',
  'runs',
  'hosts',
  'connectors',
  'broken',
  'takeover',
  'moves',
  'handed',
  'max/mean',
  'placed',
  'events',
  's',
];

/** Simulates and prints. */
export async function run() {
  const rows = [HEADER];
  const broken = [];
  for (const { title, seeds, ...more } of SCENARIOS) {
    const startedAt = performance.now();
    const scenario = { hosts: 5, connectors: 30, seconds: 150, callsPerSecond: 20, everyMs: 8_000, ...more };
    const results = [];
    for (let seed = 1; seed <= seeds; seed += 1)
      results.push(await simulate({ seed, ...scenario, ...(scenario.hosts > 20 ? LARGE : {}) }));
    broken.push(...results.flatMap(({ violations }) => violations.map((violation) => `${title}: ${violation}`)));
    const most = (of) => Math.max(...results.map(of));
    const sum = (of) => results.reduce((all, result) => all + of(result), 0);
    rows.push([
      title,
      `${seeds}`,
      `${scenario.hosts}`,
      `${scenario.connectors}`,
      `${results.filter(({ violations }) => violations.length > 0).length}`,
      `${most(({ longestMs }) => longestMs)} ms`,
      `${sum(({ moves }) => moves)}`,
      `${sum(({ handed }) => handed)}`,
      most(({ spread }) => spread.ratio).toFixed(2),
      `${sum(({ placed }) => placed)} of ${sum(({ placeable }) => placeable)}`,
      `${sum(({ events }) => events)}`,
      ((performance.now() - startedAt) / 1_000).toFixed(1),
    ]);
  }
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd());
  for (const violation of broken) console.log(`  BROKEN: ${violation}`);
  console.log(`
  broken: runs in which a connector had two holders, or none for longer than five seconds, was moved back, or too many were moved
  takeover: the longest time until a call of what another host had held was sent, where hosts that may run it were well
  moves: to even out the load; handed: these, and those of hosts that were told to end`);
}
