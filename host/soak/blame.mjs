// `npm run blame`: forty connectors in a real host, called from another program; one leaks 1 MB a second and one spins at 20 % of a
// processor. After a minute `automate blame` is asked. Prints what it says, and ends with 1 where it takes five seconds, does not name
// both with their faults, or names another. Options:
//   --isolation thread|process  default thread
//   --seconds N                 how long it is waited before; default 65
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '@automate/client';
import { PluginSandbox } from '@automate/testing';
import { AUTOMATE, plainEnvironment } from '../test/cli/fixtures/cli-project.ts';
import { ServingHost } from '../test/cli/fixtures/serving-host.ts';

const { values: options } = parseArgs({
  options: { isolation: { type: 'string', default: 'thread' }, seconds: { type: 'string', default: '65' } },
});
const { isolation } = options;
const WELL = Array.from({ length: 38 }, (_, index) => `well-${index}`);
const TROUBLE = { leaky: { how: 'leak', mb_per_second: 1 }, spinner: { how: 'spin', share: 0.2 } };
/** Milliseconds between two calls, which go to one well connector after the other. */
const BETWEEN_MS = 50;
const MAX_MS = 5_000;

const violations = [];
const judge = (isSo, words) => void (isSo || violations.push(words));

await using sandbox = await PluginSandbox.create();
const source = await readFile(join(import.meta.dirname, '../test/fixtures/connectors/troubled.js'), 'utf8');
await sandbox.addConnector({ kind: 'troubled', source });
const entries = [
  ...WELL.map((id) => ({ id, settings: {} })),
  ...Object.entries(TROUBLE).map(([id, settings]) => ({ id, settings })),
];
await mkdir(join(sandbox.root, 'config'));
const connectors = entries.map((entry) => ({
  ...entry,
  kind: 'troubled',
  isolation,
  health_check: { interval: '10s' },
}));
await writeFile(join(sandbox.root, 'config/connectors.json'), JSON.stringify({ connectors }));
const at = { cwd: sandbox.root, env: { ...plainEnvironment(), GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' } };
await using host = await ServingHost.start({ command: process.execPath, args: [AUTOMATE, 'start'], ...at });
await using service = await connect({ address: host.ready.grpc });
await service.healthCheckAll();
console.log(`forty connectors run (${isolation}); asked in ${options.seconds} s`);

const until = Date.now() + Number(options.seconds) * 1000;
let calls = 0;
while (Date.now() < until) {
  await service.execute({ id: WELL[calls % WELL.length], action: 'work', payload: {} });
  calls += 1;
  await delay(BETWEEN_MS);
}

const ask = async (...args) => {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [AUTOMATE, 'blame', ...args], { ...at, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { said, ms: Math.round(performance.now() - startedAt), status: child.exitCode };
};
const forPeople = await ask();
const forPrograms = await ask('--json');
console.log(`after ${calls} calls, in ${forPeople.ms} and ${forPrograms.ms} ms:\n${forPeople.said}`);
for (const { ms, status } of [forPeople, forPrograms]) {
  judge(ms < MAX_MS, `it took ${ms} ms`);
  judge(status === 0, `it ended with ${status}`);
}
const found = JSON.parse(forPrograms.said).entries.map(({ connector, fault }) => `${connector} ${fault}`);
for (const expected of ['leaky memory_growth', 'spinner cpu'])
  judge(found.includes(expected), `${expected} is not named`);
for (const each of found) judge(Object.keys(TROUBLE).includes(each.split(' ')[0]), `${each} is named`);

for (const violation of violations) console.log(`VIOLATED ${violation}`);
console.log(violations.length === 0 ? 'nothing was violated' : `${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
