// P18: a call that another host answers, as that one runs the connector, against the same call asked of that host itself, over gRPC
// and REST; and how long the slowest of a hundred calls take of a healthy cluster of three, against one host alone. Hosts, a real
// PostgreSQL and load generators are processes of their own; they take turns.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import { startPostgres } from '../../plugins/postgres/test/start-postgres.ts';
import { createProject } from './bench-project.mjs';
import { median, printTable } from './bench-table.mjs';
import { payloadOf } from './payload-of.mjs';
import { start } from './rest-process.mjs';

export const name = 'forwarded';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const SECONDS = 0.8;
const FORWARDED_GOAL = 2;
const P99_GOAL = 1.5;
/** Calls a second of the cluster and of the one host, well below what either can do: how long one takes is asked, not how many there can be. */
// Long enough that the slowest hundredth is more than a handful of calls.
const STEADY = { rate: 200, seconds: 15, connectors: 12, bytes: 1_000 };
const SIZES = [
  { label: '100 B', bytes: 100 },
  { label: '10 KB', bytes: 10_000 },
];
const TITLES = {
  local: 'asked of the host that runs it',
  forwarded: 'asked of another host',
  one: 'one host',
  three: 'three hosts, asked in turn',
};

/** Measures and prints. */
export async function run() {
  const server = await startPostgres({ settings: { synchronous_commit: 'on' } });
  const ids = Array.from({ length: STEADY.connectors }, (_, index) => `echo-${index}`);
  const connectors = ['echo', ...ids].map((id) => `  - { id: ${id}, kind: echo, limits: { concurrency: 64 } }\n`);
  const project = createProject(`connectors:\n${connectors.join('')}`);
  const alone = createProject(`connectors:\n${connectors.join('')}`);
  const keyFile = join(project.root, 'master.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  await server.sql('CREATE DATABASE bench');
  const storeUrl = `postgres://postgres:${encodeURIComponent('correct horse')}@127.0.0.1:${server.port}/bench`;
  const hosts = ['a', 'b', 'c'].map((name) => {
    const dataDir = join(project.root, name);
    mkdirSync(dataDir);
    const env = { STORE_URL: storeUrl, MASTER_KEY_FILE: keyFile, DATA_DIR: dataDir, HEALTH_INTERVAL: '1h' };
    return { env, open: () => start('shared-host.mjs', project.root, JSON.stringify(env)) };
  });
  const running = [];
  const open = async (process) => {
    running.push(process);
    return { process, target: await process.next() };
  };
  const loads = { grpc: start('grpc-load.mjs'), rest: start('rest-load.mjs') };
  running.push(...Object.values(loads));
  try {
    const one = await open(start('shared-host.mjs', alone.root, JSON.stringify({ HEALTH_INTERVAL: '1h' })));
    const three = [];
    for (const host of hosts) three.push(await open(host.open()));
    const [local, forwarded] = three;
    // Whoever is called first holds it from then on; the others hear of that with their next beat.
    await callOnce(loads.grpc, local.target, 'echo');
    for (const [index, id] of ids.entries()) await callOnce(loads.grpc, three[index % three.length].target, id);
    await delay(3_000);
    await compare({ loads, local, forwarded });
    await compareSteady({ load: loads.grpc, one: [one], three, ids });
  } finally {
    for (const { stop } of running) stop();
    // They hold connections to it.
    await delay(1_000);
    await server.close();
    project.dispose();
    alone.dispose();
  }
}

async function compare({ loads, local, forwarded }) {
  for (const door of ['grpc', 'rest']) {
    for (const { label, bytes } of SIZES) {
      for (const inFlight of [1, 64]) {
        const runs = { local: [], forwarded: [] };
        // The first round warms up and is thrown away; after that they take turns.
        for (let round = 0; round <= ROUNDS; round++) {
          for (const [contender, asked] of Object.entries({ local, forwarded })) {
            const result = await measure({ loads, door, asked, all: [local, forwarded], bytes, inFlight });
            if (round > 0) runs[contender].push(result);
          }
        }
        printTable(
          `a call of ${label} over ${door === 'grpc' ? 'gRPC' : 'REST'}, ${inFlight} in flight`,
          Object.entries(runs).map(([contender, results]) => ({
            name: TITLES[contender],
            samples: results.map(({ microseconds }) => microseconds),
            goal: contender === 'forwarded' ? FORWARDED_GOAL : undefined,
          })),
          { unit: 'µs', digits: 1 },
        );
        const cpu = Object.entries(runs).map(([contender, results]) => {
          const [runs, other] = [0, 1].map((index) => median(results.map((one) => one.cpu[index])));
          return { contender, runs, other };
        });
        for (const { contender, runs, other } of cpu)
          console.log(
            `  ${contender}: ${runs.toFixed(0)} µs of CPU a call at the host that runs it, ${other.toFixed(0)} µs at the other one`,
          );
        const [here, there] = cpu.map(({ runs, other }) => runs + other);
        console.log(`  CPU of both hosts: ${(there / here).toFixed(2)}`);
      }
    }
  }
}

async function compareSteady({ load, one, three, ids }) {
  const runs = { one: [], three: [] };
  const middle = { one: [], three: [] };
  const messages = ids.map((id) => encode(id, STEADY.bytes));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [contender, hosts] of Object.entries({ one, three })) {
      const { path } = hosts[0].target;
      const steady = { addresses: hosts.map(({ target }) => target.address), messages, rate: STEADY.rate };
      const { failures, latencies, said } = await load.ask({ path, steady, seconds: STEADY.seconds });
      if (failures > 0) throw new Error(`${failures} calls failed: ${decodeURI(said)}`);
      const sorted = latencies.toSorted((a, b) => a - b);
      if (round === 0) continue;
      runs[contender].push(sorted[Math.ceil(sorted.length * 0.99) - 1]);
      middle[contender].push(median(sorted));
    }
  }
  const rows = (of, goal) =>
    Object.entries(of).map(([contender, samples]) => ({
      name: TITLES[contender],
      samples,
      goal: contender === 'three' ? goal : undefined,
    }));
  const what = `${STEADY.rate} calls a second of ${STEADY.bytes} B over gRPC, of ${ids.length} connectors`;
  printTable(`${what}: p99`, rows(runs, P99_GOAL));
  printTable(`${what}: median`, rows(middle));
}

async function measure({ loads, door, asked, all, bytes, inFlight }) {
  const cpuOf = () => Promise.all(all.map(({ process }) => process.ask('cpu')));
  const before = await cpuOf();
  const { address, url, path } = asked.target;
  const { answers, failures, ms, said } =
    door === 'grpc'
      ? await loads.grpc.ask({ address, path, message: encode('echo', bytes), inFlight, seconds: SECONDS })
      : await loads.rest.ask({
          url: `${url}/api/v1/connectors/echo/actions/echo`,
          body: payloadOf(bytes).text,
          connections: inFlight,
          seconds: 1,
        });
  const after = await cpuOf();
  if (failures > 0 || answers === 0) throw new Error(`${failures} of ${answers + failures} calls failed: ${said}`);
  const cpu = after.map((now, index) => ((now - before[index]) * 1000) / answers);
  return { microseconds: (ms * 1000) / answers, cpu };
}

async function callOnce(load, { address, path }, id) {
  const { failures } = await load.ask({ address, path, message: encode(id, 100), inFlight: 1, seconds: 0.01 });
  if (failures > 0) throw new Error(`${id} cannot be called at ${address}`);
}

function encode(id, bytes) {
  const payload = Buffer.from(payloadOf(bytes).text);
  const { input, requestSerialize } = CONNECTORS_SERVICE.executeAction;
  return requestSerialize(create(input, { id, action: 'echo', payload })).toString('base64');
}
