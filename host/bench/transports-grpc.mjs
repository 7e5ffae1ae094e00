// P3: an action executed over gRPC, end to end through a real host and its worker, against a bare grpc-js server that echoes
// bytes unread, and against a service written by hand that reads and writes the same JSON. Servers and load generator are
// processes of their own.
import { availableParallelism } from 'node:os';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import { createProject } from './bench-project.mjs';
import { median, printTable } from './bench-table.mjs';
import { payloadOf } from './payload-of.mjs';
import { start } from './rest-process.mjs';

export const name = 'grpc';

const ROUNDS = 9;
const SECONDS = 0.8;
/** Goals are ratios against the first of the line. */
const SIZES = [
  { label: '100 B', bytes: 100, line: ['bare', 'json', 'host'], goals: { 1: 1.7, 64: 1.2 } },
  { label: '10 KB', bytes: 10_000, line: ['json', 'bare', 'host'], goals: { 1: 1.6, 64: 1 } },
];
const TITLES = {
  bare: 'bare grpc-js, echo of bytes',
  json: 'grpc-js by hand, parses and encodes',
  host: 'ExecuteAction through the host and a worker',
};

/** Measures and prints. */
export async function run() {
  const project = createProject('connectors:\n  - { id: echo, limits: { concurrency: 64 } }\n');
  const servers = {
    bare: start('grpc-bare.mjs'),
    json: start('grpc-json.mjs'),
    host: start('grpc-host.mjs', project.root),
  };
  const load = start('grpc-load.mjs');
  try {
    const targets = {};
    for (const [contender, server] of Object.entries(servers)) targets[contender] = await server.next();
    for (const size of SIZES) {
      for (const inFlight of [1, 64]) {
        const runs = Object.fromEntries(size.line.map((contender) => [contender, []]));
        // The first round warms up and is thrown away; after that the contenders take turns.
        for (let round = 0; round <= ROUNDS; round++) {
          for (const contender of size.line) {
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

/** The same message for all servers: an ExecuteActionRequest whose payload is a JSON object of about so many bytes. */
function encode(bytes) {
  const payload = Buffer.from(payloadOf(bytes).text);
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
    size.line.map((contender) => ({
      name: TITLES[contender],
      samples: samples(runs[contender]),
      goal: contender === 'host' ? size.goals[inFlight] : undefined,
    })),
    { unit: 'µs', digits: 1 },
  );
  for (const [what, results] of Object.entries(runs)) {
    const of = (key, digits) => median(results.map((one) => one[key])).toFixed(digits);
    console.log(
      `  ${what}: client ${of('client', 2)} and server ${of('server', 2)} of ${availableParallelism()} CPUs, ${of('cpu', 1)} µs of the server's per call`,
    );
  }
}
