import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The caller's environment with the workspace's own programs first on PATH, Node 24 among them. */
export function environment() {
  const others = Object.entries(process.env).filter(([name]) => name.toUpperCase() !== 'PATH');
  return {
    ...Object.fromEntries(others),
    PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  };
}

/**
 * Runs a program in the repository's root and keeps what it prints.
 *
 * @param {string} command a program on PATH
 * @param {readonly string[]} args
 * @param {{ alive?: (seconds: number) => void, cwd?: string }} [options] `alive` is called every 15 seconds
 * @returns {Promise<{ status: number | null, output: string, seconds: number }>} never rejects for a non-zero exit
 */
export function run(command, args, options = {}) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 100) / 10;
  const alive = setInterval(() => options.alive?.(Math.round(seconds())), 15_000);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: environment(),
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-40_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output, seconds: seconds() }));
  }).finally(() => clearInterval(alive));
}
