import type { Environment, HostSettingsInput } from '../host-settings.ts';
import { readHostSettings } from '../host-settings.ts';
import { findProjectRoot } from '../identity.ts';
import type { HostAddresses } from './data-dir.ts';
import { callAddress, findRunningHost, hasLeftNote, isHeld } from './data-dir.ts';

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
  /** Which it is, for people who get no answer: `the host on /project/.automate (process 4711 on host-a)`. */
  readonly who: string;
}

/**
 * Where the host listens that runs on this project's data directory; undefined when none does.
 *
 * @throws HostConfigError where flags or environment are wrong
 * @throws UnavailableError where this user may not know
 */
export async function locateHost({ cwd, env, flags = {} }: LocateOptions): Promise<LocatedHost | undefined> {
  const projectDir = await findProjectRoot(cwd);
  const { dataDir } = readHostSettings({ flags, env, projectDir, terminal: false });
  const running = findRunningHost(dataDir);
  if (running === undefined) return undefined;
  const who = `the host on ${dataDir}${running.process === undefined ? '' : ` (${running.process})`}`;
  return { ...running, address: callAddress(running), who };
}

/** What there is of a host on a data directory. */
export interface FoundHost {
  readonly dataDir: string;
  /** Absent: none can be called there. */
  readonly running: LocatedHost | undefined;
  /** One holds the directory that is still starting, or ending. */
  readonly held: boolean;
  /** The last one was killed, or crashed. */
  readonly killed: boolean;
}

/**
 * Looks for the host that runs on this project's data directory, and for what is left of one that ran.
 *
 * @throws HostConfigError where flags or environment are wrong
 */
export async function lookForHost(options: LocateOptions): Promise<FoundHost> {
  const { env, flags = {} } = options;
  const projectDir = await findProjectRoot(options.cwd);
  const { dataDir } = readHostSettings({ flags, env, projectDir, terminal: false });
  const running = await locateHost(options);
  if (running !== undefined) return { dataDir, running, held: true, killed: false };
  const held = isHeld(dataDir);
  return { dataDir, running, held, killed: !held && hasLeftNote(dataDir) };
}

/** Why there is no host to call, without a full stop. */
export function describeNoHost({ dataDir, held, killed }: FoundHost): string {
  if (held) return `a host on ${dataDir} is starting or ending, and takes no calls`;
  return killed
    ? `no host is running in ${dataDir}, where the last one was killed or crashed; "automate start" starts it again`
    : `no host is running in ${dataDir}`;
}
