// `npm run handover`: ten thousand executions through two hosts with one PostgreSQL, asked for at both, while one of them, the one that runs
// their connector, is killed with SIGKILL in the middle. Each that was acknowledged must have exactly one outcome, and the remote system
// counts: what may not be done twice was not. Prints what was counted and how fast it went, and ends with 1 where something was violated.
// Needs PostgreSQL. Options:
//   --count N        how many; default 10000
//   --callers N      how many ask for executions at a time; default 32
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '@automate/client';
import { startPostgres } from '../../plugins/postgres/test/start-postgres.ts';

const { values: options } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, callers: { type: 'string', default: '32' } },
});
const [count, callers] = [options.count, options.callers].map(Number);
if (![count, callers].every((number) => Number.isInteger(number) && number > 0)) {
  console.error('--count and --callers are whole numbers above 0');
  process.exit(2);
}

/** How many may run at a time, over both hosts. */
const PLACES = 32;
const HERE = import.meta.dirname;
const BIN = join(HERE, '..', 'bin', 'automate.js');
const ADAPTER = `
import { action, ConnectorAdapter } from '@automate/sdk';
const input = { schema: { '~standard': { version: 1, vendor: 'handover', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const ask = (what) => ({ order }, { http }) => http.json({ method: 'POST', path: '/' + what + '/' + order });
export default class Ledger extends ConnectorAdapter {
  name = 'ledger';
  version = '1.0.0';
  actions = {
    book: action({ description: 'Books an order. Twice books it twice.', input, sideEffects: true, idempotent: false, run: ask('book') }),
    set: action({ description: 'Sets an order.', input, sideEffects: true, idempotent: true, run: ask('set') }),
  };
  async connect() { return true; }
}
`;

const violations = new Set();
const judge = (isSo, words) => void (isSo || violations.add(words));
/** How often the remote system was asked for each order. */
const asked = new Map();
const remote = createServer((request, response) => {
  const order = request.url.slice(1);
  asked.set(order, (asked.get(order) ?? 0) + 1);
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ order }));
});
remote.listen(0, '127.0.0.1');
await once(remote, 'listening');

const root = realpathSync(mkdtempSync(join(tmpdir(), 'automate-handover-')));
const server = await startPostgres({ settings: { fsync: 'on' } });
let isOver = false;
try {
  makeProject(remote.address().port);
  await server.sql('CREATE DATABASE handover TEMPLATE template0');
  const hosts = [await startHost('a'), await startHost('b')];
  const services = await Promise.all(hosts.map(({ grpc }) => connect({ address: grpc })));
  await services[0].execute({ id: 'ledger', action: 'set', payload: { order: 'first' } });
  const [killed, other] = hosts;
  const startedAt = performance.now();
  /** By order, the id of its execution; absent: it was not acknowledged. */
  const acknowledged = new Map();
  let next = 0;
  const asking = Promise.all(Array.from({ length: callers }, ask));
  while (asked.size < count / 2) await delay(5);
  const halfAt = performance.now();
  await killed.kill();
  const killedAt = performance.now();
  const before = asked.size;
  while (asked.size === before) await delay(5);
  const backAt = performance.now();
  await asking;
  const ended = await awaitEnds(services[1], acknowledged.size);
  const endedAt = performance.now();
  check(acknowledged, ended);
  for (const service of services) await service.close();
  await other.kill();

  const statuses = Object.entries(Object.groupBy(ended, ({ status }) => status));
  console.log(
    `${acknowledged.size} of ${count} executions acknowledged, and one host of two killed after ${before} calls: ${statuses
      .map(([status, all]) => `${all.length} ${status}`)
      .join(', ')}`,
  );
  const perSecond = (many, ms) => Math.round((many * 1000) / ms);
  console.log(
    `${perSecond(before, halfAt - startedAt)} a second until then, ${perSecond(ended.length, endedAt - startedAt)} in all; the next call came ${Math.round(backAt - killedAt)} ms after the kill`,
  );

  /** Asks for one after the other, at both hosts in turn; what a host that was killed did not answer, by its key at the other one. */
  async function ask() {
    while (next < count) {
      const index = next++;
      const order = String(index);
      const request = { id: 'ledger', action: index % 2 === 0 ? 'book' : 'set', payload: { order } };
      const keyed = index % 4 < 2 ? { ...request, idempotencyKey: `order-${order}` } : request;
      const at = services.toSpliced(0, index % 2);
      for (const service of keyed === request ? at.slice(0, 1) : [...at, services[1]]) {
        const id = await service.startExecution(keyed).then(
          (execution) => execution.id,
          () => undefined,
        );
        if (id === undefined) continue;
        acknowledged.set(order, id);
        break;
      }
    }
  }
} finally {
  isOver = true;
  await server.close();
  remote.closeAllConnections();
  remote.close();
  rmSync(root, { recursive: true, force: true });
}
for (const words of [...violations].slice(0, 20)) console.error(`violated: ${words}`);
console.log(violations.size === 0 ? 'nothing was violated' : `${violations.size} violations`);
process.exitCode = violations.size === 0 ? 0 : 1;

function check(acknowledged, ended) {
  const byId = new Map(ended.map((execution) => [execution.id, execution]));
  judge(byId.size === ended.length, 'an execution is listed twice');
  const unknown = ended.filter(({ status }) => status === 'unknown');
  judge(unknown.length <= PLACES, `${unknown.length} are unknown, and ${PLACES} can have been under way`);
  for (const [order, id] of acknowledged) {
    const execution = byId.get(id);
    const what = Number(order) % 2 === 0 ? 'book' : 'set';
    const times = asked.get(`${what}/${order}`) ?? 0;
    if (execution === undefined) judge(false, `${order} was acknowledged and is gone`);
    else if (execution.status === 'succeeded')
      judge(what === 'set' ? times >= 1 : times === 1, `${order} succeeded, and was done ${times} times (${what})`);
    else
      judge(
        execution.status === 'unknown' && what === 'book' && times <= 1,
        `${order} (${what}, done ${times} times) is ${execution.status}: ${execution.error?.message}`,
      );
  }
  for (const [order, times] of asked)
    judge(!order.startsWith('book/') || times === 1, `${order} was done ${times} times`);
}

/** All executions, once none waits or runs. */
async function awaitEnds(service, least) {
  for (;;) {
    const under = await service.listExecutions({ status: ['queued', 'running'], limit: 1 });
    if (under.executions.length === 0) break;
    await delay(50);
  }
  const all = [];
  for (let page = await service.listExecutions({ limit: 1_000 }); ;) {
    all.push(...page.executions);
    if (page.next === undefined) break;
    page = await service.listExecutions({ limit: 1_000, after: page.next });
  }
  judge(all.length >= least, `${least} were acknowledged, and ${all.length} are there`);
  return all;
}

function makeProject(port) {
  const folder = join(root, 'node_modules/connector-ledger');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, 'node_modules/@automate'));
  mkdirSync(join(root, 'config'));
  symlinkSync(join(HERE, '..', 'node_modules/@automate/sdk'), join(root, 'node_modules/@automate/sdk'));
  const manifest = {
    name: 'connector-ledger',
    version: '1.0.0',
    type: 'module',
    engines: { automate: '^1.0.0' },
    automate: { connectors: { ledger: './index.js' } },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'index.js'), ADAPTER);
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ name: 'handover', private: true, dependencies: { 'connector-ledger': '1.0.0' } }),
  );
  writeFileSync(
    join(root, 'config/connectors.yaml'),
    `connectors: [{ id: ledger, host: 127.0.0.1, port: ${port}, limits: { concurrency: ${PLACES} } }]\n`,
  );
  writeFileSync(join(root, 'master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
}

/** A host as a process of its own, once it serves. */
async function startHost(dataDir) {
  const args = ['start', '--grpc-port', '0', '--http-port', '0', '--log-format', 'json', '--log-level', 'error'];
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      STORE_URL: `postgres://postgres:correct%20horse@127.0.0.1:${server.port}/handover`,
      MASTER_KEY_FILE: join(root, 'master.key'),
      DATA_DIR: join(root, dataDir),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  void exited.then(() => judge(isOver || child.signalCode === 'SIGKILL', `a host ended by itself (${child.exitCode})`));
  const { promise, resolve, reject } = Promise.withResolvers();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const record = line.startsWith('{') ? JSON.parse(line) : {};
    if (record.event === 'ready') resolve(record.grpc);
  });
  void exited.then(() => reject(new Error('the host does not start')));
  return {
    grpc: await promise,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
