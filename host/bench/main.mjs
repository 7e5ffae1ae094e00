// Runs the benchmarks: `pnpm bench` all of them, `pnpm bench NAME …` some. Prints tables and exits 0 whatever they say.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const BENCHES = {
  'call-overhead': () => import('./call-overhead.mjs'),
  grpc: () => import('./transports-grpc.mjs'),
  access: () => import('./access.mjs'),
  executions: () => import('./executions.mjs'),
  rest: () => import('./transports-rest.mjs'),
  forwarded: () => import('./forwarded.mjs'),
  discovery: () => import('./discovery.mjs'),
  boot: () => import('./boot.mjs'),
  start: () => import('./start.mjs'),
  memory: () => import('./memory.mjs'),
  growth: () => import('./growth.mjs'),
  registered: () => import('./registered.mjs'),
  health: () => import('./health.mjs'),
  many: () => import('./many.mjs'),
  placement: () => import('./placement.mjs'),
  hosts: () => import('./hosts.mjs'),
  dev: () => import('./dev.mjs'),
};

const wanted = process.argv.slice(2).filter((word) => word !== '--');
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}: there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
console.log(`automate ${version}, Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}`);
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  console.log(`\n=== ${name}`);
  const bench = await BENCHES[name]();
  await bench.run();
}
