// Runs before `npm start` and `npm test`, so it must work on a machine that has nothing but Node 20 and npm:
// installs the packages (Node 24 is one of them on Linux) and builds. Plain JavaScript, no dependencies.
// When nothing changed it only asks the compiler, which answers in a fraction of a second.
//
// Arguments are a command that runs afterwards with the installed Node: `a && b` in a script would not do, since the
// shell remembers where it found `node` the first time, before there was a newer one. With `--no-build` before it, the
// command builds by itself.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, ROOT, run } from './run.mjs';

const PNPM = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).packageManager;
const STAMP = join(ROOT, 'node_modules', '.automate-setup');
const NEEDED = [24, 16];
const WINDOWS = process.platform === 'win32';

/** A failure with what the person at the keyboard can do about it. */
class SetupError extends Error {
  constructor(message, remedy, output = '') {
    super(message);
    this.remedy = remedy;
    this.output = output;
  }
}

const say = (line) => console.log(`setup: ${line}`);

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

const bringsItsOwnNode = () => process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

function tooOld(version) {
  return new SetupError(
    `Node.js ${NEEDED.join('.')} or newer is needed, this is ${version}.`,
    `Install it from https://nodejs.org (or with nvm, fnm, volta) and run the command again. ` +
      `Only on Linux with glibc (x64, arm64) is it installed together with the packages.`,
  );
}

/** Everything that decides what an installation looks like. */
function fingerprint() {
  const folders = ['packages', 'plugins'].flatMap((group) =>
    readdirSync(join(ROOT, group)).map((name) => join(group, name)),
  );
  const manifests = ['.', 'host', ...folders].map((folder) => join(folder, 'package.json'));
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests.toSorted()]) {
    if (existsSync(join(ROOT, file))) hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex');
}

const isInstalled = (wanted) => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted;

/** Runs a program quietly; a line every 15 seconds shows that it is alive. */
const quietly = (title, command, args) =>
  run(command, args, { alive: (seconds) => say(`${title}, ${seconds} s so far`) });

async function install(wanted) {
  say(`installing packages with ${PNPM} (a minute or two the first time)`);
  const result = await quietly('installing packages', 'npx', [
    '-y',
    PNPM,
    'install',
    '--frozen-lockfile',
    '--config.confirm-modules-purge=false',
  ]);
  if (result.status !== 0) {
    throw new SetupError(
      `the packages could not be installed (pnpm exit code ${result.status}).`,
      /OUTDATED_LOCKFILE/.test(result.output)
        ? `A package.json was changed without the lockfile: run "npx -y ${PNPM} install" and commit pnpm-lock.yaml.`
        : 'Check that the npm registry can be reached ("npm ping") and that the disk is not full, then run the command again.',
      result.output,
    );
  }
  writeFileSync(STAMP, wanted);
  say(`packages installed in ${Math.round(result.seconds)} s`);
}

function checkNode() {
  const { stdout, status } = spawnSync('node', ['--version'], { env: environment(), encoding: 'utf8', shell: WINDOWS });
  const version = status === 0 ? stdout.trim() : process.version;
  if (!isNewEnough(version)) throw tooOld(version);
}

async function build(first) {
  if (first) say('building');
  const result = await quietly('building', 'node', [
    join('node_modules', 'typescript', 'bin', 'tsc'),
    '-b',
    '--pretty',
    'false',
  ]);
  if (result.status !== 0) {
    throw new SetupError(
      'the sources do not compile.',
      'Fix the errors above; "npm run build" repeats this step alone.',
      result.output,
    );
  }
  // Looks at what it is made of first, and mostly does nothing more.
  const page = await quietly('building the page', 'node', [join('host', 'build-page.mjs')]);
  if (page.status !== 0) {
    throw new SetupError(
      'the page cannot be built.',
      'Fix the errors above; "npm run build" repeats this step.',
      page.output,
    );
  }
  if (first) say(`built in ${Math.round(result.seconds)} s`);
}

/** Runs the command in place of this program: same terminal, signals passed on, its exit code is ours. */
function handOver([command, ...args]) {
  const child = spawn(command, args, { cwd: ROOT, env: environment(), shell: WINDOWS, stdio: 'inherit' });
  // The child is told once: to a host a second signal means to drop everything.
  let told = false;
  const end = () => {
    if (told) return;
    told = true;
    child.kill('SIGTERM');
  };
  // Ctrl-C reaches the child as well, by the terminal; it decides what to do, and we wait for it.
  process.on('SIGINT', () => {
    told = true;
  });
  process.on('SIGTERM', end);
  // A signal to npm ends the shell between npm and us, which passes nothing on; a new parent is how we learn of it.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, 500);
  child.on('error', (error) => {
    clearInterval(watch);
    console.error(`setup: ${command} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (status) => {
    clearInterval(watch);
    process.exitCode = status ?? 1;
  });
}

try {
  if (!bringsItsOwnNode() && !isNewEnough(process.version)) throw tooOld(process.version);
  const wanted = fingerprint();
  const first = !isInstalled(wanted);
  if (first) await install(wanted);
  checkNode();
  const building = process.argv[2] !== '--no-build';
  if (building) await build(first);
  const next = process.argv.slice(building ? 2 : 3);
  if (next.length > 0) handOver(next);
} catch (error) {
  if (error.output) console.error(error.output.trimEnd());
  console.error(`setup failed: ${error.message}`);
  if (error.remedy) console.error(error.remedy);
  process.exitCode = 1;
}
