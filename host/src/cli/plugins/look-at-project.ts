import { loadConfig } from '../../config/load-config.ts';
import type { HostConfig } from '../../config/host-config.ts';
import { HostConfigError } from '../../host-settings.ts';
import type { ConnectorsLock } from '../../plugins/lock/connectors-lock.ts';
import { readLock } from '../../plugins/lock/connectors-lock.ts';
import type { PluginMachine } from './plugin-machine.ts';
import type { LookedAt } from './look-at-plugins.ts';
import { lookAtPlugins } from './look-at-plugins.ts';

/** A project as it stands. */
export interface ProjectState {
  readonly config: HostConfig;
  readonly lock: ConnectorsLock | undefined;
  readonly looked: LookedAt;
  /** The same at a copy of it. */
  look(root: string): LookedAt;
}

/** Throws HostConfigError where the configuration or the lock is broken. */
export async function lookAtProject(
  machine: Pick<PluginMachine, 'projectDir' | 'settings' | 'env' | 'hostVersion'>,
): Promise<ProjectState> {
  const { projectDir, settings, env, hostVersion } = machine;
  const { configPath, healthIntervalMs } = settings;
  const loaded = await loadConfig({ cwd: projectDir, configPath, env, defaults: { healthIntervalMs } });
  const reading = readLock(projectDir);
  const problems = [...(loaded.ok ? [] : loaded.problems), ...(reading.kind === 'faulty' ? reading.problems : [])];
  if (!loaded.ok || problems.length > 0) throw new HostConfigError(problems);
  const { config } = loaded;
  const look = (root: string): LookedAt => lookAtPlugins(root, config.plugins, hostVersion);
  return { config, lock: reading.kind === 'read' ? reading.lock : undefined, looked: look(projectDir), look };
}
