// What the command line needs of single stages, without a host.

import type { HostSettingsInput, Environment } from '../host-settings.ts';
import { readHostSettings } from '../host-settings.ts';
import type { HostAddresses } from '../store/data-dir.ts';
import { findRunningHost } from '../store/data-dir.ts';

export { writeDefaultConfig } from '../config/default-config.ts';

export interface LocateOptions {
  readonly projectDir: string;
  readonly env: Environment;
  readonly flags: HostSettingsInput;
}

/**
 * Where the host listens that runs on this project's data directory; undefined when none does.
 *
 * @throws HostConfigError where flags or environment are wrong
 */
export function locateHost({ projectDir, env, flags }: LocateOptions): HostAddresses | undefined {
  return findRunningHost(readHostSettings({ flags, env, projectDir, terminal: false }).dataDir);
}
