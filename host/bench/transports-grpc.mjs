// P3: an action executed over gRPC, end to end through a real host and its worker, against a bare grpc-js server that echoes
// bytes. Servers and load generator are processes of their own.
import { availableParallelism } from 'node:os';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import { createProject } from './bench-project.mjs';
import { median, printTable } from './bench-table.mjs';
import { start } from './rest-process.mjs';

export const name = 'grpc';

const ROUNDS = 9;
const SECONDS = 0.8;
const SIZES = [
  { label: '100 B', bytes: 100, goals: { 1: 2.1, 64: 1.55 } },
  { label: '10 KB', bytes: 10 * 1024, goals: { 1: 1.5, 64: 1.5 } },
];

/** Measures and prints. */
export async function run() {
  const project = createProject('connectors:\n  - { id: echo, limits: { concurrency: 64 } }\n');
  const servers = { bare: start('grpc-bare.mjs'), host: start('grpc-host.mjs', project.root) };
  const load = start('grpc-load.mjs');
  try {
    const targets = { bare: await servers.bare.next(), host: await servers.host.next() };
    for (const size of SIZES) {
      for (const inFlight of [1, 64]) {
        const runs = { bare: [], host: [] };
        // The first round warms up and is thrown away; after that the contenders take turns.
        for (let round = 0; round <= ROUNDS; round++) {
          for (const contender of ['bare', 'host']) {
            const order = { ...targets[contender], message: encode(size.bytes), inFlight, seconds: SECONDS };
            const result = await measure({ server: servers[contender], load, order });
            if (round > 0) runs[contender].push(result);
          }
        }
        report({ size, inFlight, runs });
      }
    }
  } finally {
    for (const { stop } of [load, ...Object.values(servers)]) stop();
    project.dispose();
  }
}

/** The same message for both servers: an ExecuteActionRequest whose payload is a JSON object of so many bytes. */
function encode(bytes) {
  const payload = Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes - '{"text":""}'.length) }));
  const { input, requestSerialize } = CONNECTORS_SERVICE.executeAction;
  return requestSerialize(create(input, { id: 'echo', action: 'echo', payload })).toString('base64');
}

async function measure({ server, load, order }) {
  const before = await server.ask('cpu');
  const { answers, failures, bytes, ms, busy } = await load.ask(order);
  const cpu = (await server.ask('cpu')) - before;
  if (failures > 0 || answers === 0)
    throw new Error(`${failures} of ${answers + failures} calls of ${order.path} failed`);
  if (bytes / answers < 100) throw new Error(`${order.path} answered ${bytes / answers} bytes a call: that is no echo`);
  return { microseconds: (ms * 1000) / answers, client: busy, server: cpu / ms, cpu: (cpu * 1000) / answers };
}

function report({ size, inFlight, runs }) {
  const samples = (results) => results.map(({ microseconds }) => microseconds);
  printTable(
    `a call of ${size.label} over gRPC, ${inFlight} in flight`,
    [
      { name: 'bare grpc-js, echo of bytes', samples: samples(runs.bare) },
      { name: 'ExecuteAction through the host and a worker', samples: samples(runs.host), goal: size.goals[inFlight] },
    ],
    { unit: 'µs', digits: 1 },
  );
  for (const [what, results] of Object.entries(runs)) {
    const of = (key, digits) => median(results.map((one) => one[key])).toFixed(digits);
    console.log(
      `  ${what}: client ${of('client', 2)} and server ${of('server', 2)} of ${availableParallelism()} CPUs, ${of('cpu', 1)} µs of the server's per call`,
    );
  }
}
