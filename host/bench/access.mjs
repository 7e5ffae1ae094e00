// P16: a call over gRPC to a host where callers sign in with a token, are bounded and recorded (as they are by default where somebody signs in), against the same call to a host where nobody
// has to. Hosts and load generator are processes of their own; they take turns.
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import { createProject } from './bench-project.mjs';
import { printTable } from './bench-table.mjs';
import { payloadOf } from './payload-of.mjs';
import { start } from './rest-process.mjs';

export const name = 'access';

const ROUNDS = 9;
const SECONDS = 0.8;
const GOAL = 1.15;
const CONNECTOR = 'connectors:\n  - { id: echo, limits: { concurrency: 64 } }\n';
const LIMITS = 'access:\n  limits: { requests_per_second: 1000000, calls_in_flight: 1000 }\n';
const TITLES = { open: 'nobody signs in', token: 'with a token, limits and audit' };

/** Measures and prints. */
export async function run() {
  const projects = { open: createProject(CONNECTOR), token: createProject(CONNECTOR + LIMITS) };
  const servers = {
    open: start('grpc-host.mjs', projects.open.root),
    token: start('grpc-host.mjs', projects.token.root, 'token'),
  };
  const load = start('grpc-load.mjs');
  try {
    const targets = { open: await servers.open.next(), token: await servers.token.next() };
    const payload = Buffer.from(payloadOf(100).text);
    const { input, requestSerialize } = CONNECTORS_SERVICE.executeAction;
    const message = requestSerialize(create(input, { id: 'echo', action: 'echo', payload })).toString('base64');
    for (const inFlight of [1, 64]) {
      const samples = { open: [], token: [] };
      // The first round warms up and is thrown away.
      for (let round = 0; round <= ROUNDS; round++) {
        for (const contender of Object.keys(samples)) {
          const order = { ...targets[contender], message, inFlight, seconds: SECONDS };
          const { answers, failures, ms } = await load.ask(order);
          if (failures > 0 || answers === 0) throw new Error(`${failures} of ${answers + failures} calls failed`);
          if (round > 0) samples[contender].push((ms * 1000) / answers);
        }
      }
      printTable(
        `a call of 100 B over gRPC, ${inFlight} in flight`,
        Object.entries(samples).map(([contender, each]) => ({
          name: TITLES[contender],
          samples: each,
          goal: contender === 'token' ? GOAL : undefined,
        })),
        { unit: 'µs', digits: 1 },
      );
    }
  } finally {
    for (const { stop } of [load, ...Object.values(servers)]) stop();
    for (const project of Object.values(projects)) project.dispose();
  }
}
