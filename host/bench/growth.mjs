// P13: how the cost of a call grows with its bytes, with the connectors that are registered, and with the calls in flight.
import { createProject, openHost } from './bench-project.mjs';
import { printTable } from './bench-table.mjs';
import { pingPong } from './contenders.mjs';
import { payloadOf } from './payload-of.mjs';

export const name = 'growth';

const ROUNDS = 9;
const BYTES = { '100 B': 100, '10 KB': 10_000, '100 KB': 100_000, '1 MB': 1_000_000 };
const CONNECTORS = [1, 20, 200];
const IN_FLIGHT = [1, 16, 64, 256, 1000];

/** Measures and prints. */
export async function run() {
  await growWithBytes();
  await growWithConnectors();
  await growWithCalls();
}

/**
 * Linear: what a byte costs rises by no more than what collecting large values costs. Beside it what merely passing the text to another
 * thread and back costs.
 */
async function growWithBytes() {
  const raw = await pingPong.open();
  await using host = await openEcho(1);
  const samples = {};
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [title, bytes] of Object.entries(BYTES)) {
      const payload = payloadOf(bytes);
      const calls = Math.max(20, Math.round(2e6 / (bytes + 1000)));
      for (const [who, call] of [
        ['raw', () => raw.call(payload)],
        ['ours', () => host.call(payload.text)],
      ]) {
        const us = await measure(call, { calls, inFlight: 8 });
        if (round > 0) (samples[title] ??= { raw: [], ours: [] })[who].push(us);
      }
    }
  await raw.close();
  for (const [title, { raw: rawUs, ours }] of Object.entries(samples))
    printTable(
      `${title}, 8 in flight`,
      [
        { name: 'bare MessagePort ping-pong of the same text', samples: rawUs },
        { name: 'the whole pipeline', samples: ours },
      ],
      { unit: 'µs per call', digits: 1 },
    );
  const perKb = (title) => samples[title].ours.map((us) => (us * 1000) / BYTES[title]);
  printTable(
    'what a KB costs as calls grow',
    [
      { name: '100 KB', samples: perKb('100 KB') },
      { name: '1 MB', samples: perKb('1 MB'), goal: 1.5 },
    ],
    { unit: 'µs per KB' },
  );
}

/** Flat. */
async function growWithConnectors() {
  const { text } = payloadOf(100);
  const samples = new Map(CONNECTORS.map((count) => [count, []]));
  const hosts = new Map();
  try {
    for (const count of CONNECTORS) hosts.set(count, await openEcho(count));
    for (let round = 0; round <= ROUNDS; round += 1)
      for (const [count, host] of hosts) {
        const us = await measure(() => host.call(text), { calls: 6000, inFlight: 16 });
        if (round > 0) samples.get(count).push(us);
      }
  } finally {
    for (const host of hosts.values()) await host[Symbol.asyncDispose]();
  }
  printTable(
    'a call of one of so many registered connectors, 16 in flight, 100 B',
    [...samples].map(([count, us]) => ({
      name: `${count}`,
      samples: us,
      ...(count > 1 && { goal: 1.1 }),
    })),
    { unit: 'µs per call' },
  );
}

/** Throughput does not fall. */
async function growWithCalls() {
  const { text } = payloadOf(100);
  await using host = await openEcho(1);
  const samples = new Map(IN_FLIGHT.map((inFlight) => [inFlight, []]));
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const inFlight of IN_FLIGHT) {
      const us = await measure(() => host.call(text), { calls: 8000, inFlight });
      if (round > 0) samples.get(inFlight).push(us);
    }
  const rows = IN_FLIGHT.map((inFlight) => ({
    name: `${inFlight} in flight`,
    samples: samples.get(inFlight),
    ...(inFlight > 64 && { goal: 1.1 }),
  }));
  // Against 64, where batches are full.
  printTable('a call of one connector, 100 B', [rows[2], rows[0], rows[1], rows[3], rows[4]], { unit: 'µs per call' });
}

async function openEcho(count) {
  const limits = 'limits: { concurrency: 1000, memory_mb: 512 }';
  const entries = Array.from(
    { length: count },
    (_, n) => `  - { id: echo${n}, kind: echo, health_check: { enabled: false }, ${limits} }\n`,
  );
  const project = createProject(`connectors:\n${entries.join('')}`);
  const host = await openHost(project.root, { serve: false });
  return {
    async call(payload) {
      const { result } = await host.service.executeText({ id: 'echo0', action: 'echo', payload });
      return result;
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      project.dispose();
    },
  };
}

/** Microseconds per call. */
async function measure(call, { calls, inFlight }) {
  let left = Math.max(calls, inFlight);
  const all = left;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await call();
    }),
  );
  return ((performance.now() - startedAt) * 1000) / all;
}
