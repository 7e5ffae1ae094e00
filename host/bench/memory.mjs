// P9 and P15: what a running connector holds, against empty workers: memory that is shared with nobody, and descriptors. Each contender is a
// program of its own that starts so many of one sort, and counts what it and its children hold before and after.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, printTable, spread } from './bench-table.mjs';

export const name = 'memory';

const ROUNDS = 7;
const HOLDER = fileURLToPath(new URL('./memory-holder.mjs', import.meta.url));
const SORTS = ['empty-thread', 'thread', 'empty-process', 'process'];

/** Measures and prints. */
export async function run() {
  const held = Object.fromEntries(SORTS.map((sort) => [sort, []]));
  for (let round = 0; round < ROUNDS; round += 1) for (const sort of SORTS) held[sort].push(hold(sort));
  if (held.thread[0] === null) {
    console.log('  not seen on this system: there is no /proc');
    return;
  }
  const memory = (sort) => held[sort].map(({ memoryMb }) => memoryMb);
  const rows = (kind) => [
    { name: `an empty ${kind}`, samples: memory(`empty-${kind}`) },
    { name: `a connector in a ${kind}, idle`, samples: memory(kind), ...(kind === 'thread' && { goal: 1.2 }) },
  ];
  for (const kind of ['thread', 'process']) printTable(`memory of each ${kind}`, rows(kind), { unit: 'MB' });
  console.log('\nof each connector');
  for (const [kind, mostMb, mostDescriptors] of [
    ['thread', 10, 5],
    ['process', 20, 8],
  ]) {
    const descriptors = held[kind].map((each) => each.descriptors);
    const met = median(memory(kind)) <= mostMb && median(descriptors) <= mostDescriptors;
    console.log(
      `  ${kind.padEnd(8)} ${spread(memory(kind))} MB (goal: ≤ ${mostMb}), ${spread(descriptors, 1)} descriptors (goal: ≤ ${mostDescriptors}): ${met ? 'met' : 'MISSED'}`,
    );
  }
}

function hold(sort) {
  const { status, stdout } = spawnSync(process.execPath, [HOLDER, sort], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${sort}: the measuring process ended with ${status}`);
  return JSON.parse(stdout);
}
