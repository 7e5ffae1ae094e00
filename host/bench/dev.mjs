// How long an author waits: from a saved source to the answer of what was built of it, under `automate dev`, against the package's own
// build alone; and the same for a package that Node runs as it was written, without a build.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { median, printTable } from './bench-table.mjs';

export const name = 'dev';

const ROUNDS = 7;
const WANTED_MS = 2000;
const REPOSITORY = join(import.meta.dirname, '../..');
const SOURCE = 'src/timed-adapter.ts';

/** Measures and prints. */
export async function run() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'automate-bench-dev-')));
  try {
    const built = await measure(makePackage(root, 'built'), { builds: true });
    const stripped = await measure(makePackage(root, 'stripped', withoutBuild), { builds: false });
    printTable('from a saved source to its answer', [
      { name: 'the build of the template "minimal" alone', samples: built.build },
      { name: 'saved, built, tried, swapped, answered', samples: built.answer },
    ]);
    for (const [what, { answer }] of Object.entries({ 'with a build': built, 'run as it is written': stripped }))
      console.log(
        `  ${what}: ${median(answer).toFixed(0)} ms, at most ${Math.max(...answer).toFixed(0)} (wanted: under ${WANTED_MS})`,
      );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function makePackage(root, folder, change = () => {}) {
  const place = join(root, folder);
  const create = join(REPOSITORY, 'packages/create-connector/bin/create-connector.js');
  const flags = ['--name', `@acme/connector-${folder}`, '--kind', 'timed', '--template', 'minimal', '--yes'];
  execFileSync(process.execPath, [create, place, ...flags], { stdio: 'ignore' });
  for (const [from, to] of [
    ['packages/sdk', '@automate/sdk'],
    ['node_modules/@types/node', '@types/node'],
    ['node_modules/typescript', 'typescript'],
    ['node_modules/.bin/tsc', '.bin/tsc'],
  ]) {
    const link = join(place, 'node_modules', to);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(REPOSITORY, from), link);
  }
  change(place);
  return place;
}

function withoutBuild(place) {
  const file = join(place, 'package.json');
  const { scripts, automate, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  delete scripts.build;
  automate.connectors.timed.entry = `./${SOURCE}`;
  writeFileSync(file, JSON.stringify({ ...rest, scripts, automate }));
}

async function measure(place, { builds }) {
  const samples = { build: [], answer: [] };
  const child = spawn(join(REPOSITORY, 'node_modules/.bin/automate'), ['dev', place], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, LOG_LEVEL: 'silent' },
  });
  try {
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async () => {
      child.stdin.write('send_message {"text":"hello"}\n');
      return JSON.parse((await answers.next()).value ?? 'null');
    };
    await ask();
    const source = readFileSync(join(place, SOURCE), 'utf8');
    for (let round = 0; round < ROUNDS; round += 1) {
      if (builds) samples.build.push(timed(() => execFileSync(process.execPath, ['--run', 'build'], { cwd: place })));
      const startedAt = performance.now();
      writeFileSync(join(place, SOURCE), source.replace("status: 'sent'", `status: 'sent ${round}'`));
      const { status } = await ask();
      samples.answer.push(performance.now() - startedAt);
      if (status !== `sent ${round}`) throw new Error(`what was saved is not what answered: ${status}`);
    }
  } finally {
    child.kill();
  }
  return samples;
}

function timed(work) {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
