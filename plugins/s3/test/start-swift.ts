import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOnPath } from '@automate/tooling/require-service';
import type { S3Server } from './start-server.ts';

const PROGRAMS = ['proxy', 'account', 'container', 'object'].map((role) => `swift-${role}-server`);

/** Debian's Swift, which speaks S3 by its middleware s3api and checks signatures. */
export const swift = {
  name: 'swift',
  available: () => PROGRAMS.every(isOnPath) && hasHashSuffix(),
  remedy: 'apt-get install --no-install-recommends swift-proxy swift-account swift-container swift-object',
};

/** One user of its own; Swift calls the access key account:user. */
export const swiftUser = { username: 'test:tester', password: 'testing' };
const OTHER_USER = 'user_other_reader = reading';

const STORES = ['account', 'container', 'object'] as const;

/** A Swift of its own on free ports and in a temporary folder, started as child processes. */
export async function startSwift(): Promise<Omit<S3Server, 'store'> & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'swift-'));
  mkdirSync(join(folder, 'devices', 'd1'), { recursive: true });
  const ports = await freePorts(STORES.length + 1);
  const [proxyPort = 0, ...storePorts] = ports;
  makeRings(folder, storePorts);
  STORES.forEach((store, index) => configureStore(folder, store, storePorts[index] ?? 0));
  writeFileSync(join(folder, 'proxy-server.conf'), proxyConfig(folder, proxyPort));
  const stores = STORES.map((store) => startProgram(folder, store));
  let proxy = startProgram(folder, 'proxy');
  const url = `http://127.0.0.1:${proxyPort}`;
  const ready = (): Promise<void> => untilHealthy(proxyPort, proxy);
  await Promise.all([ready(), ...stores.map((store, index) => untilHealthy(storePorts[index] ?? 0, store))]);
  return {
    url,
    stop: () => end(proxy),
    async restart() {
      proxy = startProgram(folder, 'proxy');
      await ready();
    },
    async close() {
      await Promise.all([proxy, ...stores].map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One device for everything, without copies. In one process, since Python takes a while to load Swift. */
const RINGS = `
import sys
from swift.common.ring import RingBuilder
for name, port in zip(sys.argv[1::2], sys.argv[2::2]):
    builder = RingBuilder(2, 1, 0)
    place = {'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'd1', 'weight': 1.0, 'meta': ''}
    builder.add_dev({**place, 'replication_ip': place['ip'], 'replication_port': place['port']})
    builder.rebalance()
    builder.get_ring().save(name + '.ring.gz')
`;

function makeRings(folder: string, ports: readonly number[]): void {
  const args = STORES.flatMap((store, index) => [store, String(ports[index])]);
  // Debian's own interpreter, the one that the servers run in.
  execFileSync('/usr/bin/python3', ['-c', RINGS, ...args], { cwd: folder, stdio: 'pipe' });
}

function configureStore(folder: string, store: string, port: number): void {
  writeFileSync(
    join(folder, `${store}-server.conf`),
    `${commonConfig(folder, port)}
devices = ${join(folder, 'devices')}
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = healthcheck ${store}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${store}-server]
use = egg:swift#${store}
`,
  );
}

const commonConfig = (folder: string, port: number): string => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
`;

const proxyConfig = (folder: string, port: number): string => `${commonConfig(folder, port)}
[pipeline:main]
pipeline = catch_errors healthcheck cache s3api tempauth slo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:healthcheck]
use = egg:swift#healthcheck
# It must be there, and does without a server: nothing listens at this port.
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:slo]
use = egg:swift#slo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_${swiftUser.username.replace(':', '_')} = ${swiftUser.password} .admin
${OTHER_USER}
`;

function startProgram(folder: string, role: string): ChildProcess {
  const config = join(folder, `${role}-server.conf`);
  return spawn(`swift-${role}-server`, [config], { cwd: folder, stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Swift reads this one file from where Debian puts it, and does not start without. */
function hasHashSuffix(): boolean {
  try {
    return readFileSync('/etc/swift/swift.conf', 'utf8').includes('swift_hash_path_');
  } catch {
    // Not there, or not for us to read.
    return false;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function untilHealthy(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`);
    const status = await fetch(`http://127.0.0.1:${port}/healthcheck`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await sleep(100);
  }
  throw new Error(`${child.spawnfile} did not become ready in 30 seconds`);
}
