import type { Environment, HostSettingsInput } from '../host-settings.ts';
import { readHostSettings } from '../host-settings.ts';
import { findProjectRoot } from '../identity.ts';
import type { HostAddresses } from './data-dir.ts';
import { findRunningHost } from './data-dir.ts';

export interface LocateOptions {
  /** Where the project is looked for, upwards. */
  readonly cwd: string;
  readonly env: Environment;
  readonly flags?: HostSettingsInput;
}

/**
 * Where the host listens that runs on this project's data directory; undefined when none does.
 *
 * @throws HostConfigError where flags or environment are wrong
 */
export async function locateHost({ cwd, env, flags = {} }: LocateOptions): Promise<HostAddresses | undefined> {
  const projectDir = await findProjectRoot(cwd);
  return findRunningHost(readHostSettings({ flags, env, projectDir, terminal: false }).dataDir);
}
