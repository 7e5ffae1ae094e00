// How long it takes to find 20 connector packages among 5,000 others: `node host/bench/discovery.mjs`.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTree, CONNECTORS, FOREIGN_PACKAGES } from './discovery-tree.mjs';

export const name = 'discovery';

const ROUNDS = 11;
const HERE = import.meta.dirname;

/** Goals are ratios against the system calls alone. */
const CONTENDERS = [
  { id: 'baseline', title: 'the system calls alone' },
  { id: 'all', title: 'ours, scan: all', goal: 1.5 },
  { id: 'direct', title: 'ours, scan: direct', goal: 0.2 },
  { id: 'parse', title: 'read and parse everything' },
  { id: 'n8n', title: "n8n's way (lists all, opens by name)" },
  { id: 'node-red', title: "Node-RED's way (opens everything)" },
  { id: 'backstage', title: "Backstage's way (direct ones)" },
  { id: 'oclif', title: "oclif's way (direct ones, by name)" },
];

/** Measures and prints; returns nothing. Every sample is the first pass of a fresh process, contenders taking turns. */
export async function run() {
  const root = buildTree();
  try {
    const baseline = compileBaseline(root);
    const samples = new Map(CONTENDERS.map(({ id }) => [id, []]));
    // The first round fills the file system's cache and is thrown away.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { id } of CONTENDERS) {
        const milliseconds = sample(id, { root, baseline });
        if (round > 0) samples.get(id).push(milliseconds);
      }
    }
    print(samples, baseline);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The baseline as a C program; as a bare loop in Node.js where there is no compiler. */
function compileBaseline(root) {
  const program = join(root, 'system-calls');
  try {
    execFileSync('cc', ['-O2', '-o', program, join(HERE, 'discovery-system-calls.c')], { stdio: 'ignore' });
    return { title: 'a C program', command: program, arguments: [root] };
  } catch {
    return {
      title: 'a bare loop in Node.js, as there is no C compiler',
      command: process.execPath,
      arguments: [join(HERE, 'discovery-sample.mjs'), 'loop', root],
    };
  }
}

function sample(id, { root, baseline }) {
  const [command, args] =
    id === 'baseline'
      ? [baseline.command, baseline.arguments]
      : [process.execPath, [join(HERE, 'discovery-sample.mjs'), id, root]];
  const { milliseconds, found } = JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
  const expected = id === 'baseline' ? FOREIGN_PACKAGES + CONNECTORS : CONNECTORS;
  if (found !== expected) throw new Error(`${id} found ${found} packages, expected ${expected}`);
  return milliseconds;
}

function print(samples, baseline) {
  const base = samples.get('baseline');
  const medians = new Map([...samples].map(([id, values]) => [id, middle(values)]));
  console.log(
    `discovery: ${FOREIGN_PACKAGES} foreign packages and ${CONNECTORS} connectors, flat node_modules, files cached`,
  );
  console.log(
    `Node.js ${process.versions.node}, ${cpus().length} CPUs, ${ROUNDS} rounds, first pass of a fresh process each; baseline: ${baseline.title}`,
  );
  console.log(row('', 'ms: median (min–max)', 'ratio: median (min–max)', 'goal · its time against ours'));
  for (const { id, title, goal } of CONTENDERS) {
    const values = samples.get(id);
    const ratios = values.map((value, round) => value / base[round]);
    console.log(row(title, spread(values), spread(ratios), verdict({ goal, ratio: middle(ratios), medians, id })));
  }
}

function verdict({ goal, ratio, medians, id }) {
  if (goal !== undefined) return `≤ ${goal}: ${ratio <= goal ? 'met' : 'NOT met'}`;
  if (id === 'baseline') return '';
  const times = (ours) => (medians.get(id) / medians.get(ours)).toFixed(1);
  return `${times('direct')} × direct, ${times('all')} × all`;
}

function spread(values) {
  return `${digits(middle(values))} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`;
}

function digits(value) {
  return value < 1 ? value.toFixed(3) : value.toFixed(2);
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function row(...cells) {
  return cells.map((cell, index) => cell.padEnd([38, 24, 26, 0][index])).join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
