// `npm run disturb`: three hosts with one PostgreSQL, each in a network of its own, called without pause at all of them, while one thing after
// another is done to them: a host is killed, cut off, stopped, ended, or has its packages upgraded, the database goes away, or its sessions end.
// The remote system counts. After each round all that callers were told is compared with it. Prints what was counted, and ends with 1 where
// something was violated. Needs root, iproute2 and PostgreSQL. Options:
//   --rounds N          how many; default 50
//   --seed N            of what is done when; default: another each time, which is printed
//   --only A,B          these kinds alone, as they are named in disturb/disturbances.mjs
//   --outage S          seconds that the database is away; default 30
//   --calm S            seconds without disturbance before each; default 3
//   --takeover S        seconds that another host may take to answer for what one held that was killed; default 5
//   --pause MS          between two calls of each of the eighteen callers; default 30
//   --logs DIRECTORY    where the hosts' logs are kept
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createCertificateAuthority } from '@automate/testing';
import { DISTURBANCES } from './disturb/disturbances.mjs';
import { hubOf, makeNetworks, networkOf, networksLeft, SLOTS } from './disturb/networks.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    only: { type: 'string' },
    outage: { type: 'string', default: '30' },
    calm: { type: 'string', default: '3' },
    takeover: { type: 'string', default: '5' },
    pause: { type: 'string', default: '30' },
    logs: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));
const [outageMs, calmMs, takeoverMs] = [options.outage, options.calm, options.takeover].map(
  (text) => Number(text) * 1_000,
);
const pauseMs = Number(options.pause);
const only = options.only?.split(',');
if (!(rounds > 0 && outageMs > 0 && calmMs > 0 && takeoverMs > 0 && pauseMs >= 0) || !Number.isInteger(seed)) {
  console.error(
    '--rounds, --outage, --calm and --takeover are numbers above 0, --pause one from 0, --seed a whole number',
  );
  process.exit(2);
}
const unknown = only?.filter((name) => !(name in DISTURBANCES)) ?? [];
if (unknown.length > 0) {
  console.error(`--only takes ${Object.keys(DISTURBANCES).join(',')}`);
  process.exit(2);
}
const logs = options.logs === undefined ? undefined : resolve(options.logs);
if (logs !== undefined) mkdirSync(logs, { recursive: true });

process.env.PATH = [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter);
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'automate-rounds-')));
// The database runs as another user.
chmodSync(folder, 0o755);
const authority = createCertificateAuthority('Rounds');
const { key, cert } = authority.issue({ hosts: SLOTS.map((slot) => networkOf(process.pid, slot).address) });
for (const [name, pem] of Object.entries({
  'authority.pem': authority.cert,
  'server.pem': cert + authority.cert,
  'server.key': key,
}))
  writeFileSync(join(folder, name), pem, { mode: 0o600 });

const networks = makeNetworks(folder);
console.log(`seed ${seed}`);
const told = { owner: process.pid, folder, rounds, seed, only, outageMs, calmMs, takeoverMs, pauseMs, logs };
const inside = spawn(
  'ip',
  [
    'netns',
    'exec',
    hubOf(process.pid),
    process.execPath,
    join(import.meta.dirname, 'disturb', 'inside.mjs'),
    JSON.stringify(told),
  ],
  { stdio: 'inherit', env: { ...process.env, TMPDIR: folder, NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem') } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => inside.kill('SIGKILL'));
const [code] = await once(inside, 'exit');
await networks.end();
const left = networksLeft().filter(({ owner }) => owner === process.pid);
if (left.length > 0 || existsSync(folder)) {
  console.log(
    `VIOLATED left behind: ${[...left.map(({ name }) => name), ...(existsSync(folder) ? [folder] : [])].join(', ')}`,
  );
  process.exitCode = 1;
} else process.exitCode = code ?? 1;
