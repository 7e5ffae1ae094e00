// What the command line and programs need of single stages, without a host.

import type { Environment, HostSettingsInput } from '../host-settings.ts';
import { readHostSettings } from '../host-settings.ts';
import type { HostAddresses } from '../store/data-dir.ts';
import { findProjectRoot } from '../identity.ts';
import { findRunningHost } from '../store/data-dir.ts';

export { writeDefaultConfig } from '../config/default-config.ts';
export { parseRegistrationText } from '../config/parse-registered.ts';
export { createScrubber } from '../secrets/scrubber.ts';
export type { Scrubber } from '../secrets/scrubber.ts';

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
