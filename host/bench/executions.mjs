// P18: executions through two hosts that share a PostgreSQL, beside a bare pg-boss queue in the same server, whose two processes do nothing with its jobs, and one host with its own data directory. Callers
// are in those processes. The server waits for the disk, as it does by default. With a NOTIFY for each job pg-boss is prompt and slow, as commits that notify wait for each other; without it polls.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runSql, startPostgres } from '../../plugins/postgres/test/start-postgres.ts';
import { createProject } from './bench-project.mjs';
import { printTable } from './bench-table.mjs';
import { start } from './rest-process.mjs';

export const name = 'executions';

const ROUNDS = 7;
const COUNT = 1_500;
const IN_FLIGHT = 64;
/** Of the even load, by which waits are measured. */
const PACED = 100;
const EVERY_MS = 10;
const PLACES = 64;
/** 1 / 0.7: what takes so many times longer has 0.7 of the throughput. */
const GOAL = 1.43;
const YAML = `connectors:\n  - { id: echo, placement: all, limits: { concurrency: ${PLACES} } }\n`;

/** Measures and prints. */
export async function run() {
  const server = await startPostgres({ settings: { fsync: 'on' } });
  const project = createProject(YAML);
  const keyFile = join(project.root, 'master.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const urlOf = (database) => `postgres://postgres:correct%20horse@127.0.0.1:${server.port}/${database}`;
  const children = [];
  const open = (file, ...args) => {
    const child = start(file, ...args);
    children.push(child);
    return child.next().then(() => child);
  };
  const host = (dataDir, storeUrl) => open('executions-host.mjs', project.root, dataDir, keyFile, storeUrl);
  try {
    for (const database of ['polled', 'woken', 'hosts'])
      await server.sql(`CREATE DATABASE ${database} TEMPLATE template0`);
    const queue = async (database, title, ...notify) => ({
      title,
      processes: [
        await open('executions-queue.mjs', urlOf(database), ...notify),
        await open('executions-queue.mjs', urlOf(database), ...notify),
      ],
      async waits() {
        const ms = '(extract(epoch FROM completed_on - created_on) * 1000)::float';
        const rows = await runSql(server.port, `SELECT ${ms} AS ms FROM pgboss.job WHERE name = 'bench'`, database);
        return rows.every((row) => row.ms !== null) ? rows.map((row) => row.ms) : undefined;
      },
      forget: () => runSql(server.port, `DELETE FROM pgboss.job WHERE name = 'bench'`, database),
    });
    const contenders = {
      polled: await queue('polled', 'a bare pg-boss queue, which two processes poll twice a second'),
      woken: await queue('woken', 'the same with a NOTIFY for each job', 'notify'),
      hosts: {
        title: 'executions, two hosts with one PostgreSQL',
        goal: { ended: GOAL },
        processes: [await host('a', urlOf('hosts')), await host('b', urlOf('hosts'))],
        async waits() {
          const rows = await runSql(
            server.port,
            'SELECT (ended_at - created_at)::float AS ms FROM automate.executions',
            'hosts',
          );
          return rows.every(({ ms }) => ms !== null) ? rows.map((row) => row.ms) : undefined;
        },
        forget: () => runSql(server.port, 'DELETE FROM automate.executions', 'hosts'),
      },
      embedded: {
        title: 'executions, one host with its data directory',
        processes: [await host('c', '')],
        async waits() {
          const { value } = await contenders.embedded.processes[0].ask({ op: 'waits' });
          return value;
        },
        forget: async () => undefined,
      },
    };
    const samples = Object.fromEntries(
      Object.keys(contenders).map((who) => [who, { enqueued: [], ended: [], half: [], most: [] }]),
    );
    // The first round warms up and is thrown away.
    for (let round = 0; round <= ROUNDS; round += 1)
      for (const [who, contender] of Object.entries(contenders)) {
        const found = await measure(contender);
        if (round > 0) for (const [what, value] of Object.entries(found)) samples[who][what].push(value);
      }
    const table = (title, what, rows) =>
      printTable(
        title,
        rows.map((who) => ({
          name: contenders[who].title,
          samples: samples[who][what],
          goal: contenders[who].goal?.[what],
        })),
        { digits: 1 },
      );
    const all = Object.keys(contenders);
    table(`${COUNT} of them, ${IN_FLIGHT} asked for at a time: until all were acknowledged`, 'enqueued', all);
    table('the same: until all have ended', 'ended', all);
    const prompt = all.slice(1);
    table(`one each ${EVERY_MS} ms, from its start to its end: half of them within`, 'half', prompt);
    table('the same: 99 of 100 within', 'most', prompt);
  } finally {
    for (const { stop } of children) stop();
    await delay(500);
    await server.close();
    project.dispose();
  }
}

async function measure({ processes, waits, forget }) {
  const shareOf = (count) => Math.ceil(count / processes.length);
  const untilEnded = async () => {
    for (;;) {
      const found = await waits();
      if (found !== undefined) return found.toSorted((one, other) => one - other);
      await delay(25);
    }
  };
  const startedAt = performance.now();
  await Promise.all(
    processes.map((each) => each.ask({ op: 'burst', count: shareOf(COUNT), inFlight: shareOf(IN_FLIGHT) })),
  );
  const enqueued = performance.now() - startedAt;
  await untilEnded();
  const ended = performance.now() - startedAt;
  await forget();
  await Promise.all(
    processes.map((each) => each.ask({ op: 'paced', count: shareOf(PACED), everyMs: EVERY_MS * processes.length })),
  );
  const paced = await untilEnded();
  await forget();
  return { enqueued, ended, half: paced[Math.floor(paced.length / 2)], most: paced[Math.floor(paced.length * 0.99)] };
}
