import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { isOnPath } from '@automate/tooling/require-service';
import type { Place, Program } from '@automate/tooling/start-program';
import { answers, startProgram } from '@automate/tooling/start-program';
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

/** A Swift of its own, of four programs. */
export async function startSwift(): Promise<Omit<S3Server, 'store'> & { close(): Promise<void> }> {
  const running: Program[] = [];
  const start = async (role: string, setUp: (place: Place) => string): Promise<Program> => {
    const program = await startProgram({
      command: `swift-${role}-server`,
      setUp: (place) => [place.write(`${role}-server.conf`, setUp(place))],
      isReady: answers('/healthcheck'),
    });
    running.push(program);
    return program;
  };
  const close = async (): Promise<void> => {
    await Promise.all(running.map((program) => program.close()));
  };
  try {
    const stores = await Promise.all(STORES.map((store) => start(store, (place) => storeConfig(store, place))));
    const proxy = await start('proxy', (place) => {
      makeRings(
        place.folder,
        stores.map((store) => store.port),
      );
      return proxyConfig(place);
    });
    return { url: `http://127.0.0.1:${proxy.port}`, stop: () => proxy.stop('SIGKILL'), restart: proxy.restart, close };
  } catch (error) {
    await close();
    throw error;
  }
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

function storeConfig(store: string, place: Place): string {
  mkdirSync(join(place.folder, 'devices', 'd1'), { recursive: true });
  return `${commonConfig(place)}
devices = ${join(place.folder, 'devices')}
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = healthcheck ${store}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${store}-server]
use = egg:swift#${store}
`;
}

const commonConfig = ({ folder, port }: Place): string => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
`;

const proxyConfig = (place: Place): string => `${commonConfig(place)}
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

/** Swift reads this one file from where Debian puts it, and does not start without. */
function hasHashSuffix(): boolean {
  try {
    return readFileSync('/etc/swift/swift.conf', 'utf8').includes('swift_hash_path_');
  } catch {
    // Not there, or not for us to read.
    return false;
  }
}
