// Runs the tests against the real gateway, which the default run leaves out: it takes 650 MB, a minute to install and
// up to 20 seconds to start.
//
//   node plugins/openclaw/test/real-gateway.mjs          installs into a folder of its own below the system's for temporary files
//   OPENCLAW_DIR=/some/folder node …/real-gateway.mjs    installs there, unless it is there already

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '2026.9.6';
const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = process.env.OPENCLAW_DIR ?? join(tmpdir(), `openclaw-${VERSION}`);
// The gateway's own child processes take the first Node on PATH.
const env = {
  ...process.env,
  OPENCLAW_DIR: folder,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
};

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(folder, 'node_modules', 'openclaw', 'openclaw.mjs'))) {
  console.log(`installing openclaw ${VERSION} into ${folder}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'openclaw-under-test', private: true }));
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `openclaw@${VERSION}`], folder);
}
const jest = join('node_modules', 'jest', 'bin', 'jest.js');
const test = join('plugins', 'openclaw', 'test', 'real-gateway.test.ts');
run(process.execPath, ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, test], root);
