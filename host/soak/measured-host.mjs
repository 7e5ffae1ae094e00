// A host as its users start it, over a throw-away project, and what the system says of its process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const HERE = import.meta.dirname;
const SOURCE = readFileSync(join(HERE, 'soak-adapter.mjs'), 'utf8');

/** @param {object[]} connectors entries of the configuration */
export async function startMeasuredHost(connectors) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'automate-soak-')));
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@automate'), { recursive: true });
  symlinkSync(join(HERE, '..', 'node_modules', '@automate', 'sdk'), join(modules, '@automate', 'sdk'));
  for (const kind of ['soak', 'upgraded']) release(root, kind, '1.0.0');
  const dependencies = { 'connector-soak': '1.0.0', 'connector-upgraded': '1.0.0' };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'soak', private: true, dependencies }));
  mkdirSync(join(root, 'config'));
  writeFileSync(join(root, 'config', 'connectors.json'), JSON.stringify({ connectors }));
  const args = ['start', '--grpc-port', '0', '--http-port', '0', '--log-format', 'json', '--log-level', 'error'];
  const child = spawn(process.execPath, [join(HERE, '..', 'bin', 'automate.js'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('"event":"ready"')) ready.resolve(JSON.parse(line));
  });
  child.once('exit', (code, signal) => ready.reject(new Error(`the host ended with ${signal ?? code}`)));
  const { grpc, http } = await ready.promise;
  let end;
  child.once('exit', (code, signal) => (end = signal ?? code));
  return {
    grpc,
    http,
    /** Replaces the package of the kind `upgraded` in place, as installers do. */
    upgrade: (version) => release(root, 'upgraded', version),
    /** How it ended; undefined while it lives. */
    ended: () => end,
    census: () => census(child.pid),
    async stop() {
      child.kill('SIGTERM');
      if (end === undefined) await once(child, 'exit');
      rmSync(root, { recursive: true, force: true });
      return end;
    },
  };
}

function release(root, kind, version) {
  const folder = join(root, 'node_modules', `connector-${kind}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const manifest = {
    name: `connector-${kind}`,
    version,
    type: 'module',
    engines: { automate: '>=1.0.0' },
    automate: { connectors: { [kind]: './adapter.mjs' } },
  };
  writeFileSync(
    join(folder, 'adapter.mjs'),
    SOURCE.replaceAll("'VERSION'", `'${version}'`).replace("'soak'", `'${kind}'`),
  );
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
}

/** What a process and its children hold, by `/proc`; undefined where there is none. */
function census(pid) {
  try {
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => parentOf(name) === pid);
    return {
      memoryMb: rss(pid),
      childrenMb: children.reduce((sum, child) => sum + rss(child), 0),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: readdirSync(`/proc/${pid}/task`).length,
      children: children.length,
    };
  } catch {
    return undefined;
  }
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // gone meanwhile
  }
}

/** Memory that it shares with nobody. */
function rss(pid) {
  try {
    return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
