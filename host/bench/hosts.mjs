// What many hosts ask of one PostgreSQL by living: each says each second that it does, and hears of the others. The stores are the real
// ones, all in this process; connectors are rows.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openPostgresStores } from '../dist/store/postgres/open-postgres-stores.js';
import { runSql, startPostgres } from '../../plugins/postgres/test/start-postgres.ts';

export const name = 'hosts';

const SIZES = (process.env.BENCH_HOSTS ?? '1,3,10,30,100').split(',').map(Number);
const CONNECTORS = Number(process.env.BENCH_CONNECTORS ?? 10_000);
/** How often each connector's health is told: where nothing changes, its times are every five minutes. */
const TOLD_EVERY_MS = Number(process.env.BENCH_TOLD_MS ?? 300_000);
const BEAT_MS = 1_000;
const MEASURED_MS = 15_000;
const SETTLED_MS = 4_000;
const HEALTH = JSON.stringify({
  status: 'healthy',
  healthy: true,
  message: 'connected to https://service.example.com/api, version 2.31.0',
  blame: 'none',
  responseTimeMs: 12,
  consecutiveFailures: 0,
  lastCheckedAt: new Date(0).toISOString(),
  lastHealthyAt: new Date(0).toISOString(),
});

/** Measures and prints. */
export async function run() {
  const server = await startPostgres({
    settings: { fsync: 'on', max_connections: 900, shared_preload_libraries: 'pg_stat_statements' },
  });
  try {
    console.log(`\n${CONNECTORS} connectors, the health of each told every ${TOLD_EVERY_MS / 1_000} s; per second:`);
    console.log(
      '  hosts  statements  per host  commits  rows read  CPU of the database  beats, median · p99 · longest',
    );
    for (const size of SIZES) console.log(await measure(server, size));
  } finally {
    await server.close();
  }
}

async function measure(server, size) {
  const database = `hosts_${size}`;
  await server.sql(`CREATE DATABASE ${database} TEMPLATE template0`);
  const ask = (text) => runSql(server.port, text, database);
  await ask('CREATE EXTENSION pg_stat_statements');
  const url = `postgres://postgres:correct%20horse@127.0.0.1:${server.port}/${database}`;
  const hosts = [];
  for (let index = 0; index < size; index += 1)
    hosts.push({ row: rowOf(index), stores: await openPostgresStores(url) });
  const beats = [];
  const stops = [];
  try {
    for (const [index, host] of hosts.entries()) {
      await beat(host, true, []);
      const own = CONNECTORS / size;
      await ask(
        `INSERT INTO automate.placements (connector, host, fence, since, health, health_at) SELECT 'connector-' || number, '${host.row.id}', 1,
           clock_timestamp() - interval '1 hour', '${HEALTH}', clock_timestamp() - interval '1 hour'
           FROM generate_series(${Math.ceil(index * own)}, ${Math.ceil((index + 1) * own) - 1}) AS number`,
      );
    }
    for (const [index, host] of hosts.entries()) {
      const { row, stores } = host;
      const start = setTimeout(
        () => stops.push(every(BEAT_MS, () => beat(host, false, beats))),
        (index * BEAT_MS) / size,
      );
      stops.push(() => clearTimeout(start));
      const own = CONNECTORS / size;
      let told = 0;
      const tell = () => {
        const connector = `connector-${Math.ceil(index * own) + (told % Math.floor(own))}`;
        told += 1;
        return stores.placements.tellHealth(row.id, new Map([[connector, HEALTH.replace('12', String(told))]]));
      };
      stops.push(every(TOLD_EVERY_MS / own, tell));
    }
    await delay(SETTLED_MS);
    beats.length = 0;
    await ask('SELECT pg_stat_statements_reset()');
    const [before] = await ask(
      `SELECT xact_commit::float8 AS commits, tup_returned::float8 AS rows FROM pg_stat_database WHERE datname = '${database}'`,
    );
    const cpuBefore = cpuOf(server.port);
    await delay(MEASURED_MS);
    const cpu = cpuOf(server.port) - cpuBefore;
    const [after] = await ask(
      `SELECT xact_commit::float8 AS commits, tup_returned::float8 AS rows FROM pg_stat_database WHERE datname = '${database}'`,
    );
    const statements = await ask('SELECT calls::float8, rows::float8 FROM pg_stat_statements');
    const seconds = MEASURED_MS / 1_000;
    const calls = statements.reduce((sum, each) => sum + each.calls, 0) / seconds;
    const rows = statements.reduce((sum, each) => sum + each.rows, 0) / seconds;
    const sorted = beats.toSorted((a, b) => a - b);
    const at = (share) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
    return [
      `  ${String(size).padStart(5)}`,
      calls.toFixed(0).padStart(10),
      (calls / size).toFixed(1).padStart(8),
      ((after.commits - before.commits) / seconds).toFixed(0).padStart(7),
      rows.toFixed(0).padStart(9),
      `${((cpu / seconds) * 100).toFixed(0)} % of one core`.padStart(19),
      `${at(0.5)} · ${at(0.99)} · ${(sorted.at(-1) ?? 0).toFixed(0)} ms`,
    ].join('  ');
  } finally {
    for (const stop of stops) stop();
    await Promise.all(hosts.map(({ stores }) => stores.close()));
  }
}

async function beat(host, first, beats) {
  const startedAt = performance.now();
  const { seen } = await host.stores.placements.beat(host.row, {
    first,
    plugins: undefined,
    seen: host.seen,
    knownSets: ['same'],
    onSend: () => undefined,
  });
  host.seen = seen;
  beats.push(performance.now() - startedAt);
}

function rowOf(index) {
  return {
    id: randomUUID(),
    instance: randomUUID(),
    name: `host-${index}`,
    version: '1.0.0',
    address: `10.0.0.${index}:50051`,
    labels: ['eu'],
    pid: 7,
    ...{
      held: 100,
      load: 120,
      memoryBytes: 4e8,
      memoryLimitBytes: 4e9,
      memoryFreeBytes: 2e9,
      isLeaving: false,
      digest: 'same',
    },
  };
}

/** Again and again, never before the last one has ended. Gives what ends it. */
function every(ms, run) {
  let underWay;
  const timer = setInterval(
    () =>
      (underWay ??= run()
        .catch(() => undefined)
        .finally(() => (underWay = undefined))),
    ms,
  );
  return () => clearInterval(timer);
}

/** Seconds that the server's processes have computed that live now. */
function cpuOf(port) {
  const parent = readdirSync('/proc').find(
    (pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`${port}`) && commandOf(pid).includes('/postgres'),
  );
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .reduce((sum, pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        return pid === parent || fields[1] === parent ? sum + (Number(fields[11]) + Number(fields[12])) / 100 : sum;
      } catch {
        return sum;
      }
    }, 0);
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
