// One first pass of one contender in a process of its own: `node discovery-sample.mjs CONTENDER ROOT`.
// What it needs is loaded before the clock starts, for every contender alike.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { backstage, n8n, nodeRed, oclif, readAndParse } from './discovery-peers.mjs';

const CONTENDERS = {
  all: () => ours({ scan: 'all' }),
  direct: () => ours({ scan: 'direct' }),
  loop: bareLoop,
  parse: readAndParse,
  'node-red': nodeRed,
  n8n,
  backstage,
  oclif,
};

const [, , contender, root] = process.argv;
// As the host's own command does, and for the benefit of all.
enableCompileCache(join(root, 'compile-cache'));
const scan = await CONTENDERS[contender]();
const before = performance.now();
const found = await scan(root);
const milliseconds = performance.now() - before;
process.stdout.write(`${JSON.stringify({ milliseconds, found })}\n`);

/** The whole of discovery: found, parsed, entries resolved, ranges checked, decided, reported. */
async function ours(options) {
  const { discover } = await import('../dist/plugins/compatibility/discover.js');
  return (directory) => discover({ root: directory, hostVersion: '1.0.0', ...options }).declarations.size;
}

/** The system calls alone where there is no compiler: readdir, open, read and close from Node.js, and nothing else. */
function bareLoop() {
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  const scanDirectory = (directory) => {
    let files = 0;
    for (const name of readdirSync(directory)) {
      if (name.startsWith('@')) {
        files += scanDirectory(`${directory}/${name}`);
        continue;
      }
      const file = openSync(`${directory}/${name}/package.json`);
      if (readSync(file, buffer) > 0) files++;
      closeSync(file);
    }
    return files;
  };
  return (directory) => scanDirectory(`${directory}/node_modules`);
}
