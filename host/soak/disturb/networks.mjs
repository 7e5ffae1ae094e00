// Networks as three machines have them, by `ip netns`: each host has a cable to the callers, the remote system and the other hosts, and one to
// the database alone. The hub is where both cables of all of them end.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** The hosts' numbers. */
export const SLOTS = [1, 2, 3];
/** The third part of the addresses, by cable. */
const NETS = { calls: 78, base: 79 };
const HUB = '1';
export const HUB_ADDRESS = { calls: addressOf('calls', HUB), base: addressOf('base', HUB) };
/** What of our names is in each: the process that they are of follows. */
const NAME = /^aut-r\w-(\d+)/;

/** A host's network: its name, the machine's address, and the cables that lead to it. */
export function networkOf(owner, slot) {
  return { name: `aut-r${slot}-${owner}`, address: addressOf('calls', `1${slot}`) };
}

export function hubOf(owner) {
  return `aut-rh-${owner}`;
}

/**
 * Makes the networks of this process, and gives what ends them: with every process in them, and the folder. That happens also where this
 * process is killed; what another one has left is ended first.
 */
export function makeNetworks(folder) {
  removeLeftNetworks();
  const hub = hubOf(process.pid);
  const names = [hub, ...SLOTS.map((slot) => networkOf(process.pid, slot).name)];
  const keeper = spawn('sh', ['-c', END, 'sh', folder, ...names], {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(keeper, 'exit');
  keeper.unref();
  keeper.stdin.unref();
  for (const name of names) {
    mustIp('netns', 'add', name);
    mustIp('-n', name, 'link', 'set', 'lo', 'up');
  }
  for (const net of Object.keys(NETS)) {
    mustIp('-n', hub, 'link', 'add', 'name', net, 'type', 'bridge');
    mustIp('-n', hub, 'address', 'add', `${HUB_ADDRESS[net]}/24`, 'dev', net);
    mustIp('-n', hub, 'link', 'set', net, 'up');
    for (const slot of SLOTS) {
      const { name } = networkOf(process.pid, slot);
      mustIp('-n', name, 'link', 'add', 'name', net, 'type', 'veth', 'peer', 'name', `${net}${slot}`, 'netns', hub);
      mustIp('-n', hub, 'link', 'set', `${net}${slot}`, 'master', net, 'up');
      mustIp('-n', name, 'address', 'add', `${addressOf(net, `1${slot}`)}/24`, 'dev', net);
      mustIp('-n', name, 'link', 'set', net, 'up');
    }
  }
  return {
    async end() {
      keeper.ref();
      keeper.stdin.end();
      await ended;
    },
  };
}

/** Names of networks of ours that are there, by the process that made them. */
export function networksLeft() {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [name, owner] = NAME.exec(line) ?? [];
    return name === undefined ? [] : [{ name, owner: Number(owner) }];
  });
}

/** The processes in a network. */
export function processesIn(name) {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

/**
 * Cuts a host off, or puts it back: `silent`, nobody is told and what is sent is lost; `loud`, the host's own end goes down.
 *
 * @param nets which of its cables
 */
export function cut(owner, slot, nets, how) {
  for (const net of nets)
    if (how === 'silent') mustIp('-n', hubOf(owner), 'link', 'set', `${net}${slot}`, 'nomaster');
    else mustIp('-n', networkOf(owner, slot).name, 'link', 'set', net, 'down');
}

export function putBack(owner, slot, nets) {
  for (const net of nets) {
    mustIp('-n', hubOf(owner), 'link', 'set', `${net}${slot}`, 'master', net);
    mustIp('-n', networkOf(owner, slot).name, 'link', 'set', net, 'up');
  }
}

function addressOf(net, last) {
  return `10.231.${NETS[net]}.${last}`;
}

/** Waits until its input ends, which it does with the process that started it. */
const END = `read _; folder=$1; shift
for name; do kill -9 $(ip netns pids "$name" 2>/dev/null) 2>/dev/null; done
for name; do ip netns delete "$name" 2>/dev/null; done
for try in 1 2 3 4 5; do rm -rf -- "$folder" && break; sleep 1; done`;

function removeLeftNetworks() {
  for (const { name, owner } of networksLeft()) {
    if (isAlive(owner)) continue;
    for (const pid of processesIn(name)) process.kill(Number(pid), 'SIGKILL');
    mustIp('netns', 'delete', name);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function mustIp(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
