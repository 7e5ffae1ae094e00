import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Stats } from 'node:fs';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostConfig } from '../../config/host-config.ts';
import type { Environment, HostSettings } from '../../host-settings.ts';
import { findPackageManager } from '../../plugins/install/package-manager.ts';
import { explainListening } from '../../transports/listen-error.ts';
import type { Walls } from '../../runtime/bodies/walls.ts';
import type { Finding } from './finding.ts';
import { openMasterKeys } from '../../secrets/master-key.ts';
import { openSecretVault } from '../../secrets/secret-vault.ts';
import { DATABASE_FILE } from '../../store/data-dir.ts';
import { openStores } from '../../store/open-stores.ts';
import type { Stores } from '../../store/stores.ts';
import { createScrubber } from '../../secrets/scrubber.ts';
import { openSecrets, shortSecrets } from '../../secrets/open-secrets.ts';

/** How long a package manager may take to say its version, in milliseconds. */
const PATIENCE_MS = 5_000;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 16)
    ? { check: 'Node.js', state: 'ok', message: version }
    : { check: 'Node.js', state: 'failed', message: version, remedy: 'install 24.16 or newer' };
}

/** What the isolation level `restricted` is made of, wall by wall. One that is missing matters to those who use that level. */
export function checkWalls(walls: Walls): readonly Finding[] {
  const { nodeVersion, permissionModel, refusesNetwork, setpriv, prlimit } = walls;
  const network = refusesNetwork
    ? `Node.js ${nodeVersion} refuses it`
    : walls.emptyNetwork === undefined
      ? undefined
      : `Node.js ${nodeVersion} cannot refuse it; a namespace gives a connector an empty one`;
  const wall = (what: string, present: string | undefined, absent: string, remedy: string): Finding => ({
    check: `wall: ${what}`,
    ...(present === undefined
      ? { state: 'warning', message: `absent: ${absent}`, remedy }
      : { state: 'ok', message: present }),
  });
  const util = 'install util-linux, on Linux';
  return [
    wall(
      'permission model',
      permissionModel ? `Node.js ${nodeVersion} has it` : undefined,
      'no connector can be restricted',
      'run Node.js 24.16 or newer',
    ),
    wall(
      'network',
      network,
      `Node.js ${nodeVersion} cannot refuse it and the system has no namespaces for us, so that only the host's own code in a restricted connector's process closes sockets, and names are looked up all the same`,
      'run Node.js 26, or allow user namespaces (unshare --user --net)',
    ),
    wall('privileges', setpriv, 'a program that a connector starts may gain some', util),
    wall('end with the host', setpriv, 'a connector in a process that spins outlives a host that is killed', util),
    wall(
      'memory, descriptors and core dumps',
      prlimit,
      'memory is bounded by looking at it alone, the others not',
      util,
    ),
  ];
}

/** Plugins come by the package manager of the project, and by no other. A host runs without it, so its absence stops nothing. */
export async function checkInstaller(env: Environment, projectDir: string): Promise<Finding> {
  const found = findPackageManager(projectDir);
  if (!found.ok)
    return {
      check: 'package manager',
      state: 'warning',
      message: found.message,
      remedy: 'do what the message says before you add plugins',
    };
  const { name, version } = found.manager;
  try {
    const { stdout } = await promisify(execFile)(name, ['--version'], {
      cwd: projectDir,
      env: { ...env },
      timeout: PATIENCE_MS,
      shell: platform() === 'win32',
    });
    return { check: name, state: 'ok', message: stdout.trim() };
  } catch {
    const wanted = version === undefined ? name : `${name}@${version}`;
    return {
      check: name,
      state: 'warning',
      message: 'not found, and this project uses it',
      remedy: `install it with "npm install --global ${name === 'yarn' ? '@yarnpkg/cli-dist' : wanted}", or add no plugins from here`,
    };
  }
}

/** `usable`: a host can work there as it is. */
export function checkDataDir(directory: string): { readonly finding: Finding; readonly usable: boolean } {
  const check = 'data directory';
  let stats: Stats | undefined;
  try {
    stats = statSync(directory, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return {
      finding: {
        check,
        state: 'failed',
        message: `${directory} cannot be used by this user (${(error as NodeJS.ErrnoException).code})`,
        remedy: 'do this as the user that the host runs as, or name another with DATA_DIR',
      },
      usable: false,
    };
  }
  if (stats === undefined)
    return { finding: { check, state: 'ok', message: `${directory} will be made at the first start` }, usable: false };
  if (!stats.isDirectory()) {
    return {
      finding: {
        check,
        state: 'failed',
        message: `${directory} is not a directory`,
        remedy: 'remove it, or name another with DATA_DIR',
      },
      usable: false,
    };
  }
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) === 0) return { finding: { check, state: 'ok', message: directory }, usable: true };
  const message = `${directory} can be read by others (mode ${mode.toString(8)}) until the next start closes it`;
  return { finding: { check, state: 'warning', message, remedy: `run "chmod 700 ${directory}"` }, usable: false };
}

export async function checkPorts({ bindAddress, grpcPort, httpPort }: HostSettings): Promise<readonly Finding[]> {
  if (grpcPort !== 0 && grpcPort === httpPort) {
    return [
      {
        check: 'ports',
        state: 'failed',
        message: `gRPC and REST are both to listen on ${grpcPort}`,
        remedy: 'set GRPC_PORT and HTTP_PORT apart',
      },
    ];
  }
  return Promise.all([checkPort('GRPC_PORT', bindAddress, grpcPort), checkPort('HTTP_PORT', bindAddress, httpPort)]);
}

async function checkPort(check: string, address: string, port: number): Promise<Finding> {
  if (port === 0) return { check, state: 'ok', message: 'a free port will be picked' };
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    return { check, state: 'ok', message: `${address}:${port} is free` };
  } catch (error) {
    const { why, remedy } = explainListening(error, check);
    return { check, state: 'failed', message: `${address}:${port}: ${why}`, remedy };
  } finally {
    server.close();
  }
}

/** What is to be said of references and profiles of enabled connectors that resolve; values are not looked at. */
export async function checkProfiles(
  config: HostConfig,
  env: Environment,
  settings: Pick<HostSettings, 'secretsDir' | 'dataDir' | 'storeUrl' | 'masterKeyFile'>,
): Promise<readonly Finding[]> {
  const { dataDir, storeUrl, masterKeyFile: keyFile } = settings;
  let opened: Stores | undefined;
  try {
    // A database that is not there is not made to look into it.
    if (storeUrl !== undefined || existsSync(join(dataDir, DATABASE_FILE))) opened = await openStores(settings);
  } catch (error) {
    const remedy = 'do what the message says, and look again';
    return [{ check: 'secrets', state: 'failed', message: (error as Error).message, remedy }];
  }
  await using stores = opened;
  const vault = stores && openSecretVault(stores.secrets, openMasterKeys({ dataDir, keyFile }));
  const secrets = openSecrets({ env, settings, scrubber: createScrubber(), vault });
  const users = config.connectors.filter(({ config: { enabled } }) => enabled);
  const findings = await Promise.all(
    users.map(async ({ config: connector }): Promise<readonly Finding[]> => {
      const check = `secrets of ${connector.id}`;
      try {
        const short = shortSecrets(await secrets.resolve(connector, config.profiles.get(connector.profile ?? '')));
        if (short !== undefined) return [{ check, state: 'warning', message: short, remedy: 'use longer ones' }];
        return connector.profile === undefined
          ? []
          : [{ check, state: 'ok', message: `profile ${connector.profile} resolves` }];
      } catch {
        // The check of the connector says what cannot be read, and where it is written.
        return [];
      }
    }),
  );
  return findings.flat();
}
