// P4: an action executed over REST, end to end through a real host and its worker, against a bare Fastify server that
// echoes JSON. Servers and load generator are processes of their own.
import { availableParallelism } from 'node:os';
import { createProject } from './bench-project.mjs';
import { median, printTable } from './bench-table.mjs';
import { start } from './rest-process.mjs';

export const name = 'rest';

const ROUNDS = 9;
const SECONDS = 1;
const BODY = JSON.stringify({ text: 'x'.repeat(89) });

/** Measures and prints. */
export async function run() {
  const project = createProject('connectors:\n  - { id: echo, limits: { concurrency: 64 } }\n');
  const servers = { bare: start('rest-bare.mjs'), host: start('rest-host.mjs', project.root) };
  const load = start('rest-load.mjs');
  try {
    const urls = { bare: (await servers.bare.next()).url, host: (await servers.host.next()).url };
    for (const connections of [1, 64]) {
      const runs = { bare: [], host: [] };
      // The first round warms up and is thrown away; after that the contenders take turns.
      for (let round = 0; round <= ROUNDS; round++) {
        for (const contender of ['bare', 'host']) {
          const result = await measure({ server: servers[contender], load, url: urls[contender], connections });
          if (round > 0) runs[contender].push(result);
        }
      }
      report(connections, runs);
    }
  } finally {
    for (const { stop } of [load, ...Object.values(servers)]) stop();
    project.dispose();
  }
}

async function measure({ server, load, url, connections }) {
  const before = await server.ask('cpu');
  const startedAt = performance.now();
  const { answers, failures, ms, busy } = await load.ask({ url, body: BODY, connections, seconds: SECONDS });
  const cpu = (await server.ask('cpu')) - before;
  if (failures > 0 || answers === 0) throw new Error(`${failures} of ${answers + failures} calls of ${url} failed`);
  return {
    microseconds: (ms * 1000) / answers,
    client: busy,
    server: cpu / (performance.now() - startedAt),
    cpu: (cpu * 1000) / answers,
  };
}

function report(connections, { bare, host }) {
  const goal = connections === 64 ? { goal: 1.35 } : {};
  const samples = (runs) => runs.map(({ microseconds }) => microseconds);
  printTable(
    `a call of ${BODY.length} bytes over REST, ${connections} in flight`,
    [
      { name: 'bare Fastify, JSON echo', samples: samples(bare) },
      { name: 'execute through the host and a worker', samples: samples(host), ...goal },
    ],
    { unit: 'µs', digits: 1 },
  );
  for (const [what, runs] of [
    ['bare', bare],
    ['host', host],
  ]) {
    const of = (key, digits) => median(runs.map((one) => one[key])).toFixed(digits);
    console.log(
      `  ${what}: client ${of('client', 2)} and server ${of('server', 2)} of ${availableParallelism()} CPUs, ${of('cpu', 1)} µs of the server's per call`,
    );
  }
}
