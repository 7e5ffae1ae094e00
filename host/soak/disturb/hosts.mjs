// Three hosts on machines of their own, as far as they can tell: each with a project, a data directory and a network of its own, and one
// database for all of them.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runSql, startPostgres } from '../../../plugins/postgres/test/start-postgres.ts';
import { AUTOMATE, plainEnvironment } from '../../test/cli/fixtures/cli-project.ts';
import { ServingHost } from '../../test/cli/fixtures/serving-host.ts';
import { HUB_ADDRESS, networkOf } from './networks.mjs';

const PACKAGE = '@acme/connector-ledger';
const SDK = join(import.meta.dirname, '..', '..', 'node_modules', '@automate', 'sdk');
/** Connectors of which one host alone runs each, and one that each host runs. */
export const PLACED = Array.from({ length: 6 }, (_, n) => `ledger-${n}`);
export const EVERYWHERE = 'everywhere';

const adapter = (version) => `
import { action, ConnectorAdapter } from '@automate/sdk';
const anything = { schema: { '~standard': { version: 1, vendor: 'disturb', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const asking = (adapter, what, declared) => action({
  description: 'Asks the remote system.',
  input: anything,
  ...declared,
  run: ({ id, slow }, { http }) => {
    const at = performance.timeOrigin + performance.now();
    const said = '?version=${version}&pid=' + process.pid + '&at=' + at + (slow === true ? '&slow' : '');
    return http.json({ method: what === 'book' ? 'POST' : 'GET', path: '/' + what + '/' + adapter.id + '/' + id + said });
  },
});
export default class LedgerAdapter extends ConnectorAdapter {
  name = 'ledger';
  version = '${version}';
  actions = {
    book: asking(this, 'book', { sideEffects: true, idempotent: false }),
    read: asking(this, 'read', { sideEffects: false, idempotent: true }),
  };
  async connect() { return true; }
}
`;

/**
 * Makes the projects and the database, and starts no host yet.
 *
 * @param owner whose networks they stand in
 * @param folder the caller removes it
 */
export async function prepareHosts({ owner, folder, slots, remotePort, onEnd }) {
  const hba = join(folder, 'pg_hba.conf');
  const from = ['127.0.0.1/32', `${HUB_ADDRESS.base}/24`];
  writeFileSync(hba, from.map((net) => `host all all ${net} scram-sha-256\n`).join(''), { mode: 0o644 });
  const database = await startPostgres({ settings: { listen_addresses: '*', hba_file: hba } });
  await database.sql('CREATE DATABASE rounds TEMPLATE template0');
  const keyFile = join(folder, 'master.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  // Nothing is looked up in a registry: what connectors import is found beside the projects.
  mkdirSync(join(folder, 'node_modules', '@automate'), { recursive: true });
  symlinkSync(SDK, join(folder, 'node_modules', '@automate', 'sdk'));

  const projectOf = (slot) => join(folder, `project-${slot}`);
  const envOf = (slot) => ({
    ...plainEnvironment(),
    STORE_URL: `postgres://postgres:correct%20horse@${HUB_ADDRESS.base}:${database.port}/rounds`,
    MASTER_KEY_FILE: keyFile,
    DATA_DIR: join(folder, `data-${slot}`),
    BIND_ADDRESS: networkOf(owner, slot).address,
    ADVERTISE_ADDRESS: networkOf(owner, slot).address,
    TLS_CERT_FILE: join(folder, 'server.pem'),
    TLS_KEY_FILE: join(folder, 'server.key'),
    GRPC_PORT: '50051',
    HTTP_PORT: '8080',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'warn',
    HEALTH_INTERVAL: '5s',
  });
  /** Runs a command of the product at a host's project, as whoever operates it does. */
  const automate = async (slot, ...args) => {
    const child = spawn(process.execPath, [AUTOMATE, ...args], {
      cwd: projectOf(slot),
      env: envOf(slot),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    if (code !== 0)
      throw new Error(`automate ${args.join(' ')} at host ${slot}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  /** The package of a version as a tarball, as its author packs it. */
  const pack = async (version) => {
    const source = join(folder, `ledger-${version}`);
    mkdirSync(source);
    const manifest = {
      name: PACKAGE,
      version,
      type: 'module',
      license: 'MIT',
      engines: { automate: '^1.0.0' },
      automate: { connectors: { ledger: './adapter.js' } },
    };
    writeFileSync(join(source, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(source, 'adapter.js'), adapter(version));
    const npm = spawn('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: source,
      env: plainEnvironment(),
      stdio: 'ignore',
    });
    const [code] = await once(npm, 'exit');
    if (code !== 0) throw new Error(`npm pack of ${version}: exit code ${code}`);
    return join(folder, `acme-connector-ledger-${version}.tgz`);
  };

  const entry = (id, placement) => ({
    ...{ id, kind: 'ledger', placement },
    ...{ scheme: 'http', host: HUB_ADDRESS.calls, port: remotePort },
  });
  const connectors = [...PLACED.map((id) => entry(id, 'one')), entry(EVERYWHERE, 'all')];
  const [first, ...others] = slots;
  mkdirSync(join(projectOf(first), 'config'), { recursive: true });
  writeFileSync(
    join(projectOf(first), 'package.json'),
    JSON.stringify({ name: 'rounds', version: '1.0.0', private: true }),
  );
  writeFileSync(join(projectOf(first), 'config', 'connectors.json'), JSON.stringify({ connectors: [] }));
  const upgrade = async (slot, tarball) => void (await automate(slot, 'plugins', 'add', tarball, '--yes'));
  await upgrade(first, await pack('1.0.0'));
  for (const slot of others) cpSync(projectOf(first), projectOf(slot), { recursive: true, verbatimSymlinks: true });
  for (const slot of slots)
    writeFileSync(join(projectOf(slot), 'config', 'connectors.json'), JSON.stringify({ connectors }));
  const { token } = JSON.parse(await automate(first, 'tokens', 'create', 'caller', '--scope', 'admin', '--json'));

  const running = new Map();
  const pids = new Map();
  const of = (slot) => {
    const host = running.get(slot);
    if (host === undefined) throw new Error(`host ${slot} does not run`);
    return host;
  };
  const lapsesOf = ({ records }) => records.filter(({ event }) => event === 'lease_lost').length;
  /** By host, of processes that have ended. */
  const lapses = new Map();
  const gone = (slot) => {
    const host = of(slot);
    running.delete(slot);
    lapses.set(slot, (lapses.get(slot) ?? 0) + lapsesOf(host));
    onEnd(slot, host.output);
    return host;
  };
  return {
    token,
    database: { ...database, query: (statement) => runSql(database.port, statement, 'rounds') },
    pack,
    upgrade,
    slots,
    /** Which host a process was. */
    slotOf: (pid) => pids.get(pid),
    /** How often a host said that it could not renew its lease in time. */
    leasesLost(slot) {
      const host = running.get(slot);
      return (lapses.get(slot) ?? 0) + (host === undefined ? 0 : lapsesOf(host));
    },
    isRunning: (slot) => running.has(slot),
    async start(slot) {
      const { name } = networkOf(owner, slot);
      const host = await ServingHost.start({
        command: 'ip',
        args: ['netns', 'exec', name, process.execPath, AUTOMATE, 'start'],
        cwd: projectOf(slot),
        env: envOf(slot),
      });
      running.set(slot, host);
      pids.set(host.child.pid, slot);
    },
    signal: (slot, signal) => of(slot).kill(signal),
    async kill(slot) {
      await gone(slot).end('SIGKILL');
    },
    /** Ends it as its operator does; gives its exit code. */
    async end(slot) {
      const host = of(slot);
      const { status } = await host.end('SIGTERM');
      gone(slot);
      return status;
    },
    async close() {
      for (const slot of running.keys()) await gone(slot)[Symbol.asyncDispose]();
      await database.close();
    },
  };
}
