// P14: 1,000 connectors whose health is checked every minute, from the host's start until all are healthy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createProject } from './bench-project.mjs';

export const name = 'many';

const CONNECTORS = Number(process.env.BENCH_CONNECTORS ?? 1_000);
const ISOLATION = process.env.BENCH_ISOLATION ?? 'thread';
const QUIET_MS = 10_000;
/** Nothing healthy is waited for longer. */
const PATIENCE_MS = 20 * 60_000;
const HOST = join(import.meta.dirname, '..', 'bin', 'automate.js');

/** Measures and prints. */
export async function run() {
  const quiet = await withHost(0, (host) => pollFor(host, () => delay(QUIET_MS)));
  const { latencies, times, most, listed } = await withHost(CONNECTORS, async (host) => {
    const times = { half: undefined, all: undefined };
    const most = { host: 0, children: 0 };
    const latencies = await pollFor(host, async () => {
      while (times.all === undefined && host.age() < PATIENCE_MS) {
        await delay(1_000);
        const healthy = await countHealthy(host);
        if (healthy >= CONNECTORS / 2) times.half ??= host.age();
        if (healthy >= CONNECTORS) times.all ??= host.age();
        const now = memoryOf(host.pid);
        most.host = Math.max(most.host, now.host);
        most.children = Math.max(most.children, now.children);
      }
    });
    return { latencies, times, most, listed: await countHealthy(host) };
  });
  const seconds = (ms) => (ms === undefined ? 'not reached' : `${(ms / 1000).toFixed(0)} s`);
  const ratio = p99(latencies) / p99(quiet);
  console.log(`\n${CONNECTORS} connectors, isolation ${ISOLATION}, health checks every 60 s`);
  console.log(`  healthy in the end              ${listed} of ${CONNECTORS}`);
  console.log(`  half · all are healthy after    ${seconds(times.half)} · ${seconds(times.all)}`);
  console.log(`  p99 of one that is called       ${p99(latencies).toFixed(1)} ms (${latencies.length} calls)`);
  console.log(`  the same in a quiet host        ${p99(quiet).toFixed(1)} ms (${quiet.length} calls)`);
  console.log(`  ratio                           ${ratio.toFixed(1)} (goal: ≤ 3)`);
  console.log(`  most memory                     ${most.host} MB of the host, ${most.children} MB of its children`);
  console.log(`  per connector                   ${((most.host + most.children) / CONNECTORS).toFixed(1)} MB`);
}

/** A host as a process of its own with so many connectors besides the one that is called. */
async function withHost(count, work) {
  const others = Array.from(
    { length: count },
    (_, index) => `  - { id: c${index}, kind: echo, health_check: { interval: 60s } }\n`,
  );
  const called = '  - { id: called, kind: echo, health_check: { enabled: false } }\n';
  const project = createProject(`plugins: { isolation: ${ISOLATION} }\nconnectors:\n${called}${others.join('')}`);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [HOST, 'start'], {
    cwd: realpathSync(project.root),
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      GRPC_PORT: '0',
      HTTP_PORT: '0',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const lines = createInterface(child.stdout);
    const http = await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const record = line.startsWith('{') ? JSON.parse(line) : {};
        if (record.event === 'ready') resolve(record.http);
      });
      void ended.then(() => reject(new Error('the host ended before it served')));
    });
    return await work({ http, pid: child.pid, age: () => performance.now() - startedAt });
  } finally {
    child.kill('SIGTERM');
    await ended;
    project.dispose();
  }
}

/** Calls one connector every 20 ms while the work lasts; gives the times of its answers. */
async function pollFor({ http }, work) {
  const url = `${http}/api/v1/connectors/called/actions/echo`;
  const call = async () => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"n":1}',
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  await call();
  const latencies = [];
  let done = false;
  const poll = (async () => {
    while (!done) {
      const startedAt = performance.now();
      await call();
      latencies.push(performance.now() - startedAt);
      await delay(20);
    }
  })();
  await work();
  done = true;
  await poll;
  return latencies;
}

async function countHealthy({ http }) {
  const { connectors } = await (await fetch(`${http}/api/v1/connectors`)).json();
  return connectors.filter(({ status, id }) => status === 'healthy' && id !== 'called').length;
}

/** Megabytes: what the host has in memory, and what its children share with nobody. */
function memoryOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const own = children.map((child) => kilobytesOf(child, 'RssAnon'));
  return { host: megabytes(kilobytesOf(pid, 'VmRSS')), children: megabytes(own.reduce((sum, each) => sum + each, 0)) };
}

function kilobytesOf(pid, field) {
  try {
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has just ended
  }
}

function megabytes(kilobytes) {
  return Math.round(kilobytes / 1024);
}

function p99(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)];
}
