import type { Environment, HostSettingsInput } from '../host-settings.ts';
import { readHostSettings } from '../host-settings.ts';
import { findProjectRoot } from '../identity.ts';
import type { HostAddresses } from './data-dir.ts';
import { callAddress, findRunningHost, hasLeftNote } from './data-dir.ts';

export interface LocateOptions {
  /** Where the project is looked for, upwards. */
  readonly cwd: string;
  readonly env: Environment;
  readonly flags?: HostSettingsInput;
}

/** A host that runs, and what a program of its user calls. */
export interface LocatedHost extends HostAddresses {
  /** An address as `connect()` and `CONNECTORS_SERVICE_ADDR` take it. */
  readonly address: string;
}

/**
 * Where the host listens that runs on this project's data directory; undefined when none does.
 *
 * @throws HostConfigError where flags or environment are wrong
 */
export async function locateHost({ cwd, env, flags = {} }: LocateOptions): Promise<LocatedHost | undefined> {
  const projectDir = await findProjectRoot(cwd);
  const running = findRunningHost(readHostSettings({ flags, env, projectDir, terminal: false }).dataDir);
  return running === undefined ? undefined : { ...running, address: callAddress(running) };
}

/** What a command that finds no host has to say of its answers. */
export async function explainNoHost({ cwd, env, flags = {} }: LocateOptions): Promise<string> {
  const projectDir = await findProjectRoot(cwd);
  const { dataDir } = readHostSettings({ flags, env, projectDir, terminal: false });
  const killed = hasLeftNote(dataDir)
    ? ', where the last one was killed or crashed; "automate start" starts it again'
    : '';
  return `no host is running in ${dataDir}${killed}: worked in process, with the variables and secrets of this shell; nothing is checked in the background`;
}
