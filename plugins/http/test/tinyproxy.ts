import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedPort } from '@automate/testing';
import { isOnPath } from '@automate/tooling/require-service';
import { untilListening } from './until-listening.ts';

export const tinyproxyService = {
  name: 'tinyproxy',
  available: () => isOnPath('tinyproxy'),
  remedy: 'apt-get install --no-install-recommends tinyproxy-bin',
};

export interface Tinyproxy {
  readonly port: number;
  /** What it was asked for. */
  log(): Promise<string>;
  close(): Promise<void>;
}

/** A real proxy of another make, which lets `ann` through with the password `secret`. */
export async function startTinyproxy(): Promise<Tinyproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'automate-tinyproxy-'));
  const port = await closedPort();
  const log = join(folder, 'log');
  const config = join(folder, 'conf');
  await writeFile(
    config,
    `Port ${port}\nListen 127.0.0.1\nTimeout 600\nAllow 127.0.0.1\nBasicAuth ann secret\nLogFile "${log}"\nLogLevel Connect\n`,
  );
  await writeFile(log, '');
  const running = spawn('tinyproxy', ['-d', '-c', config], { stdio: 'ignore' });
  const ended = once(running, 'exit');
  const close = async (): Promise<void> => {
    running.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(port, running);
  } catch (error) {
    const said = await readFile(log, 'utf8');
    await close();
    throw new Error(`tinyproxy did not start: ${said}`, { cause: error });
  }
  return { port, log: () => readFile(log, 'utf8'), close };
}
